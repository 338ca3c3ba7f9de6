import { describe, expect, it } from '@jest/globals';
import { Fault } from '@orchestrator/protocol';
import fc from 'fast-check';
import type { InvocationContext } from '../invocation-context.js';
import type { Phase, PhaseInput } from './phase.js';
import { type Pipeline, pipeline } from './pipeline.js';
import { runPipeline } from './run-pipeline.js';

const request = { input: 'a story', options: { chapters: 3 } };

/** An invocation whose steps are kept from one attempt to the next. @param crashAt the step, counted from 0, that never comes back */
function attemptOn(kept: Map<string, string>, crashAt = Number.POSITIVE_INFINITY) {
  let begun = 0;
  const percents: number[] = [];
  const invocation = {
    signal: new AbortController().signal,
    progress: (percent: number) => percents.push(percent),
    step: async (name: string, work: () => unknown) => {
      const known = kept.get(name);
      if (known !== undefined) return JSON.parse(known);
      if (begun++ >= crashAt) throw new Fault('unavailable', 'crash');
      kept.set(name, JSON.stringify(await work()));
      return JSON.parse(kept.get(name) ?? '');
    },
  } as unknown as InvocationContext;
  return { invocation, percents };
}

const run = (what: Pipeline<unknown>, kept = new Map<string, string>()) =>
  runPipeline(what, request, attemptOn(kept).invocation);

/** A phase that writes down what it was given. */
function phase<In, Out>(name: string, work: (input: PhaseInput<In>) => Out, log: string[] = []): Phase<In, Out> {
  return {
    name,
    execute: (input) => {
      log.push(name);
      return { data: work(input) };
    },
  };
}

const count = phase('count', ({ request: { options } }: PhaseInput<unknown>) => Number(options.chapters));
const words = phase('words', ({ request: { input } }: PhaseInput<unknown>) => input.split(' '));

