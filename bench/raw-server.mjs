/** The other side of the raw measurements: answers requests, and works JetStream messages off, with nothing but nats.js. */
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const nc = await connect({ servers: process.env.NATS_URL });
nc.subscribe('raw.echo', { queue: 'raw', callback: (_error, msg) => msg.respond(JSON.stringify(msg.json())) });
nc.subscribe('raw.chain.*', {
  queue: 'raw',
  callback: async (_error, msg) => {
    const { rest } = msg.json();
    const [first, ...more] = rest;
    if (first === undefined) return msg.respond('{"json":"end"}');
    const answer = await nc.request(first, JSON.stringify({ rest: more }), { timeout: 20_000 });
    msg.respond(JSON.stringify(answer.json()));
  },
});

const jsm = await jetstreamManager(nc);
await jsm.streams.add({ name: 'RAW_REQUESTS', subjects: ['raw.request.*'], retention: 'workqueue' });
await jsm.streams.add({ name: 'RAW_RESULTS', subjects: ['raw.result.*'] });
await jsm.consumers.add('RAW_REQUESTS', {
  durable_name: 'raw',
  ack_policy: AckPolicy.Explicit,
  max_ack_pending: 5_000,
});
const js = jetstream(nc);
const consumer = await js.consumers.get('RAW_REQUESTS', 'raw');
await consumer.consume({
  max_messages: 500,
  callback: async (msg) => {
    await js.publish(`raw.result.${msg.subject.split('.')[2]}`, JSON.stringify(msg.json()));
    msg.ack();
  },
});
await nc.flush();
process.stdout.write('raw ready\n');
