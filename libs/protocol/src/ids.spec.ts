import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  bodyHash,
  correlationIdOf,
  invocationIdFromKey,
  invocationIdFromParent,
  invocationIdFromSequence,
  invocationIdFromStream,
  randomId,
  randomInvocationId,
  spanIdOf,
} from './ids.js';

/** RFC 9562: version 8, variant 10. */
const UUID8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const part = fc.string({ unit: 'grapheme', maxLength: 12 });
const parts = fc.tuple(part, part, part, part);

describe('invocation ids', () => {
  it('are UUIDs of version 8, from whatever they are made', () => {
    fc.assert(
      fc.property(parts, fc.nat(), ([a, b, c, d], sequence) => {
        expect(invocationIdFromKey(a, b, c, d)).toMatch(UUID8);
        expect(invocationIdFromParent(a, b, c, d)).toMatch(UUID8);
        expect(invocationIdFromSequence(a, sequence, b)).toMatch(UUID8);
        expect(randomInvocationId()).toMatch(UUID8);
      }),
    );
  });

  it('derived — the same parts give the same id, other parts another', () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const same = one.every((text, at) => text === other[at]);
        expect(invocationIdFromKey(...one)).toBe(invocationIdFromKey(...one));
        expect(invocationIdFromKey(...one) === invocationIdFromKey(...other)).toBe(same);
        expect(invocationIdFromParent(...one) === invocationIdFromParent(...other)).toBe(same);
      }),
    );
  });

  it('derived — parts that run together to the same text give different ids', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'a1:'), minLength: 4, maxLength: 12 }),
        fc.array(fc.nat({ max: 12 }), { minLength: 3, maxLength: 3 }),
        fc.array(fc.nat({ max: 12 }), { minLength: 3, maxLength: 3 }),
        (text, cuts, otherCuts) => {
          const cut = (at: number[]) => {
            const [i = 0, j = 0, k = 0] = at.map((place) => Math.min(place, text.length)).sort((a, b) => a - b);
            return [text.slice(0, i), text.slice(i, j), text.slice(j, k), text.slice(k)] as const;
          };
          const [one, other] = [cut(cuts), cut(otherCuts)];
          fc.pre(one.some((piece, at) => piece !== other[at]));
          expect(invocationIdFromKey(...one)).not.toBe(invocationIdFromKey(...other));
        },
      ),
    );
  });

  it('derived — a key, a parent and a place in a stream never give the same id', () => {
    expect(invocationIdFromKey('a', 'b', 'c', 'd')).not.toBe(invocationIdFromParent('a', 'b', 'c', 'd'));
    expect(invocationIdFromKey('a', '1', 'b', '')).not.toBe(invocationIdFromSequence('a', 1, 'b'));
  });

  it('derived — stay what they are: stored invocations are found by them', () => {
    expect(invocationIdFromKey('shop', 'editor', 'copy-edit', 'order-1')).toBe('56fd986c-58ea-8376-b73a-47d942c0baa8');
    expect(invocationIdFromParent('shop', 'editor', 'copy-edit', 'order-1')).toBe(
      '1504ab8e-df38-88f4-9d3e-4b65a5ea807e',
    );
    expect(invocationIdFromSequence('ORC_REQUESTS', 7, '1700000000000000000')).toBe(
      'f61fa740-ac18-872b-a415-35cfea358dd4',
    );
    expect(invocationIdFromStream('me', 'editor', 'copy-edit', '0123456789abcdef0123456789abcdef')).toBe(
      '6e584fe8-950c-8dfd-982a-4e94d148e2c5',
    );
    expect(correlationIdOf('shop')).toBe('a60bbe943d63cbe5addcc814cbb804ca');
  });

  it('random — a thousand are a thousand', () => {
    expect(new Set(Array.from({ length: 1000 }, randomInvocationId)).size).toBe(1000);
  });
});

describe('correlation and trace ids', () => {
  it('randomId — 16 bytes in hex, never the same, over more than one pool', () => {
    const ids = Array.from({ length: 1000 }, randomId);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(ids).size).toBe(1000);
  });

  it('correlationIdOf — 16 bytes in hex that depend on the invocation alone', () => {
    fc.assert(
      fc.property(part, part, (one, other) => {
        expect(correlationIdOf(one)).toMatch(/^[0-9a-f]{32}$/);
        expect(correlationIdOf(one) === correlationIdOf(other)).toBe(one === other);
      }),
    );
  });

  it('spanIdOf — the last 8 bytes of the invocation id', () => {
    expect(spanIdOf('01234567-89ab-8cde-8f01-23456789abcd')).toBe('8f0123456789abcd');
    expect(spanIdOf(randomInvocationId())).toMatch(/^[89ab][0-9a-f]{15}$/);
  });
});

describe('bodyHash', () => {
  it('tells bodies apart', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        expect(bodyHash(one)).toMatch(/^[0-9a-f]{32}$/);
        expect(bodyHash(one) === bodyHash(other)).toBe(Buffer.compare(one, other) === 0);
      }),
    );
  });
});
