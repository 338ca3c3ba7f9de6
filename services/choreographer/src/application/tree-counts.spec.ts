import { describe, expect, it } from '@jest/globals';
import { type Budget, type CallContext, type CounterName, Fault, randomInvocationId } from '@orchestrator/protocol';
import fc from 'fast-check';
import { type SharedCounters, TreeCounts } from './tree-counts.js';

const NOW = Date.now();

/** An invocation that calls: of the tree whose budgets these are. */
function caller(width: number, budgets: readonly Partial<Budget>[]): CallContext {
  const none = { calls: undefined, tokens: undefined, microUsd: undefined };
  return {
    invocation: randomInvocationId(),
    admittedAtMs: NOW,
    deadlineMs: NOW + 3_600_000,
    bounds: { reentry: 0, width, budgets: budgets.map((one, n) => ({ id: `s000000000000000${n}`, ...none, ...one })) },
  } as unknown as CallContext;
}

type Fate = 'counted' | 'late' | 'lost' | 'unanswered';

/** The counters of a server: whatever happens to a message on its way there or back, it adds each once, in some order. */
class ModelServer {
  readonly sums = new Map<string, number>();
  additions = 0;

  /** As one replica reaches it. */
  reachedBy(scheduler: fc.Scheduler, nextFate: () => Fate): SharedCounters {
    return {
      add: async (counter, amount) => {
        const fate = nextFate();
        await scheduler.schedule(Promise.resolve(), 'there');
        if (fate === 'lost') throw new Fault('unavailable', 'lost');
        if (fate === 'late') {
          void scheduler.schedule(Promise.resolve(), 'late').then(() => this.#add(counter, amount));
          throw new Fault('unavailable', 'late');
        }
        const sum = this.#add(counter, amount);
        await scheduler.schedule(Promise.resolve(), 'back');
        if (fate === 'unanswered') throw new Fault('unavailable', 'unanswered');
        return sum;
      },
      addLater: (counter, amount) => {
        void scheduler.schedule(Promise.resolve(), 'given back').then(() => this.#add(counter, amount));
      },
      read: async (counter) => this.sums.get(keyOf(counter)) ?? 0,
    };
  }

  #add(counter: CounterName, amount: number): number {
    this.additions++;
    const sum = (this.sums.get(keyOf(counter)) ?? 0) + amount;
    this.sums.set(keyOf(counter), sum);
    return sum;
  }
}

function keyOf({ kind, id }: CounterName): string {
  return `${kind} ${id}`;
}

const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      replica: fc.nat(),
      caller: fc.nat(),
      times: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('forget' as const, 'restart' as const, 'end' as const),
      replica: fc.nat(),
    }),
  },
);
const limit = fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: 80 }), fc.constant(1_000));
const width = fc.oneof(fc.nat({ max: 8 }), fc.integer({ min: 98, max: 130 }));

