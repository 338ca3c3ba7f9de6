/**
 * A caller that takes no notice of others: `sync` keeps a thousand calls under way, and comes again when it was told to;
 * `durable` stores twenty thousand requests at once. Ready when there is more than the plugin can do; ends when it is told to.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CallClient, connectBus } from '@orchestrator/bus';
import { inFlight } from './load.mjs';

const UNDER_WAY = 1_000;
const REQUESTS = 20_000;
const WORK = { plugin: 'probe', capability: 'work' };

const bus = await connectBus({ url: process.env.NATS_URL, name: 'flood' });
const client = new CallClient(bus, 'flood');

async function callOnAndOn(onRefused) {
  for (;;) {
    const { result } = await client.call(WORK, { name: 'flood', ms: 200 });
    if (result.ok) continue;
    onRefused();
    await delay(result.fault.details?.retryAfterMs ?? 0);
  }
}

if (process.argv[2] === 'sync') {
  await new Promise((resolve) => {
    for (let n = 0; n < UNDER_WAY; n++) void callOnAndOn(resolve);
  });
} else {
  await inFlight(() => client.request(WORK, { name: 'flood', ms: 50 }), REQUESTS, 256);
}
process.stdout.write('flood ready\n');
