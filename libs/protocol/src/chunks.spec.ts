import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeChunkHeader, encodeChunkHeader, parseChunkRead } from './chunks.js';

const count = fc.nat({ max: 999_999_999 });

describe('the orc-chunk header', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.record({ attempt: count, sequence: count, isEnd: fc.boolean() }), (header) => {
        expect(decodeChunkHeader(encodeChunkHeader(header))).toEqual(header);
      }),
    );
    expect(encodeChunkHeader({ attempt: 2, sequence: 17, isEnd: false })).toBe('2|17');
    expect(encodeChunkHeader({ attempt: 2, sequence: 17, isEnd: true })).toBe('2|17|end');
  });

  it.each(['', '1', '1|', '|1', '1|-1', '1|1|', '1|1|End', '1|1|end|', ' 1|1', '1|1e3', '1|9999999999'])(
    'refuses %j',
    (text) => expect(decodeChunkHeader(text)).toBeUndefined(),
  );
});

describe('parseChunkRead', () => {
  it('takes what a reader has done with and what it wants; what it does not say is nothing', () => {
    expect(parseChunkRead('{"acknowledged":3,"from":40,"batch":32}')).toEqual({
      acknowledged: 3,
      from: 40,
      batch: 32,
    });
    expect(parseChunkRead('{"acknowledged":3}')).toEqual({ acknowledged: 3, from: 1, batch: 0 });
    expect(parseChunkRead('{"left":true}')).toEqual({ acknowledged: undefined, from: 1, batch: 0 });
  });

  it('takes nothing else, whatever it is', () => {
    const wrong = ['', 'null', '3', '[]', '{}', '{"acknowledged":-1}', '{"acknowledged":1.5}', '{"acknowledged":"3"}'];
    for (const text of [...wrong, '{"left":false}', '{"acknowledged":1,"batch":-1}', '{"acknowledged":1,"from":null}'])
      expect(parseChunkRead(text)).toBeUndefined();
    fc.assert(fc.property(fc.json(), (text) => void parseChunkRead(text)));
  });
});
