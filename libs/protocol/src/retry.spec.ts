import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FAULTS, Fault, type FaultCode } from './fault.js';
import { type RetryPolicy, retryDelayMs } from './retry.js';

const policy: fc.Arbitrary<RetryPolicy> = fc.record({
  attempts: fc.integer({ min: 1, max: 100 }),
  backoffMs: fc.integer({ min: 0, max: 1e6 }),
  maxBackoffMs: fc.integer({ min: 0, max: 1e8 }),
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const attempt = fc.integer({ min: 1, max: 100 });
const failed = (details?: Record<string, unknown>) => new Fault('failed', 'no', details);

describe('retryDelayMs', () => {
  it('there is a next attempt if the fault may pass and attempts are left, and else not', () => {
    const code = fc.constantFrom(...(Object.keys(FAULTS) as FaultCode[]));
    fc.assert(
      fc.property(policy, attempt, code, random, (some, tried, which, chance) => {
        const again = retryDelayMs(some, tried, new Fault(which, 'no'), chance) !== undefined;
        expect(again).toBe(FAULTS[which].retryable && tried < some.attempts);
      }),
    );
  });

  it('the delay stays below a bound that doubles, and takes any value below it', () => {
    const some = { attempts: 10, backoffMs: 100, maxBackoffMs: 500 };
    const delays = [1, 2, 3, 4, 9].map((tried) =>
      [0, 0.5, 0.999].map((chance) => retryDelayMs(some, tried, failed(), chance)),
    );
    expect(delays).toEqual([
      [0, 50, 99],
      [0, 100, 199],
      [0, 200, 399],
      [0, 250, 499],
      [0, 250, 499],
    ]);
  });

  it('waits as long as the fault asks for, whatever the policy says', () => {
    fc.assert(
      fc.property(policy, random, fc.nat({ max: 1e9 }), (some, chance, retryAfterMs) => {
        const delay = retryDelayMs({ ...some, attempts: 2 }, 1, failed({ retryAfterMs }), chance);
        expect(delay).toBeGreaterThanOrEqual(retryAfterMs);
      }),
    );
    for (const odd of ['soon', Number.NaN, Number.POSITIVE_INFINITY, null, -5]) {
      expect(retryDelayMs({ attempts: 2, backoffMs: 0, maxBackoffMs: 0 }, 1, failed({ retryAfterMs: odd }), 0)).toBe(0);
    }
  });
});
