/** The four ways of asking for an echo that are compared. Each answers a function that makes one call. */
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { CallClient, connectBus } from '@orchestrator/bus';
import { payload } from './load.mjs';

const body = JSON.stringify(payload);
const ECHO = { plugin: 'probe', capability: 'echo' };

/** nats.js request and reply. */
export async function rawRequest(url) {
  const nc = await connect({ servers: url });
  return {
    call: async () => (await nc.request('raw.echo', body, { timeout: 20_000 })).json(),
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
export async function syncCall(url) {
  const bus = await connectBus({ url, name: 'bench' });
  const client = new CallClient(bus, 'bench');
  return { call: async () => expectOk(await client.call(ECHO, payload)), close: () => bus.nc.close() };
}

/** A durable call: request, work, result and complete history stored, traced. */
export async function durableCall(url) {
  const bus = await connectBus({ url, name: 'bench' });
  const client = new CallClient(bus, 'bench');
  return {
    call: async () => expectOk(await (await client.request(ECHO, payload)).outcome()),
    close: () => bus.nc.close(),
  };
}

function expectOk({ result }) {
  if (!result.ok) throw result.fault;
}
