/** NATS is away for ten seconds, and comes back: everything resumes by itself, and callers wait or are told, as they chose. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EffectLog, Load, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { run } from './command.js';

const AWAY_MS = 10_000;
const WORK = { plugin: 'probe', capability: 'work' };
const ONCE = { plugin: 'probe', capability: 'once' };
/** Requests and calls that succeed before and after. */
const MORE = 30;
/** Longer than NATS is away. */
const PATIENCE_MS = 40_000;

describe('NATS away for ten seconds', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file } });
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  it.each([
    ['killed', 'SIGKILL'],
    ['standing still', 'SIGSTOP'],
  ] as const)(
    '%s — all resumes, nothing that runs is run again, and callers wait or are told, as they chose',
    async (_how, signal) => {
      const of = (name: string) => `${name}-${signal.toLowerCase()}`;
      const { client, processes } = system;
      const load = new Load(system, of('load'));
      await load.goOn(MORE);
      // These end while NATS is away.
      const running = [
        await client.request(WORK, { name: of('running'), ms: 3_000 }),
        await client.request(ONCE, { name: of('once'), ms: 3_000 }),
      ];
      await Promise.all([of('running'), of('once')].map((name) => effects.first((effect) => effect.name === name)));
      const server = processes.get('nats-server');
      server?.kill(signal);
      if (signal === 'SIGKILL') await server?.exited;
      const back = delay(AWAY_MS).then(() => {
        if (signal === 'SIGKILL') return system.start('nats-server');
        server?.kill('SIGCONT');
        return server;
      });

      const args = { name: of('asked'), ms: 0 };
      const told = [client.request(WORK, args), client.call(WORK, args, { timeoutMs: 1_000 })];
      const waiting = client.request(WORK, { name: of('waited'), ms: 0 }, { waitMs: PATIENCE_MS });
      const called = client.call(WORK, { name: of('called'), ms: 0 }, { timeoutMs: PATIENCE_MS, waitMs: PATIENCE_MS });
      const codes = (await Promise.allSettled(told)).map((one) => one.status === 'rejected' && one.reason.code);
      expect(codes).toEqual(['unavailable', 'deadline-exceeded']);

      await back;
      expect((await (await waiting).outcome()).result).toMatchObject({ ok: true });
      // A call may still get lost between two that are just coming back: then its caller is told.
      const lost = await called.then(
        ({ result }) => (result.ok ? undefined : result.fault.code),
        (fault) => fault.code,
      );
      expect([undefined, 'unavailable', 'deadline-exceeded']).toContain(lost);
      for (const handle of running) expect((await handle.outcome()).result).toMatchObject({ ok: true });
      await load.goOn(MORE);
      await load.end();
      expect(load.requests.filter(({ fault }) => fault)).toEqual([]);
      const starts = effects.read().flatMap(({ what, name }) => (what === 'started' ? [name] : []));
      for (const name of ['running', 'once']) expect(starts.filter((one) => one === of(name))).toHaveLength(1);
      // Its caller has offered it again and again, and it is idempotent: two of these may meet when all comes back.
      expect(starts).toContain(of('waited'));
      for (const handle of running) {
        await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'succeeded');
      }
    },
    120_000,
  );

  it('a command — is told at once, or waits for NATS as long as it says', async () => {
    const call = (name: string) => ['call', 'probe.work', '--args', JSON.stringify({ name, ms: 0 }), '--durable'];
    await system.kill('nats-server');
    const at = ['--nats', system.nats.url];
    const patient = run([...at, ...call('patient'), '--wait-for-nats', '40']);
    expect(await run([...at, ...call('impatient')])).toMatchObject({ code: 3 });
    expect(await run([...at, ...call('impatient'), '--wait-for-nats', '1'])).toMatchObject({ code: 3 });
    await system.start('nats-server');
    expect(await patient).toMatchObject({ code: 0, stdout: '{\n  "text": "patient"\n}\n' });
  }, 90_000);
});
