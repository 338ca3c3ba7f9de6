/** What is left of a version that is forgotten: its consumers go, and none of its work with them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type Bus, connectBus, readPlugins } from '@orchestrator/bus';
import { PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';

const WORK = { plugin: 'probe', capability: 'work' };
const CONSUMER = 'probe__1_0_0__work';

describe('the consumers of a version that is forgotten', () => {
  let system: TestSystem;
  /** Connected as the choreographer, who may look at streams. */
  let service: Bus;
  let jsm: JetStreamManager;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { ORC_FORGET_AFTER_MS: '300' } });
    service = await connectBus({ url: system.urlAs('choreographer'), name: 'onlooker' });
    jsm = await jetstreamManager(service.nc);
  });

  afterAll(async () => {
    await service?.nc.close();
    await system?.stop();
  });

  async function consumers(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of jsm.consumers.list('ORC_WORK')) names.push(name);
    return names;
  }

  async function forgotten(): Promise<void> {
    await until(
      () => readPlugins(system.client.requester),
      (plugins) => plugins.length === 0,
    );
  }

  it('are removed but for those that hold work, which is done when it comes back', async () => {
    expect((await consumers()).length).toBeGreaterThan(1);
    await system.processes.get('probe')?.stop();
    const handle = await system.client.request(WORK, { name: 'waiting', ms: 0 });
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'admitted');
    await forgotten();
    expect(await until(consumers, (names) => names.length === 1)).toEqual([CONSUMER]);
    await system.start('probe');
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'waiting' } });
    expect((await consumers()).length).toBeGreaterThan(1);
  });

  it('are removed by a registry that starts again, and once the last work has ended', async () => {
    await system.processes.get('probe')?.stop();
    const handle = await system.client.request(WORK, { name: 'late', ms: 0 }, { timeoutMs: 3_000 });
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'admitted');
    await forgotten();
    await system.kill('registry');
    await system.start('registry');
    await until(consumers, (names) => names.every((name) => name === CONSUMER));
    expect((await handle.outcome()).result).toMatchObject({ ok: false, fault: { code: 'deadline-exceeded' } });
    await until(consumers, (names) => names.length === 0);
    await system.start('probe');
    expect((await system.client.request(WORK, { name: 'new', ms: 0 }).then((one) => one.outcome())).result.ok).toBe(
      true,
    );
  });
});
