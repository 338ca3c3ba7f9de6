/** Three nats-servers that are one cluster, with every stream on all of them: kill -9 of any of them loses nothing. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { type Bus, connectBus } from '@orchestrator/bus';
import { CANCELLED_BUCKET, CATALOGUE_BUCKET, STREAMS } from '@orchestrator/protocol';
import { EffectLog, Load, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const STREAM_NAMES = [
  ...Object.values(STREAMS).map(({ name }) => name),
  ...[CATALOGUE_BUCKET, CANCELLED_BUCKET].map((name) => `KV_${name}`),
];
/** Requests and calls that succeed between one event and the next. */
const MORE = 40;

describe('a cluster of three nats-servers', () => {
  const effects = new EffectLog();
  let system: TestSystem;
  let operator: Bus;
  let requested = 0;

  beforeAll(async () => {
    const env = { PROBE_EFFECTS: effects.file, ORC_LEASE_MS: '3000', ORC_REPLICAS: '3' };
    system = await startTestSystem({ plugins: [PROBE], natsServers: 3, env });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
  }, 120_000);

  afterAll(async () => {
    await operator?.nc.close();
    await system?.stop();
    effects.remove();
  });

  it.each(['results', 'requests', 'work'] as const)(
    'of which the leader of the stream of %s is killed under load, and comes back — nothing is lost or doubled',
    async (stream) => {
      const victim = await leaderOf(STREAMS[stream].name);
      const load = new Load(system, stream);
      await load.goOn(MORE);
      await system.kill(victim);
      await load.goOn(MORE);
      await system.start(victim);
      await load.goOn(MORE);
      await load.end();

      expect(load.requests.filter(({ fault }) => fault)).toEqual([]);
      const faults = load.calls.flatMap(({ fault }) => (fault ? [fault.code] : []));
      expect(faults.filter((code) => code !== 'unavailable' && code !== 'deadline-exceeded')).toEqual([]);
      const ended = effects.read().flatMap(({ what, name }) => (what === 'ended' ? [name] : []));
      expect(load.requests.filter(({ name }) => !ended.includes(name))).toEqual([]);
      requested += load.requests.length;
      expect(await storedResults()).toBe(requested);
    },
    120_000,
  );

  /** A place holds one result for ever: as many were stored as there are now. */
  async function storedResults(): Promise<number> {
    const { state } = await infoOf(STREAMS.results.name);
    expect(state.last_seq).toBe(state.messages);
    return state.messages;
  }

  /** Of the stream's leader; asked again while there is none, or the one that was asked is just being elected. */
  async function infoOf(stream: string): Promise<StreamInfo> {
    for (let tries = 1; ; tries++) {
      try {
        const jsm = await jetstreamManager(operator.nc);
        return await jsm.streams.info(stream);
      } catch (error) {
        if (tries === 10) throw error;
      }
    }
  }

  async function leaderOf(stream: string): Promise<string> {
    const { cluster } = await infoOf(stream);
    const name = [...system.processes.keys()].find(
      (process) => cluster?.leader?.replace(/-[0-9a-f]{12}$/, '') === process,
    );
    if (!name) throw new Error(`${stream} is led by ${cluster?.leader}`);
    return name;
  }
});

describe('streams of a cluster', () => {
  let system: TestSystem;
  let operator: Bus;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], natsServers: 3, env: { ORC_REPLICAS: '3' } });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
  }, 120_000);

  afterAll(async () => {
    await operator?.nc.close();
    await system?.stop();
  });

  it('are kept on all three servers, also one that was not', async () => {
    const jsm = await jetstreamManager(operator.nc);
    for (const name of [STREAMS.results.name, `KV_${CATALOGUE_BUCKET}`]) {
      await jsm.streams.update(name, { num_replicas: 1 });
    }
    await system.start('choreographer', 'choreographer-2');
    const infos = await Promise.all(STREAM_NAMES.map((name) => jsm.streams.info(name)));
    expect(infos.map(({ config }) => [config.name, config.num_replicas])).toEqual(
      STREAM_NAMES.map((name) => [name, 3]),
    );
  });
});

describe('one nats-server, asked for replicas', () => {
  it('that it has no cluster for — a service does not start, and says why', async () => {
    const start = startTestSystem({ plugins: [], env: { ORC_REPLICAS: '3' } });
    await expect(start).rejects.toThrow(/cannot start: .* needs a cluster .* ORC_REPLICAS/);
  });
});
