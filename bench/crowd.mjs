/**
 * Plugins that only exist: announces as many as its argument says, and sends the heartbeats of all of them, over one connection.
 */
import { connectBus, Requester, readAnswer } from '@orchestrator/bus';
import { LIMITS, subjects } from '@orchestrator/protocol';

const AT_ONCE = 20;
const count = Number(process.argv[2]);
const bus = await connectBus({ url: process.env.NATS_URL, name: 'crowd' });
const requester = new Requester(bus);
const schema = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
const plugins = Array.from({ length: count }, (_, n) => ({
  name: `crowd-${n}`,
  version: '1.0.0',
  description: 'Is there.',
  capabilities: [{ name: 'echo', description: 'Answers what it gets.', input: schema, output: schema }],
  uses: [],
}));

async function announce(manifest) {
  const body = JSON.stringify({ manifest, instance: manifest.name });
  readAnswer(await requester.request(subjects.announce(manifest.name), body, { timeoutMs: 20_000 }));
}

function beatAll() {
  for (const { name, version } of plugins) bus.nc.publish(subjects.beat({ plugin: name, version, instance: name }));
}

for (let n = 0; n < count; n += AT_ONCE) await Promise.all(plugins.slice(n, n + AT_ONCE).map(announce));
beatAll();
setInterval(beatAll, LIMITS.heartbeatMs);
await bus.nc.flush();
process.stdout.write('crowd ready\n');
