import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CallContext } from './call-context.js';
import { type ContextKey, ContextSigner, parseContextKeys, receiptFromToken } from './context-signature.js';

function contextWith(changes: Partial<CallContext>): CallContext {
  return {
    correlation: '0af7651916cd43dd8448eb211c80319c',
    invocation: '01234567-89ab-8cde-8f01-23456789abcd',
    parent: undefined,
    mode: 'sync',
    durableTree: false,
    depth: 1,
    maxDepth: 16,
    admittedAtMs: 1_700_000_000_000,
    deadlineMs: 1_700_000_030_000,
    caller: 'shop',
    onBehalfOf: 'shop',
    plugin: 'editor',
    version: '1.0.0',
    capability: 'copy-edit',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    remoteSpan: undefined,
    sampled: true,
    attempt: 1,
    maxAttempts: 3,
    bounds: {
      reentry: 0,
      width: 100,
      budgets: [{ id: 's8f0123456789abcd', calls: 1_000, tokens: undefined, microUsd: undefined }],
    },
    ancestry: ['editor.copy-edit'],
    ...changes,
  };
}

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const context = fc
  .record({
    plugin: name,
    caller: name,
    depth: fc.nat({ max: 99 }),
    deadlineMs: fc.nat({ max: 4e12 }),
    mode: fc.constantFrom('sync', 'durable'),
  } as const)
  .map(contextWith);

const key = (id: string, byte: number): ContextKey => ({ id, secret: Buffer.alloc(32, byte) });
const older = key('k1', 1);
const newer = key('k2', 2);
const signer = new ContextSigner([newer, older]);
const refused = expect.objectContaining({ code: 'unauthenticated' });

/** Characters of a token, and some that stand in none. */
const character = fc.constantFrom(...'abcxyzABC0189-_.|>+/= ');

