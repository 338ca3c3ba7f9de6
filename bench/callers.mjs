/** The ways of asking that are compared. Each answers a function that makes one call. */
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { CallClient, connectBus } from '@orchestrator/bus';
import { treeWhere } from '@orchestrator/testing';
import { payload } from './load.mjs';

const body = JSON.stringify(payload);
const ECHO = { plugin: 'probe', capability: 'echo' };
/** How many calls a chain has, each made by the one before it. */
const LINKS = 16;
const links = (prefix) => Array.from({ length: LINKS - 1 }, (_, n) => `${prefix}${n + 2}`);

/** nats.js request and reply. */
export async function rawRequest(url) {
  const nc = await connect({ servers: url });
  return {
    call: async () => (await nc.request('raw.echo', body, { timeout: 20_000 })).json(),
    close: () => nc.close(),
  };
}

/** A chain of nats.js requests, each answered once the next is. */
export async function rawChain(url) {
  const nc = await connect({ servers: url });
  const args = JSON.stringify({ rest: links('raw.chain.') });
  return {
    call: async () => (await nc.request('raw.chain.1', args, { timeout: 20_000 })).json(),
    close: () => nc.close(),
  };
}

/** JetStream publish, consume, publish, consume: both messages stored and acknowledged. */
export async function rawDurable(url) {
  const nc = await connect({ servers: url });
  const js = jetstream(nc);
  const waiting = new Map();
  let count = 0;
  nc.subscribe('raw.result.*', {
    callback: (_error, msg) => {
      const id = msg.subject.split('.')[2];
      waiting.get(id)?.(msg.json());
      waiting.delete(id);
    },
  });
  await nc.flush();
  return {
    call: () => {
      const id = String(count++);
      const answered = new Promise((resolve) => waiting.set(id, resolve));
      return Promise.all([js.publish(`raw.request.${id}`, body), answered]);
    },
    close: () => nc.close(),
  };
}

/** A synchronous call: admitted, signed, in the history, traced. */
export const syncCall = (url) => orchestrated(url, (client) => client.call(ECHO, payload));

/** A chain of synchronous calls, each within the one before it. */
export const syncChain = (url) =>
  orchestrated(url, (client) => client.call({ plugin: 'probe', capability: 'step-1' }, { rest: links('probe.step-') }));

/** A durable call: request, work, result and complete history stored, traced. */
export const durableCall = (url) =>
  orchestrated(url, async (client) => (await client.request(ECHO, payload)).outcome());

async function orchestrated(url, ask) {
  const bus = await connectBus({ url, name: 'bench' });
  const client = new CallClient(bus, 'bench');
  let correlation;
  return {
    call: async () => {
      const outcome = await ask(client);
      if (!outcome.result.ok) throw outcome.result.fault;
      correlation = outcome.correlation;
    },
    /** Resolves when the history shows the end of the last call: what was put off under load has been done. */
    settled: () => treeWhere(client, { correlation }, ([root]) => root?.state === 'succeeded'),
    close: () => bus.nc.close(),
  };
}