describe('runPipeline', () => {
  it('gives each phase what the one before has answered, the first the request', async () => {
    const shout = phase('shout', ({ previous }: PhaseInput<readonly string[]>) =>
      previous.map((word) => word.toUpperCase()),
    );
    const { data } = await run(pipeline().phase(words).phase(shout));
    expect(data).toEqual(['A', 'STORY']);
  });

  it('tells how far it has come', async () => {
    const { invocation, percents } = attemptOn(new Map());
    await runPipeline(pipeline().phase(words).phase(count), request, invocation);
    expect(percents).toEqual([50, 100]);
  });

  it('side by side — each is given the same, and its answer stands under its key', async () => {
    const { data } = await run(pipeline().parallel('both', { count, words }));
    expect(data).toEqual({ count: 3, words: ['a', 'story'] });
  });

  it('under a condition — runs if it holds; else what came before goes on', async () => {
    const none = phase('none', () => 0);
    expect(
      (
        await run(
          pipeline()
            .phase(count)
            .when((n) => n > 2, none),
        )
      ).data,
    ).toBe(0);
    expect(
      (
        await run(
          pipeline()
            .phase(count)
            .when((n) => n > 3, none),
        )
      ).data,
    ).toBe(3);
  });

  it('for each item — some at a time, in the order of the items', async () => {
    let now = 0;
    let most = 0;
    const slow: Phase<number, number> = {
      name: 'slow',
      execute: async ({ previous }) => {
        most = Math.max(most, ++now);
        for (let turns = 9 - previous; turns > 0; turns--) await new Promise(setImmediate);
        now--;
        return { data: previous * previous };
      },
    };
    const items = () => [1, 2, 3, 4, 5, 6, 7];
    const { data } = await run(pipeline().each(items, slow, { concurrency: 3 }));
    expect(data).toEqual([1, 4, 9, 16, 25, 36, 49]);
    expect(most).toBe(3);
  });

  it('what a phase tells others by a key — is seen by those after it, also by an attempt that goes on behind it', async () => {
    const tell: Phase<unknown, null> = {
      name: 'tell',
      execute: ({ shared }) => {
        shared.set('mood', 'dark');
        return { data: null };
      },
    };
    const ask: Phase<unknown, unknown> = {
      name: 'ask',
      execute: ({ shared }) => ({ data: shared.get('mood') ?? null }),
    };
    const kept = new Map<string, string>();
    const both = pipeline().phase(tell).phase(ask);
    await expect(runPipeline(both, request, attemptOn(kept, 2).invocation)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect((await run(both, kept)).data).toBe('dark');
    const twice = pipeline().parallel('twice', { one: { ...tell, name: 'one' }, two: { ...tell, name: 'two' } });
    await expect(run(twice)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/"one" and "two".*"mood"/),
    });
  });

  it('what a phase says of its output — stands under its name', async () => {
    const measured: Phase<unknown, number> = {
      name: 'measured',
      execute: () => ({ data: 1, metadata: { tokens: 12 } }),
    };
    expect((await run(pipeline().phase(measured))).metadata).toEqual({ measured: { tokens: 12 } });
  });

  it('a phase that throws, or answers no data — ends the run in a fault that names it, with its code', async () => {
    const of = (execute: Phase<unknown, unknown>['execute']) => run(pipeline().phase({ name: 'bad', execute }));
    await expect(of(() => Promise.reject(new Error('no ink')))).rejects.toMatchObject({
      code: 'failed',
      message: 'Phase "bad": no ink',
      details: { phase: 'bad' },
    });
    const spent = new Fault('budget-exhausted', 'spent', { left: 0 });
    await expect(of(() => Promise.reject(spent))).rejects.toMatchObject({
      code: 'budget-exhausted',
      details: { left: 0 },
    });
    await expect(of(() => undefined as never)).rejects.toMatchObject({ code: 'failed' });
    await expect(of(() => ({ data: undefined }))).rejects.toMatchObject({ code: 'failed' });
  });

  it('when one of several fails — no other is begun, and what runs is kept', async () => {
    const log: string[] = [];
    const bad = phase('bad', ({ previous }: PhaseInput<number>) => {
      log.push(String(previous));
      if (previous === 2) throw new Error('no ink');
      return previous;
    });
    const kept = new Map<string, string>();
    await expect(
      run(
        pipeline().each(() => [1, 2, 3, 4, 5, 6], bad, { concurrency: 2 }),
        kept,
      ),
    ).rejects.toMatchObject({
      code: 'failed',
    });
    expect(log).not.toContain('6');
    expect([...kept.keys()]).toContain('0-0');
  });

  it('with other phases than the run began with — does not go on, and says which', async () => {
    const kept = new Map<string, string>();
    await run(pipeline().phase(words).phase(count), kept);
    for (const other of [
      pipeline().phase(count).phase(words),
      pipeline().phase(words),
      pipeline()
        .phase(words)
        .phase({ ...count, name: 'counted' }),
    ]) {
      await expect(run(other, kept)).rejects.toMatchObject({
        code: 'incompatible-version',
        details: { began: ['phase "words"', 'phase "count"'] },
      });
    }
    expect((await run(pipeline().phase(words).phase(count), kept)).data).toBe(3);
  });

  it('crashes anywhere, any number of times — and comes to the same, with every phase that finished done once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 6 }), async (crashes) => {
        const log: string[] = [];
        const letters = phase('letters', ({ request: { input } }: PhaseInput<unknown>) => [...input], log);
        const code = phase('code', ({ previous }: PhaseInput<string>) => previous.charCodeAt(0), log);
        const sum = phase(
          'sum',
          ({ previous }: PhaseInput<readonly number[]>) => previous.reduce((a, b) => a + b, 0),
          log,
        );
        const half = phase('half', ({ previous }: PhaseInput<number>) => previous / 2, log);
        const same = phase('same', ({ previous }: PhaseInput<number>) => previous, log);
        const whole = pipeline()
          .phase(letters)
          .each((all) => all, code, { concurrency: 2 })
          .phase(sum)
          .parallel('ends', { half, same });
        const kept = new Map<string, string>();
        for (const crashAt of crashes) {
          await runPipeline(whole, request, attemptOn(kept, crashAt).invocation).catch(() => {});
        }
        const total = [...request.input].reduce((a, b) => a + b.charCodeAt(0), 0);
        expect((await run(whole, kept)).data).toEqual({ half: total / 2, same: total });
        const once = (name: string) => log.filter((entry) => entry === name).length;
        expect(['letters', 'code', 'sum', 'half', 'same'].map(once)).toEqual([1, request.input.length, 1, 1, 1]);
      }),
    );
  });
});

describe('pipeline', () => {
  it('takes no name twice, no empty one, and no concurrency below 1', () => {
    expect(() => pipeline().phase(words).phase(words)).toThrow('"words" already');
    expect(() => pipeline().parallel('words', { words })).toThrow('"words" already');
    expect(() => pipeline().phase({ ...words, name: ' ' })).toThrow('no name');
    expect(() => pipeline().each(() => [1], words, { concurrency: 0 })).toThrow('concurrency');
  });

  it('a phase that does not take what comes before it — does not compile', () => {
    const shout: Phase<string, string> = {
      name: 'shout',
      execute: ({ previous }) => ({ data: previous.toUpperCase() }),
    };
    // @ts-expect-error it is given a list of words
    pipeline().phase(words).phase(shout);
    // @ts-expect-error each item is a number
    pipeline().each(() => [1, 2], shout);
    const list: Pipeline<readonly string[]> = pipeline()
      .phase(words)
      .each((all) => all, shout);
    expect(list.stages).toHaveLength(2);
  });
});
