/** What one caller has to bear of another that floods the same plugin: its own calls beside those of the flood, and alone. */
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { CallClient, connectBus } from '@orchestrator/bus';

/** Few enough that the flood fills them without needing a machine of its own. */
const CALLS_PER_INSTANCE = 400;
const WORK = { plugin: 'probe', capability: 'work' };
const POLL_MS = 100;

/** Fewer than others do: a flood lasts only so long. */
export const FAIRNESS_LOAD = { warmUp: 20, alone: 60, loaded: 200, together: 8 };

export async function openFairness(stage) {
  const system = await stage.system({ ORC_MAX_CALLS_PER_INSTANCE: String(CALLS_PER_INSTANCE) });
  const bus = await connectBus({ url: system.nats.url, name: 'bench' });
  const operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
  const client = new CallClient(bus, 'quiet');
  const good = ({ result }) => {
    if (!result.ok) throw result.fault;
  };
  const ask = {
    sync: async () => good(await client.call(WORK, { name: 'quiet', ms: 1 })),
    durable: async () => good(await (await client.request(WORK, { name: 'quiet', ms: 1 })).outcome()),
  };
  const flooded = (kind) => {
    let flood;
    return {
      begin: () => {
        flood = stage.process('flood', [kind], { NATS_URL: system.nats.url });
      },
      call: async () => {
        await flood;
        await ask[kind]();
      },
      settled: async () => {
        await (await flood).stop();
        const jsm = await jetstreamManager(operator.nc);
        while ((await jsm.streams.info('ORC_REQUESTS')).state.messages > 0) await delay(POLL_MS);
      },
      close: () => {},
    };
  };
  return {
    syncAlone: { call: ask.sync, close: () => {} },
    syncFlooded: flooded('sync'),
    durableAlone: { call: ask.durable, close: () => {} },
    durableFlooded: {
      ...flooded('durable'),
      close: async () => {
        await bus.nc.close();
        await operator.nc.close();
      },
    },
  };
}

export function rowsOfFairness({ of, ratio }) {
  const rows = (what, kind, wantedRate, wantedTime) => {
    const [flooded, alone] = [`${kind}Flooded`, `${kind}Alone`];
    return [
      [
        `${what} beside a flood, rate, to alone`,
        of(flooded, 'perSecond'),
        'calls/s',
        ratio(flooded, alone, 'perSecond'),
        wantedRate,
      ],
      [`${what} beside a flood, p50, to alone`, of(flooded, 'p50Ms'), 'ms', ratio(flooded, alone, 'p50Ms'), wantedTime],
    ];
  };
  return [...rows('sync call', 'sync', '', ''), ...rows('durable call', 'durable', '', '')];
}
