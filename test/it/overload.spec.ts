/** More synchronous calls than can be worked on: who is refused, who is not, and how. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw, type RawAnswer } from './raw-calls.js';

const PER_INSTANCE = 200;
/** What one caller may have of them: it leaves a ninth free. */
const OF_ONE = 178;
const FLOOD = 400;

describe('an overloaded plugin', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    const env = { PROBE_EFFECTS: effects.file, ORC_MAX_CALLS_PER_INSTANCE: String(PER_INSTANCE) };
    system = await startTestSystem({ plugins: [PROBE], env });
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  const work = (caller: string, name: string, ms: number, capability = 'work') =>
    callRaw(system, `probe.${capability}`, JSON.stringify({ name, ms }), { caller });

  /** The greatest number of runs that went on at once. */
  const atOnce = (prefix: string) => {
    let running = 0;
    const counts = effects.read().flatMap(({ name, what }) => {
      if (!name.startsWith(prefix)) return [];
      running += what === 'started' ? 1 : -1;
      return [running];
    });
    return Math.max(...counts);
  };

  /** Sends many at once; resolves with those that were refused, once so many are. */
  const flood = (caller: string, name: string, refusals: number, ms = 60_000) => {
    const refused: RawAnswer[] = [];
    return new Promise<RawAnswer[]>((resolve) => {
      for (let n = 0; n < FLOOD; n++) {
        void work(caller, `${name}-${n}`, ms).then(
          (answer) => {
            if (answer.fault && refused.push(answer) === refusals) resolve(refused);
          },
          () => {},
        ); // those that are admitted outlive the test
      }
    });
  };

  it('of which a capability runs two at a time — works on no more, refuses the rest, and serves who comes again', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => work('crowd', `narrow-${n}`, 150, 'narrow')),
    );
    const refused = answers.filter((answer) => answer.fault);
    expect(refused).toHaveLength(18);
    for (const { body } of refused) {
      expect(body).toMatchObject({ code: 'exhausted', details: { limit: 2, retryAfterMs: expect.any(Number) } });
    }
    for (let n = 0; n < 20; n++) {
      expect((await work('crowd', `narrow-again-${n}`, 1, 'narrow')).body).toEqual({ text: `narrow-again-${n}` });
    }
    expect(atOnce('narrow')).toBe(2);
  });

  it('of three choreographers, each of which knows of its own calls only — works on no more than it says', async () => {
    for (const name of ['choreographer-2', 'choreographer-3']) await system.start('choreographer', name);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => work(`caller-${n % 3}`, `three-${n}`, 100, 'narrow')),
    );
    const faults = new Set(answers.map((answer) => answer.fault));
    expect(faults).toEqual(new Set(['', 'exhausted']));
    expect(atOnce('three')).toBe(2);
    for (const name of ['choreographer-2', 'choreographer-3']) await system.processes.get(name)?.stop();
  });

  it('flooded by one caller — refuses that one, tells it when to come again, and answers every call of another', async () => {
    const [first] = await flood('flood', 'flood', FLOOD - OF_ONE);
    expect(first?.body).toMatchObject({
      code: 'exhausted',
      details: { plugin: 'probe', version: '1.0.0', limit: PER_INSTANCE, retryAfterMs: expect.any(Number) },
    });
    for (let n = 0; n < 20; n++) {
      const answers = await Promise.all(['a', 'b'].map((which) => work('quiet', `quiet-${n}-${which}`, 1)));
      expect(answers.map((answer) => answer.body)).toEqual([{ text: `quiet-${n}-a` }, { text: `quiet-${n}-b` }]);
    }
    const started = effects.read().filter(({ name, what }) => name.startsWith('flood') && what === 'started');
    expect(started).toHaveLength(OF_ONE);
  });
});
