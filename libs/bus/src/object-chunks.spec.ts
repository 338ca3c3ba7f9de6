import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chunksOf } from './object-chunks.js';

const size = fc.integer({ min: 4, max: 20 });

describe('chunksOf', () => {
  it('gives the bytes of a text in UTF-8, whatever characters stand where it is cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), size, (text, maxBytes) => {
        expect(Buffer.concat([...chunksOf(text, maxBytes)])).toEqual(Buffer.from(text));
      }),
    );
    expect(Buffer.concat([...chunksOf('a😀😀é€', 4)]).toString()).toBe('a😀😀é€');
  });

  it('gives the bytes of a value, none of its chunks larger than asked for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), size, (value, maxBytes) => {
        const chunks = [...chunksOf(value, maxBytes)];
        expect(Buffer.concat(chunks)).toEqual(Buffer.from(value));
        for (const chunk of chunks.slice(0, -1)) expect(chunk).toHaveLength(maxBytes);
      }),
    );
  });

  it('fills the chunks of a text but for a character that does not fit any more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), size, (text, maxBytes) => {
        for (const chunk of [...chunksOf(text, maxBytes)].slice(0, -1)) {
          expect(chunk.length).toBeLessThanOrEqual(maxBytes);
          expect(chunk.length).toBeGreaterThan(maxBytes - 4);
        }
      }),
    );
  });

  it('nothing has no chunk', () => {
    expect([...chunksOf('', 8)]).toEqual([]);
    expect([...chunksOf(new Uint8Array(), 8)]).toEqual([]);
  });
});
