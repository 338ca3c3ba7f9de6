/** More durable requests than can be worked on: they wait as requests, each caller in turn, and none is lost. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { type Bus, CallClient, connectBus, type RequestHandle } from '@orchestrator/bus';
import { type Fault, LIMITS, STREAMS } from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { expectPlain, run } from './command.js';

const WORK = { plugin: 'probe', capability: 'work' };
const NARROW = { plugin: 'probe', capability: 'narrow' };
const FLOOD = 1_500;
const EXIT_FAULT = 1;
/** Two callers whose requests nats-server puts into one of the 16 partitions. */
const SAME_PARTITION = ['bench', 'cli'] as const;

describe('durable requests that are more than can be worked on', () => {
  const effects = new EffectLog();
  let system: TestSystem;
  let operator: Bus;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file } });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
  });

  afterAll(async () => {
    await operator?.nc.close();
    await system?.stop();
    effects.remove();
  });

  const flood = (name: string, ms: number, count = FLOOD): Promise<RequestHandle[]> => {
    const client = new CallClient(system.bus, 'flood');
    return Promise.all(
      Array.from({ length: count }, (_, n) =>
        client.request(WORK, { name: `${name}-${n}`, ms }, { key: `${name}-${n}` }),
      ),
    );
  };
  const inStream = async (stream: string) =>
    (await (await jetstreamManager(operator.nc)).streams.info(stream)).state.messages;
  const startsOf = (prefix: string) =>
    effects.read().filter(({ name, what }) => name.startsWith(prefix) && what === 'started');

  /** Every one of them ended well, and was started once. */
  const expectAll = async (handles: readonly RequestHandle[], name: string) => {
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome()));
    expect(outcomes.filter(({ result }) => !result.ok)).toEqual([]);
    expect(startsOf(`${name}-`)).toHaveLength(handles.length);
  };

  it('of one caller — wait as requests, and one of another caller is done long before them', async () => {
    const handles = await flood('first', 100);
    const quiet = await new CallClient(system.bus, 'quiet').request(WORK, { name: 'quiet', ms: 1 });
    expect((await quiet.outcome()).result).toEqual({ ok: true, value: { text: 'quiet' } });
    const [requests, work] = await Promise.all([inStream(STREAMS.requests.name), inStream(STREAMS.work.name)]);
    expect(requests).toBeGreaterThan(FLOOD / 4);
    expect(work).toBeLessThanOrEqual(LIMITS.workPerInstance);
    await expectAll(handles, 'first');
    expect(await inStream(STREAMS.requests.name)).toBe(0);
  });

  it('of one caller — keep no other waiting whose requests lie in the same queue, and are found by their sequence', async () => {
    const [noisy, quiet] = SAME_PARTITION.map((caller) => new CallClient(system.bus, caller));
    const handles = await Promise.all(
      Array.from({ length: FLOOD }, (_, n) =>
        noisy?.request(WORK, { name: `same-${n}`, ms: 100 }, { key: `same-${n}` }),
      ),
    );
    const one = await quiet?.request(WORK, { name: 'quiet-same', ms: 1 });
    expect((await one?.outcome())?.result).toEqual({ ok: true, value: { text: 'quiet-same' } });
    expect(await inStream(STREAMS.requests.name)).toBeGreaterThan(FLOOD / 4);
    await expectAll(handles as RequestHandle[], 'same');
    const last = handles.at(-1);
    const tree = await system.treeWhere({ request: last?.sequence ?? 0 }, ([root]) => root?.state === 'succeeded');
    expect(tree.roots.map(({ invocation }) => invocation)).toEqual([last?.invocation]);
    expect(await inStream(STREAMS.requests.name)).toBe(0);
  });

  it('with the choreographer killed and started again meanwhile — are all done, each once', async () => {
    const handles = await flood('killed', 50, 600);
    await effects.first(({ name }) => name.startsWith('killed-'));
    await system.kill('choreographer');
    expect(await inStream(STREAMS.requests.name)).toBeGreaterThan(0);
    await system.start('choreographer');
    await expectAll(handles, 'killed');
  });

  it('of three choreographers, of which one is told to end — are all done, each once, and others come through', async () => {
    for (const name of ['choreographer-2', 'choreographer-3']) await system.start('choreographer', name);
    const handles = await flood('three', 50);
    const quiet = await new CallClient(system.bus, 'quiet').request(WORK, { name: 'quiet-three', ms: 1 });
    await system.processes.get('choreographer-2')?.stop();
    expect((await quiet.outcome()).result.ok).toBe(true);
    expect(await inStream(STREAMS.requests.name)).toBeGreaterThan(0);
    await expectAll(handles, 'three');
    await system.processes.get('choreographer-3')?.stop();
  });

  it.each([
    ['that a choreographer keeps', 12],
    ['that no choreographer keeps any more', 120],
  ])(
    'one %s, and that may not wait so long — is a dead letter at its deadline, while those before it still wait',
    async (_what, before) => {
      const client = new CallClient(system.bus, 'patient');
      for (let n = 0; n < before; n++) await client.request(NARROW, { name: `${before}-${n}`, ms: 60_000 });
      const late = await client.request(NARROW, { name: `late-${before}`, ms: 1 }, { timeoutMs: 2_500 });
      expect((await late.outcome()).result).toMatchObject({ ok: false, fault: { code: 'deadline-exceeded' } });
      expect(startsOf('late')).toEqual([]);
      const letter = await (await jetstreamManager(operator.nc)).streams.getMessage(STREAMS.dead.name, {
        last_by_subj: `orc.v1.dead.probe.narrow.${late.invocation}`,
      });
      expect(letter?.string()).toBe(`{"name":"late-${before}","ms":1}`);
      const tree = await system.treeWhere({ request: late.sequence }, ([root]) => root?.state === 'refused');
      expect(tree.roots[0]?.invocation).toBe(late.invocation);
    },
  );
});

