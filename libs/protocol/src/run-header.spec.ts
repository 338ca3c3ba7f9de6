import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRun, encodeRun } from './run-header.js';

describe('run header', () => {
  it('decodeRun — reads what encodeRun writes', () => {
    fc.assert(
      fc.property(
        fc.record({
          attempt: fc.nat({ max: 999_999_999 }),
          startedAtMs: fc.nat({ max: 4e14 }),
          endedAtMs: fc.nat({ max: 4e14 }),
          instance: fc.stringMatching(/^[a-z0-9-]{0,30}$/),
        }),
        (run) => {
          expect(decodeRun(encodeRun(run))).toEqual(run);
        },
      ),
    );
  });

  it.each([
    '',
    '1|2|3',
    '1|2|3|a|b',
    '|2|3|a',
    '-1|2|3|a',
    '1.5|2|3|a',
    '1|2|3|A',
    '1|2|3|a b',
    '1|2|3|a\n',
    '1e3|2|3|a',
    '1|NaN|3|a',
    '1234567890|2|3|a',
  ])('decodeRun — %j is none', (text) => {
    expect(decodeRun(text)).toBeUndefined();
  });

  it('decodeRun — never throws, and what it accepts is written as it was read', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'19|a-. '), maxLength: 20 }), (text) => {
        const run = decodeRun(text);
        if (run) expect(decodeRun(encodeRun(run))).toEqual(run);
      }),
    );
  });
});
