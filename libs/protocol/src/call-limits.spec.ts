import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CallLimits, formatCallLimits, parseCallLimits } from './call-limits.js';
import { Fault } from './fault.js';

const count = fc.option(fc.nat(), { nil: undefined });
const limits: fc.Arbitrary<CallLimits> = fc.record({
  ...{ depth: count, calls: count, width: count, reentry: count, wallMs: count, tokens: count },
  usd: fc.option(
    fc.nat({ max: 999_999_999 }).map((micro) => micro / 1_000_000),
    { nil: undefined },
  ),
});

function refusalOf(text: string): Fault {
  try {
    parseCallLimits(text);
  } catch (error) {
    if (Fault.is(error)) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}

describe('call limits', () => {
  it('parseCallLimits — reads what stands in the documentation', () => {
    expect(parseCallLimits('depth=4,calls=50,width=10,reentry=1,wall-ms=60000,tokens=10000,usd=0.50')).toEqual({
      ...{ depth: 4, calls: 50, width: 10, reentry: 1, wallMs: 60_000, tokens: 10_000, usd: 0.5 },
    });
    expect(parseCallLimits(' calls = 0 , usd = 0 ')).toEqual({ calls: 0, usd: 0 });
  });

  it('parseCallLimits — reads what formatCallLimits writes, exactly', () => {
    fc.assert(
      fc.property(limits, (one) => {
        const text = formatCallLimits(one);
        const named = Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined));
        expect(text === undefined ? {} : parseCallLimits(text)).toEqual(named);
      }),
    );
  });

  it.each([
    ['', /"" is not/],
    ['calls', /"calls" is not/],
    ['calls=', /calls must be a whole number.*not ""/],
    ['call=3', /"call=3" is not .*depth, calls, width/],
    ['calls=-1', /calls must be a whole number/],
    ['calls=1.5', /calls must be a whole number/],
    ['calls=1e3', /calls must be a whole number/],
    ['calls=unlimited', /calls must be a whole number/],
    ['calls=1,calls=2', /calls stands there twice/],
    ['depth=4,', /"" is not/],
    ['depth=4;calls=3', /depth must be/],
    ['usd=1.0000001', /usd must be an amount/],
    ['usd=$1', /usd must be an amount/],
    ['wallMs=3', /"wallMs=3" is not/],
    ['__proto__=1', /is not/],
    ['tokens=99999999999999', /at most 12 digits/],
  ])('parseCallLimits — "%s" is refused, naming what is wrong', (text, message) => {
    expect(refusalOf(text)).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message),
      details: { header: 'orc-limits' },
    });
  });

  it('parseCallLimits — throws nothing but invalid-argument, and never reads a limit as none', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('calls=', 'usd=', '0', '1', '.', ',', '=', 'NaN', 'Infinity'));
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
        (text) => {
          try {
            const read = Object.values(parseCallLimits(text));
            expect(read.length).toBeGreaterThan(0);
            for (const value of read) expect(Number.isFinite(value) && value >= 0).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid-argument' });
          }
        },
      ),
    );
  });

  it.each([{ calls: -1 }, { calls: 1.5 }, { usd: Number.NaN }, { tokens: Number.POSITIVE_INFINITY }])(
    'formatCallLimits — %j is refused',
    (bad) => {
      expect(() => formatCallLimits(bad)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    },
  );
});