describe('ContextSigner', () => {
  it('verify — reads what sign writes', () => {
    fc.assert(
      fc.property(context, (one) => {
        expect(signer.verify(signer.sign(one))).toEqual(one);
      }),
    );
  });

  it('verify — refuses a token with any one character changed, dropped or added', () => {
    fc.assert(
      fc.property(context, fc.nat(), character, (one, place, other) => {
        const token = signer.sign(one);
        const at = place % token.length;
        fc.pre(token[at] !== other);
        const changed = `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
        const added = `${token.slice(0, at)}${other}${token.slice(at)}`;
        const dropped = `${token.slice(0, at)}${token.slice(at + 1)}`;
        for (const altered of [changed, added, dropped]) expect(() => signer.verify(altered)).toThrow(refused);
      }),
      { numRuns: 500 },
    );
  });

  it('verify — refuses every single-bit change of every character of a token', () => {
    const token = signer.sign(contextWith({}));
    for (let at = 0; at < token.length; at++) {
      for (let bit = 0; bit < 7; bit++) {
        const altered = String.fromCharCode(token.charCodeAt(at) ^ (1 << bit));
        expect(() => signer.verify(token.slice(0, at) + altered + token.slice(at + 1))).toThrow(refused);
      }
    }
  });

  it('verify — refuses a token cut anywhere', () => {
    const token = signer.sign(contextWith({}));
    for (let end = 0; end < token.length; end++) {
      expect(() => signer.verify(token.slice(0, end))).toThrow(refused);
      expect(() => signer.verify(token.slice(end + 1))).toThrow(refused);
    }
  });

  it('verify — refuses the beginning of one token with the end of another, wherever they are joined', () => {
    fc.assert(
      fc.property(context, context, fc.nat(), fc.nat(), (one, other, cut, otherCut) => {
        const [a, b] = [signer.sign(one), signer.sign(other)];
        const spliced = a.slice(0, cut % (a.length + 1)) + b.slice(otherCut % (b.length + 1));
        fc.pre(spliced !== a && spliced !== b);
        expect(() => signer.verify(spliced)).toThrow(refused);
      }),
      { numRuns: 500 },
    );
  });

  it('verify — refuses the context of one token under the signature of another', () => {
    fc.assert(
      fc.property(context, context, (one, other) => {
        const a = signer.sign(one).split('|');
        const b = signer.sign(other).split('|');
        fc.pre(a.join() !== b.join());
        expect(() => signer.verify([...a.slice(0, -1), b.at(-1)].join('|'))).toThrow(refused);
        for (let at = 0; at < a.length - 1; at++) {
          const mixed = a.with(at, b[at] as string).join('|');
          if (mixed !== a.join('|')) expect(() => signer.verify(mixed)).toThrow(refused);
        }
      }),
    );
  });

  it('verify — refuses any text that was never signed', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.string(), { maxLength: 22 }).map((f) => f.join('|')),
        ),
        (text) => {
          expect(() => signer.verify(text)).toThrow(refused);
          expect(() => signer.verifyReceipt(text)).toThrow(refused);
        },
      ),
    );
    for (const id of ['k1', 'k2']) expect(() => signer.verify(`${id}|`)).toThrow(refused);
  });

  it('key rotation — the newest key signs, older ones still verify, a dropped one no longer', () => {
    const before = new ContextSigner([older]);
    const after = new ContextSigner([newer]);
    fc.assert(
      fc.property(context, (one) => {
        const old = before.sign(one);
        const token = signer.sign(one);
        expect(token.split('|').at(-2)).toBe('k2');
        expect(signer.verify(old)).toEqual(one);
        expect(after.verify(token)).toEqual(one);
        expect(() => after.verify(old)).toThrow(refused);
        expect(() => before.verify(token)).toThrow(refused);
      }),
    );
  });

  it('keys — the same id with another secret verifies nothing, and the key id itself is signed', () => {
    const impostor = new ContextSigner([key('k2', 9)]);
    const twins = new ContextSigner([key('a', 7), key('b', 7)]);
    const token = twins.sign(contextWith({}));
    expect(() => signer.verify(impostor.sign(contextWith({})))).toThrow(refused);
    expect(() => twins.verify(token.replace('|a|', '|b|'))).toThrow(refused);
  });

  it('new — without a key is a fault', () => {
    expect(() => new ContextSigner([])).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

describe('receipts', () => {
  it('verifyReceipt — reads the context of the token that the receipt was made from, by any of the keys', () => {
    const before = new ContextSigner([older]);
    fc.assert(
      fc.property(context, (one) => {
        expect(signer.verifyReceipt(receiptFromToken(signer.sign(one)))).toEqual(one);
        expect(signer.verifyReceipt(receiptFromToken(before.sign(one)))).toEqual(one);
      }),
    );
  });

  it('a receipt is no token, a token no receipt, and a receipt of a receipt neither', () => {
    fc.assert(
      fc.property(context, (one) => {
        const token = signer.sign(one);
        const receipt = receiptFromToken(token);
        expect(() => signer.verify(receipt)).toThrow(refused);
        expect(() => signer.verifyReceipt(token)).toThrow(refused);
        expect(() => signer.verifyReceipt(receiptFromToken(receipt))).toThrow(refused);
        expect(() => signer.verify(receiptFromToken(receipt))).toThrow(refused);
      }),
    );
  });

  it('verifyReceipt — refuses a receipt with any one character changed', () => {
    fc.assert(
      fc.property(context, fc.nat(), character, (one, place, other) => {
        const receipt = receiptFromToken(signer.sign(one));
        const at = place % receipt.length;
        fc.pre(receipt[at] !== other);
        const altered = `${receipt.slice(0, at)}${other}${receipt.slice(at + 1)}`;
        expect(() => signer.verifyReceipt(altered)).toThrow(refused);
      }),
    );
  });

  it('receiptFromToken — holds nothing of the signature', () => {
    const token = signer.sign(contextWith({}));
    expect(receiptFromToken(token)).not.toContain(token.split('|').at(-1));
  });
});

describe('parseContextKeys', () => {
  const secret = fc.uint8Array({ minLength: 32, maxLength: 64 }).map((bytes) => Buffer.from(bytes));

  it('reads ids and secrets in their order, in hex or base64url, with space around them', () => {
    fc.assert(
      fc.property(secret, secret, (one, other) => {
        // base64url text that reads as hex would be taken for hex
        fc.pre(!/^([0-9a-f]{2})+$/.test(other.toString('base64url')));
        const keys = parseContextKeys(`k1:${one.toString('hex')}, k-2:${other.toString('base64url')} `);
        expect(keys).toEqual([
          { id: 'k1', secret: one },
          { id: 'k-2', secret: other },
        ]);
      }),
    );
  });

  it('what it reads signs and verifies, whatever the number of keys', () => {
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), context, (secrets, one) => {
        const text = secrets.map((bytes, at) => `k${at}:${bytes.toString('hex')}`).join(',');
        const made = new ContextSigner(parseContextKeys(text));
        expect(made.verify(made.sign(one))).toEqual(one);
      }),
    );
  });

  const hex = '5a'.repeat(32);

  it.each([
    ['nothing', ''],
    ['no secret', 'k1'],
    ['an empty secret', 'k1:'],
    ['no id', `:${hex}`],
    ['an id in upper case', `K1:${hex}`],
    ['too long an id', `${'k'.repeat(33)}:${hex}`],
    ['31 bytes', `k1:${'5a'.repeat(31)}`],
    ['characters that are neither hex nor base64', `k1:${'ä!'.repeat(10)}${hex}`],
    ['something after the secret', `k1:${hex}:more`],
    ['an empty entry', `k1:${hex},`],
    ['the same id twice', `k1:${hex},k1:${'6b'.repeat(32)}`],
  ])('refuses %s', (_what, text) => {
    expect(() => parseContextKeys(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('never tells a secret in its message', () => {
    const short = Buffer.from('a secret too short').toString('hex');
    expect(() => parseContextKeys(`k1:${short}`)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(short) }),
    );
  });
});
