import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeDataRef, hashOfBody, inlineLimit, parseDataRef, sizeOfBody, tooLargeFault } from './data-ref.js';
import { HEADERS, parseRequestHeaders } from './headers.js';
import { LIMITS } from './limits.js';

const GOOD = `/objects/0123456789abcdef?size=5&sha256=${'ab'.repeat(32)}`;

const refs = fc.record({
  object: fc.stringMatching(/^[A-Za-z0-9_-]{16,64}$/),
  bytes: fc.nat({ max: 999_999_999_999_999 }),
  sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
});

describe('a data reference', () => {
  it('is read as it was written, and can stand in a header', () => {
    fc.assert(
      fc.property(refs, (ref) => {
        const text = encodeDataRef(ref);
        expect(text).toMatch(/^[\x21-\x7e]+$/);
        expect(parseDataRef(text)).toEqual(ref);
        expect(parseRequestHeaders((name) => (name === HEADERS.dataRef ? text : undefined)).dataRef).toEqual(ref);
      }),
    );
  });

  it.each([
    'x',
    `${GOOD} `,
    `https://example.com${GOOD}`,
    GOOD.replace('0123456789abcdef', 'short'),
    GOOD.replace('0123456789abcdef', '0123456789abcde*'),
    GOOD.replace('0123456789abcdef', '0123456789abcde.'),
    GOOD.replace('0123456789abcdef', 'a'.repeat(65)),
    GOOD.replace('size=5', 'size=-5'),
    GOOD.replace('size=5', 'size=05'),
    GOOD.replace('size=5', 'size=1e3'),
    GOOD.replace('size=5', 'size='),
    GOOD.replace('size=5', `size=${'9'.repeat(16)}`),
    GOOD.replace('abab', 'ABAB'),
    GOOD.replace('abab', 'ab'),
    GOOD.replace('&', ';'),
    `${GOOD}&sha256=${'ab'.repeat(32)}`,
  ])('is not %s', (text) => {
    expect(parseDataRef(text)).toBeUndefined();
    expect(() => parseRequestHeaders((name) => (name === HEADERS.dataRef ? text : undefined))).toThrow(
      expect.objectContaining({ code: 'invalid-argument', details: { header: HEADERS.dataRef } }),
    );
  });
});

describe('a body', () => {
  it('has the same hash and size, whether it travels or lies in the object store', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        const sha256 = createHash('sha256').update(data).digest('hex');
        const dataRef = { object: '0123456789abcdef', bytes: data.length, sha256 };
        const there = { data: new Uint8Array(), dataRef };
        expect(hashOfBody(there)).toBe(hashOfBody({ data }));
        expect(sizeOfBody(there)).toBe(sizeOfBody({ data }));
      }),
    );
  });

  it('travels in a message as long as it leaves room for what the choreographer adds', () => {
    expect(inlineLimit(1024 * 1024)).toBe(LIMITS.inlineBytes);
    expect(inlineLimit(256 * 1024)).toBe(256 * 1024 - LIMITS.headroomBytes);
    expect(inlineLimit(LIMITS.headroomBytes)).toBe(0);
    expect(inlineLimit(1_000)).toBe(0);
  });

  it('that is too large is the fault of whoever sent it', () => {
    expect(tooLargeFault('arguments', 6, 5)).toMatchObject({
      code: 'invalid-argument',
      message: 'The arguments are 6 bytes; the limit is 5.',
      details: { bytes: 6, maxBytes: 5 },
    });
    expect(tooLargeFault('result', 6, 5)).toMatchObject({ code: 'failed' });
  });
});
