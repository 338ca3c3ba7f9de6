/** One caller's flood of durable requests leaves room to others, and to what running work asks for. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type Bus, CallClient, connectBus, type RequestHandle } from '@orchestrator/bus';
import { flattenTree, STREAMS } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const CALL = { plugin: 'probe', capability: 'call' };
const NARROW = { plugin: 'probe', capability: 'narrow' };
const WORK = { plugin: 'probe', capability: 'work' };
const ECHO = { plugin: 'probe', capability: 'echo' };

describe('requests of running work', () => {
  let system: TestSystem;
  let operator: Bus;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
  });

  afterAll(async () => {
    await operator?.nc.close();
    await system?.stop();
  });

  const nested = () =>
    system.client.call(CALL, { capability: 'probe.echo', argsJson: '{"text":"nested"}', mode: 'durable' });

  it('are stored, and done, though roots have filled their stream', async () => {
    const jsm = await jetstreamManager(operator.nc);
    await jsm.streams.update(STREAMS.requests.name, { max_bytes: 1 });
    await expect(system.client.request(ECHO, { text: 'root' })).rejects.toMatchObject({ code: 'exhausted' });
    const { result, correlation } = await nested();
    expect(result).toMatchObject({ ok: true, value: { json: expect.stringContaining('"text":"nested"') } });
    const tree = await system.treeWhere({ correlation }, (nodes) => nodes.length === 2);
    expect(flattenTree(tree).map(({ mode, request }) => [mode, request])).toEqual([
      ['sync', undefined],
      ['durable', undefined],
    ]);
    await jsm.streams.update(STREAMS.requests.name, { max_bytes: STREAMS.requests.maxBytes });
  });

  it('are refused where there is no running work: nobody has a root in their room', async () => {
    const plugin = await connectBus({ url: system.urlAs('plugin'), name: 'host' });
    await jetstream(plugin.nc).publish('orc.v1.nested.outsider.probe.echo', '{"text":"root"}');
    const jsm = await jetstreamManager(operator.nc);
    let messages = 1;
    while (messages > 0) messages = (await jsm.streams.info(STREAMS.nested.name)).state.messages;
    const letter = await jsm.streams.getMessage(STREAMS.dead.name, { last_by_subj: 'orc.v1.dead.probe.echo.*' });
    expect(letter?.header?.get('orc-fault')).toBe('permission-denied');
    await plugin.nc.close();
  });

  it('cannot be sent by who is no plugin: NATS does not let them', async () => {
    await expect(jetstream(system.bus.nc).publish('orc.v1.nested.me.probe.echo', '{}')).rejects.toThrow();
  });
});

describe('more requests of one caller than can wait', () => {
  const ROOM_BYTES = 2_000_000;
  const FLOOD = 300;
  /** Twice what the capability runs at once. */
  const PLACED = 4;
  let system: TestSystem;
  let operator: Bus;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { ORC_REQUESTS_MAX_BYTES: String(ROOM_BYTES) } });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
  });

  afterAll(async () => {
    await operator?.nc.close();
    await system?.stop();
  });

  it('are refused, each with one outcome and a dead letter, and leave room to wait for those of another', async () => {
    const jsm = await jetstreamManager(operator.nc);
    const [flood, quiet] = ['flood', 'quiet'].map((caller) => new CallClient(system.bus, caller)) as [
      CallClient,
      CallClient,
    ];
    const handles: RequestHandle[] = [];
    for (let n = 0; n < FLOOD; n++) {
      const name = `${n}-${'x'.repeat(10_000)}`;
      handles.push(await flood.request(NARROW, { name, ms: 120_000 }, { waitMs: 60_000 }));
    }
    const state = async (name: string) => (await jsm.streams.info(name)).state;
    const isSettled = async () => {
      const [requests, dead] = await Promise.all([state(STREAMS.requests.name), state(STREAMS.dead.name)]);
      return requests.messages + dead.messages + PLACED === FLOOD && requests.bytes < 0.6 * ROOM_BYTES;
    };
    while (!(await isSettled()));
    expect((await state(STREAMS.requests.name)).bytes).toBeGreaterThan(0.3 * ROOM_BYTES);

    const last = handles.at(-1) as RequestHandle;
    expect((await last.outcome()).result).toMatchObject({
      ok: false,
      fault: { code: 'exhausted', details: { limit: 'requests-waiting', retryAfterMs: expect.any(Number) } },
    });
    const letter = await jsm.streams.getMessage(STREAMS.dead.name, {
      last_by_subj: `orc.v1.dead.probe.narrow.${last.invocation}`,
    });
    expect(letter?.json()).toMatchObject({ name: expect.stringMatching(new RegExp(`^${FLOOD - 1}-x`)) });

    const done = await quiet.request(WORK, { name: 'quiet', ms: 1 });
    expect((await done.outcome()).result.ok).toBe(true);
    const waits = await quiet.request(NARROW, { name: 'quiet', ms: 1 }, { timeoutMs: 2_000 });
    expect((await waits.outcome()).result).toMatchObject({ ok: false, fault: { code: 'deadline-exceeded' } });
  });
});

describe('a request without a deadline', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { ORC_MAX_WAIT_MS: '4000' } });
  });

  afterAll(() => system?.stop());

  it.each([
    ['a choreographer keeps', 8],
    ['no choreographer keeps any more', 120],
  ])('that %s — waits for room as long as the operator lets it, and is a dead letter then', async (_where, before) => {
    for (let n = 0; n < before; n++) await system.client.request(NARROW, { name: `${n}`, ms: 120_000 });
    const last = await system.client.request(NARROW, { name: 'last', ms: 1 });
    expect((await last.outcome()).result).toMatchObject({
      ok: false,
      fault: { code: 'exhausted', details: { limit: 'wait', maxWaitMs: 4_000 } },
    });
    const tree = await system.treeWhere({ request: last.sequence }, ([root]) => root?.state === 'refused');
    expect(tree.roots[0]?.invocation).toBe(last.invocation);
  });
});

describe('requests of one caller that are set aside for two capabilities', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { ORC_MAX_WORK_PER_INSTANCE: '4' } });
  });

  afterAll(() => system?.stop());

  it('do not wait for each other: those with room go on, though those before them have none', async () => {
    for (let n = 0; n < 200; n++) await system.client.request(NARROW, { name: `${n}`, ms: 120_000 });
    const handles = await Promise.all(
      Array.from({ length: 60 }, (_, n) => system.client.request(WORK, { name: `${n}`, ms: 20 })),
    );
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome()));
    expect(outcomes.filter(({ result }) => !result.ok)).toEqual([]);
  });
});