describe('streams that are full', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    const bounds = { ORC_REQUESTS_MAX_BYTES: '300000', ORC_WORK_MAX_BYTES: '60000' };
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file, ...bounds } });
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  it('refuse requests with an error that says so, and lose none that they have taken, though work has to wait as well', async () => {
    await system.processes.get('choreographer')?.stop();
    const stored: RequestHandle[] = [];
    const refused: Fault[] = [];
    const name = (n: number) => `full-${n}-${'x'.repeat(10_000)}`;
    for (let n = 0; refused.length === 0; n++) {
      const request = system.client.request(WORK, { name: name(n), ms: 50 }, { key: `full-${n}` });
      await request.then(
        (handle) => stored.push(handle),
        (fault) => refused.push(fault),
      );
    }
    expect(refused[0]).toMatchObject({ code: 'exhausted', message: expect.stringMatching(/maximum bytes exceeded/) });
    const ack = await system.bus.nc.request('orc.v1.request.me.probe.work', JSON.stringify({ name: name(0), ms: 1 }));
    expect(ack.json()).toMatchObject({ error: { description: 'maximum bytes exceeded' } });
    const args = [
      '--nats',
      system.nats.url,
      'call',
      'probe.work',
      '--durable',
      '--args',
      JSON.stringify({ name: name(0), ms: 1 }),
    ];
    expectPlain(await run(args), EXIT_FAULT, 'exhausted', 'ORC_REQUESTS_MAX_BYTES');
    await system.start('choreographer');
    const outcomes = await Promise.all(stored.map((handle) => handle.outcome()));
    expect(outcomes.filter(({ result }) => !result.ok)).toEqual([]);
    expect(effects.read().filter(({ what }) => what === 'started')).toHaveLength(stored.length);
    const after = await system.client.request(WORK, { name: 'after', ms: 1 });
    expect((await after.outcome()).result.ok).toBe(true);
  });
});