describe('TreeCounts', () => {
  const bounds = fc.record({
    replicas: fc.integer({ min: 1, max: 3 }),
    limit,
    inner: fc.option(limit, { nil: undefined }),
    widths: fc.array(width, { minLength: 1, maxLength: 3 }),
  });
  /** Trees that are wide enough for the calls whose width nobody counts to matter. */
  const wide = fc.record({
    replicas: fc.integer({ min: 2, max: 3 }),
    limit: fc.constant(1_000),
    inner: fc.constant(undefined),
    widths: fc.array(fc.integer({ min: 100, max: 102 }), { minLength: 2, maxLength: 4 }),
  });

  it.each([
    ['a bound', bounds, 60],
    ['a width of which not all is counted', wide, 40],
  ])(
    'no sequence of calls over several replicas exceeds %s, whatever is late, lost, forgotten or started again',
    async (_what, shapes, maxLength) => {
      const fate = fc.constantFrom<Fate>('counted', 'counted', 'counted', 'counted', 'late', 'lost', 'unanswered');
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          shapes,
          fc.array(step, { maxLength, size: 'max' }),
          fc.infiniteStream(fate),
          async (scheduler, { replicas, limit: calls, inner, widths }, steps, fates) => {
            const server = new ModelServer();
            const nextFate = () => fates.next().value as Fate;
            const started = () => new TreeCounts(server.reachedBy(scheduler, nextFate));
            const running = Array.from({ length: replicas }, started);
            const callers = widths.map((one, n) => {
              return caller(one, n > 0 && inner !== undefined ? [{ calls }, { calls: inner }] : [{ calls }]);
            });
            const passed = callers.map(() => 0);
            for (const one of steps) {
              if (one.do === 'settle') {
                await scheduler.waitIdle();
                continue;
              }
              const at = skewed(one.replica, replicas);
              if (one.do === 'forget') running[at]?.stop();
              if (one.do === 'restart') running[at] = started();
              if (one.do === 'end') running[at]?.ended(callers[0] as CallContext);
              if (one.do !== 'call') continue;
              const n = skewed(one.caller, callers.length);
              const pass = () => {
                passed[n] = (passed[n] ?? 0) + 1;
              };
              for (let time = 0; time < one.times; time++) {
                const counted = running[at]?.take(callers[n] as CallContext);
                if (counted) counted.then(pass, (error) => expect(Fault.is(error)).toBe(true));
                else pass();
              }
            }
            await scheduler.waitIdle();
            const sum = (counts: readonly number[]) => counts.reduce((total, one) => total + one, 0);
            expect(sum(passed)).toBeLessThanOrEqual(calls);
            for (const [n, one] of widths.entries()) expect(passed[n]).toBeLessThanOrEqual(one);
            if (inner !== undefined) expect(sum(passed.slice(1))).toBeLessThanOrEqual(inner);
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  it('what is asked for at one replica after the other is used to the last: of calls, and of width', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        limit,
        width,
        fc.array(fc.nat(), { minLength: 250, maxLength: 250 }),
        async (replicas, calls, oneWidth, asked) => {
          const server = new ModelServer();
          const running = Array.from({ length: replicas }, () => new TreeCounts(direct(server)));
          const context = caller(oneWidth, [{ calls }]);
          let passed = 0;
          const refused = new Set<unknown>();
          for (const one of asked) {
            try {
              await running[one % replicas]?.take(context);
              passed++;
            } catch (error) {
              refused.add((error as Fault).details?.budget);
            }
          }
          // Every replica has been asked: none keeps anything in store.
          const most = Math.min(calls, oneWidth, asked.length);
          const inStore = (replicas - 1) * Math.floor(most / 64);
          expect(passed).toBeLessThanOrEqual(most);
          expect(passed).toBeGreaterThanOrEqual(most - inStore);
          if (most < asked.length) expect(refused.has(calls <= oneWidth ? 'calls' : 'width')).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('children that no replica has counted yet are taken for those of whoever is counted', async () => {
    const server = new ModelServer();
    const [one, other] = [new TreeCounts(direct(server)), new TreeCounts(direct(server))];
    const [wide, sibling] = [caller(100, [{ calls: 1_000 }]), caller(100, [{ calls: 1_000 }])];
    await one.take(sibling);
    const passed = async (counts: TreeCounts, times: number) => {
      const calls = Array.from({ length: times }, async () => counts.take(wide));
      return (await Promise.allSettled(calls)).filter((call) => call.status === 'fulfilled').length;
    };
    expect(await passed(other, 8)).toBe(8); // uncounted, all of them
    const first = await passed(one, 200);
    expect(first).toBeLessThanOrEqual(92);
    expect(first + (await passed(other, 200)) + (await passed(one, 200))).toBe(92);
  });

  it('a chain of 16 needs one reservation', async () => {
    const server = new ModelServer();
    const counts = new TreeCounts(direct(server));
    for (let depth = 1; depth < 16; depth++) await counts.take(caller(100, [{ calls: 1_000 }]));
    expect(server.additions).toBe(1);
  });

  it('0 is zero: nothing is reserved, everything refused', async () => {
    const server = new ModelServer();
    for (const [context, budget] of [
      [caller(100, [{ calls: 0 }]), 'calls'],
      [caller(0, [{ calls: 1_000 }]), 'width'],
      [caller(100, [{ calls: 1_000, tokens: 0 }]), 'tokens'],
      [caller(100, [{ calls: 1_000, microUsd: 0 }]), 'usd'],
    ] as const) {
      await expect(new TreeCounts(direct(server)).take(context)).rejects.toMatchObject({
        code: 'budget-exhausted',
        details: { budget, limit: 0, used: 0 },
      });
    }
    expect([...server.sums].filter(([counter]) => !counter.startsWith('calls'))).toEqual([]);
  });

  it('spending — counts in every budget of the tree, refuses the next once one is spent, and says what is used', async () => {
    const counts = new TreeCounts(direct(new ModelServer()));
    const tree = [{ calls: 1_000, tokens: 100, microUsd: 500_000 }, { tokens: 1_000 }];
    const context = caller(100, tree);
    await counts.spend(context, { tokens: 99, microUsd: 200_000 });
    await counts.take(context);
    await counts.spend(context, { tokens: 11 }); // it was not spent yet: over by what was under way
    const used = { budget: 'tokens', limit: 100 };
    await expect(counts.take(context)).rejects.toMatchObject({
      code: 'budget-exhausted',
      details: { ...used, used: 110 },
    });
    await expect(counts.spend(context, { tokens: 1, microUsd: 400_000 })).rejects.toMatchObject({
      details: { ...used, used: 111 },
    });
    const sibling = caller(100, tree.slice(0, 1));
    await expect(counts.spend(sibling, {})).rejects.toMatchObject({ details: { ...used, used: 111 } });
    await counts.spend(caller(100, tree.slice(1)), {}); // of the other budget something is left
    await expect(counts.spend(sibling, { microUsd: 1 })).rejects.toMatchObject({
      details: { budget: 'usd', limit: 0.5, used: 0.600_001 },
    });
  });
});

/** Mostly the first: what the others did is long ago when a bound is near. */
function skewed(n: number, count: number): number {
  return Math.max(0, (n % (4 * count)) - 3 * count);
}

/** Reached at once, and always. */
function direct(server: ModelServer): SharedCounters {
  const atOnce = { schedule: (promise: Promise<unknown>) => promise } as unknown as fc.Scheduler;
  return server.reachedBy(atOnce, () => 'counted');
}
