import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteBudget, type GiveBack } from './byte-budget.js';

const never = new AbortController().signal;
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Asks for each amount, and tells which have been given. */
function askFor(budget: ByteBudget, amounts: readonly number[]) {
  const given = new Map<number, GiveBack>();
  for (const [n, bytes] of amounts.entries()) void budget.take(bytes, never).then((giveBack) => given.set(n, giveBack));
  return given;
}

describe('ByteBudget', () => {
  it('gives what fits, in order; a smaller one does not overtake', async () => {
    const given = askFor(new ByteBudget(10), [6, 5, 4, 1]);
    await settled();
    expect([...given.keys()]).toEqual([0]);
    given.get(0)?.();
    await settled();
    expect([...given.keys()]).toEqual([0, 1, 2, 3]);
  });

  it('gives more than there is only alone, and takes nothing back twice', async () => {
    const given = askFor(new ByteBudget(10), [3, 50, 3, 8]);
    await settled();
    expect([...given.keys()]).toEqual([0]);
    given.get(0)?.();
    given.get(0)?.();
    await settled();
    expect([...given.keys()]).toEqual([0, 1]);
    given.get(1)?.();
    await settled();
    expect([...given.keys()]).toEqual([0, 1, 2]);
  });

  it('whoever gives up waiting makes room for those behind', async () => {
    const budget = new ByteBudget(10);
    const given = askFor(budget, [6]);
    const abort = new AbortController();
    const first = budget.take(8, abort.signal);
    const second = budget.take(4, never);
    abort.abort(new Error('too late'));
    await expect(first).rejects.toThrow('too late');
    expect(typeof (await second)).toBe('function');
    await expect(budget.take(1, abort.signal)).rejects.toThrow('too late');
    expect(given.size).toBe(1);
  });

  it('never gives more than there is, and in the end gives everything', async () => {
    const amounts = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(amounts, fc.nat(), async (asked, seed) => {
        const given = askFor(new ByteBudget(10), asked);
        const done = new Set<number>();
        while (done.size < asked.length) {
          await settled();
          const out = [...given.keys()].filter((n) => !done.has(n));
          const bytes = out.reduce((sum, n) => sum + (asked[n] ?? 0), 0);
          expect(out.filter((n) => (asked[n] ?? 0) > 0).length <= 1 || bytes <= 10).toBe(true);
          const one = out[seed % out.length] as number;
          given.get(one)?.();
          done.add(one);
        }
      }),
      { numRuns: 30 },
    );
  });
});
