/** Everything is restarted under load, one process after the other, as for a new version: SIGTERM, wait for the end, start. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FAULTS } from '@orchestrator/protocol';
import { EffectLog, Load, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

/** Requests and calls that succeed between one restart and the next. */
const MORE = 20;
/** Long before a lease or an acknowledgement wait is over. */
const LATE_MS = 8_000;
/** What runs as what; each has another that shares its work, but for the registry, which nobody waits for. */
const REPLICAS = [
  ['choreographer', 'choreographer'],
  ['choreographer', 'choreographer-2'],
  ['registry', 'registry'],
  ['probe', 'probe'],
  ['probe', 'probe-2'],
] as const;

describe('a rolling restart', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    const env = { PROBE_EFFECTS: effects.file };
    system = await startTestSystem({ plugins: [PROBE], env });
    for (const [name, as] of REPLICAS) if (name !== as) await system.start(name, as);
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  it('of all there is, under load — no durable request fails or is late, and calls fail only so that they can be repeated', async () => {
    const load = new Load(system, 'rolling');
    for (const [name, as] of REPLICAS) {
      await load.goOn(MORE);
      const running = system.processes.get(as);
      running?.kill('SIGTERM');
      expect(await running?.exited).toEqual({ code: 0, signal: null });
      await system.start(name, as);
    }
    await load.goOn(MORE);
    await load.end();

    expect(load.requests.filter(({ fault }) => fault)).toEqual([]);
    const faults = load.calls.flatMap(({ fault }) => (fault ? [fault] : []));
    expect(faults.filter(({ code }) => !FAULTS[code].retryable)).toEqual([]);
    // Handed back, not left to the lease: nothing was started twice, and no call was lost on its way.
    const starts = effects.read().flatMap(({ what, name }) => (what === 'started' ? [name] : []));
    expect(starts.length).toBe(new Set(starts).size);
    expect(Math.max(...load.requests.map(({ tookMs }) => tookMs))).toBeLessThan(LATE_MS);
  }, 120_000);
});
