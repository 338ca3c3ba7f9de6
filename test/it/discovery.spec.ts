/** What `nats micro ls`, `info`, `stats` and `ping` ask, by the same protocol (ADR-32): every service and plugin answers right. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readPlugins } from '@orchestrator/bus';
import { shippedPlugins } from '@orchestrator/local';
import { PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';

interface Endpoint {
  readonly name: string;
  readonly subject: string;
  readonly queue_group: string;
  readonly num_requests: number;
  readonly num_errors: number;
  readonly last_error: string;
  readonly processing_time: number;
  readonly average_processing_time: number;
}

interface Answer {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly started: string;
  readonly metadata: object;
  readonly endpoints: readonly Endpoint[];
}

describe('discovery by NATS micro', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [...shippedPlugins(), PROBE] });
    await system.start('probe', 'probe-2');
  });

  afterAll(() => system?.stop());

  /** All answers: they are there long before the wait ends. */
  async function ask(subject: string, maxMessages?: number): Promise<Answer[]> {
    const options =
      maxMessages === undefined ? { strategy: 'stall' as const } : { strategy: 'count' as const, maxMessages };
    const answers: Answer[] = [];
    for await (const msg of await system.bus.nc.requestMany(subject, '', { maxWait: 5_000, ...options })) {
      answers.push(msg.json());
    }
    return answers;
  }

  const named = (answers: readonly Answer[]) => answers.map(({ name }) => name).sort();
  const installed = () => readPlugins(system.client.requester);

  it('ping — by all, by name and by id', async () => {
    const all = ['choreographer', 'designer', 'editor', 'probe', 'probe', 'registry'];
    const pings = await ask('$SRV.PING', all.length);
    expect(named(pings)).toEqual(all);
    for (const { type, id, version, metadata } of pings) {
      expect({ type, metadata }).toEqual({ type: 'io.nats.micro.v1.ping_response', metadata: {} });
      expect(version).toMatch(/^\d+\.\d+\.\d+/);
      expect(id).toMatch(/^[\w-]+$/);
    }
    expect(new Set(pings.map(({ id }) => id)).size).toBe(all.length);
    const probes = await ask('$SRV.PING.probe', 2);
    const ids = probes.map(({ id }) => id).sort();
    expect(ids).toEqual([...((await installed()).find(({ name }) => name === 'probe')?.instances ?? [])].sort());
    expect(await ask(`$SRV.PING.probe.${ids[0]}`, 1)).toMatchObject([{ id: ids[0] }]);
  });

  it('info — every capability of every plugin, with where it is called', async () => {
    for (const plugin of await installed()) {
      const [info] = await ask(`$SRV.INFO.${plugin.name}`, 1);
      expect(info).toMatchObject({
        type: 'io.nats.micro.v1.info_response',
        version: plugin.version,
        description: plugin.description,
        endpoints: plugin.capabilities.map(({ name, description }) => ({
          name,
          subject: `orc.v1.call.*.${plugin.name}.${name}`,
          metadata: { description },
        })),
      });
    }
  });

  it('stats — calls and durable work are counted at their endpoint, with faults and times', async () => {
    const statistics = async (capability: string) => {
      const answers = await ask('$SRV.STATS.probe', 2);
      for (const { type, started } of answers) {
        expect(type).toBe('io.nats.micro.v1.stats_response');
        expect(Date.parse(started)).toBeLessThanOrEqual(Date.now());
      }
      const endpoints = answers.map(({ endpoints }) => endpoints.find(({ name }) => name === capability) as Endpoint);
      const sum = (field: 'num_requests' | 'num_errors') => endpoints.reduce((all, one) => all + one[field], 0);
      return { requests: sum('num_requests'), errors: sum('num_errors'), endpoints };
    };
    const echo = { plugin: 'probe', capability: 'echo' };
    for (let n = 0; n < 5; n++) await system.client.call(echo, { text: 'x' });
    await (await system.client.request(echo, { text: 'x' })).outcome();
    await until(
      () => statistics('echo'),
      ({ requests }) => requests === 6,
    );
    expect((await statistics('echo')).errors).toBe(0);
    await system.client.call({ plugin: 'probe', capability: 'fail' }, {});
    const { endpoints } = await until(
      () => statistics('fail'),
      ({ errors }) => errors === 1,
    );
    const failed = endpoints.find(({ num_errors }) => num_errors === 1);
    expect(failed).toMatchObject({ num_requests: 1, last_error: 'failed', queue_group: '' });
    expect(failed?.processing_time).toBeGreaterThan(0);
    expect(failed?.average_processing_time).toBe(failed?.processing_time);
  });

  it('a plugin that has stopped — answers no more', async () => {
    const ids = (await ask('$SRV.PING.probe', 2)).map(({ id }) => id);
    await system.processes.get('probe-2')?.stop();
    const left = await until(
      () => ask('$SRV.PING.probe'),
      (answers) => answers.length === 1,
    );
    expect(ids).toContain(left[0]?.id);
  });
});
