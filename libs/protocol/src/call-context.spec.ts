import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CallContext, decodeContext, encodeContext, readContextToken } from './call-context.js';
import { ContextSigner } from './context-signature.js';
import { Fault } from './fault.js';

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?$/);
const id = hex(32).map((text) => `${text.slice(0, 8)}-${text.slice(8, 20)}-${text.slice(20)}`);
const timeMs = fc.nat({ max: 4e12 });

const count = fc.option(fc.nat(), { nil: undefined });
const budget = fc.record({
  id: fc.tuple(fc.constantFrom('s', 'l'), hex(16)).map((parts) => parts.join('')),
  calls: count,
  tokens: count,
  microUsd: count,
});
const bounds = fc
  .record({
    reentry: fc.nat(),
    width: fc.oneof(fc.constant(100), fc.nat()),
    budgets: fc.tuple(
      budget.map((root) => ({ ...root, calls: root.calls ?? 1_000 })),
      fc.array(budget, { maxLength: 4 }),
    ),
  })
  .map((one) => ({ ...one, budgets: one.budgets.flat() }));

const context: fc.Arbitrary<CallContext> = fc
  .record({
    correlation: hex(32),
    invocation: id,
    parent: fc.option(id, { nil: undefined }),
    mode: fc.constantFrom('sync', 'durable'),
    durableTree: fc.boolean(),
    depth: fc.nat(),
    maxDepth: fc.nat(),
    admittedAtMs: timeMs,
    deadlineMs: timeMs,
    caller: name,
    onBehalfOf: name,
    plugin: name,
    version: fc.stringMatching(/^\d{1,2}\.\d{1,2}\.\d{1,2}(-[0-9A-Za-z.-]{1,8})?$/),
    capability: name,
    traceId: hex(32),
    remoteSpan: fc.option(hex(16), { nil: undefined }),
    sampled: fc.boolean(),
    sticky: fc.constantFrom(true as const, undefined),
    attempt: fc.nat(),
    maxAttempts: fc.nat(),
    bounds,
    ancestry: fc.array(
      fc.tuple(name, name).map(([plugin, capability]) => `${plugin}.${capability}`),
      { minLength: 1, maxLength: 16 },
    ),
  } as const)
  .chain((one) => fc.constantFrom(one, { ...one, traceId: one.correlation }));

const unreadable = expect.objectContaining({ code: 'unauthenticated' });

describe('call context', () => {
  it('decodeContext — reads what encodeContext writes', () => {
    fc.assert(
      fc.property(context, (one) => {
        expect(decodeContext(encodeContext(one))).toEqual(one);
      }),
    );
  });

  it('encodeContext — is one header value: printable, one line', () => {
    fc.assert(
      fc.property(context, (one) => {
        expect(encodeContext(one)).toMatch(/^[!-~]+$/);
      }),
    );
  });

  it('readContextToken — reads the context of a signed token', () => {
    const signer = new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 1) }]);
    fc.assert(
      fc.property(context, (one) => {
        expect(readContextToken(signer.sign(one))).toEqual(one);
      }),
    );
  });

  it('decodeContext — a missing or an additional field is unauthenticated', () => {
    fc.assert(
      fc.property(context, fc.nat({ max: 20 }), (one, at) => {
        const fields = encodeContext(one).split('|');
        expect(() => decodeContext(fields.toSpliced(at, 1).join('|'))).toThrow(unreadable);
        expect(() => decodeContext(fields.toSpliced(at, 0, '').join('|'))).toThrow(unreadable);
      }),
    );
  });

  it('decodeContext — an unknown mode, and what should be a number and is none, are unauthenticated', () => {
    fc.assert(
      fc.property(
        context,
        fc.constantFrom(4, 5, 6, 7, 8, 9),
        fc.constantFrom('', 'x', 'NaN', 'Infinity', '1e999', '1,5'),
        (one, at, text) => {
          const fields = encodeContext(one).split('|').with(at, text);
          expect(() => decodeContext(fields.join('|'))).toThrow(unreadable);
        },
      ),
    );
  });

  it.each([
    '',
    's8f0123456789abcd',
    ';',
    ';x8f0123456789abcd',
    ';s8f0123456789abcd;',
    ';s8f0123456789abcdc',
    'w;s8f0123456789abcd',
  ])('decodeContext — "%s" as its bounds is unauthenticated', (text) => {
    fc.assert(
      fc.property(context, (one) => {
        const fields = encodeContext(one).split('|').with(19, text);
        expect(() => decodeContext(fields.join('|'))).toThrow(unreadable);
      }),
      { numRuns: 5 },
    );
  });

  it('encodeContext — bounds that nobody has narrowed take 18 characters', () => {
    const budgets = [{ id: 's8f0123456789abcd', calls: 1_000, tokens: undefined, microUsd: undefined }];
    fc.assert(
      fc.property(context, (one) => {
        const plain = { ...one, bounds: { reentry: 0, width: 100, budgets } };
        expect(encodeContext(plain).split('|')[19]).toBe(';s8f0123456789abcd');
      }),
    );
  });

  it('decodeContext — another format is unauthenticated', () => {
    fc.assert(
      fc.property(context, fc.constantFrom('', '0', '1', '2', '33'), (one, format) => {
        expect(() => decodeContext(encodeContext(one).replace(/^3/, format))).toThrow(unreadable);
      }),
    );
  });

  it('decodeContext, readContextToken — throw nothing but faults', () => {
    const pieces = fc.array(fc.oneof(fc.string(), fc.constantFrom('1', 's', 'd', '|')), { maxLength: 24 });
    fc.assert(
      fc.property(pieces, fc.constantFrom('|', ''), (some, separator) => {
        for (const read of [decodeContext, readContextToken]) {
          try {
            read(some.join(separator));
          } catch (error) {
            expect(Fault.is(error)).toBe(true);
          }
        }
      }),
    );
  });
});
