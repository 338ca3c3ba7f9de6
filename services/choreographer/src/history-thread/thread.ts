/**
 * The history thread: reads `ORC_EVENTS`, keeps the projection, answers questions about call trees, and makes the spans.
 * It has a connection of its own and a lower priority, so that however much history there is, calls are not kept waiting.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { connectBus, serveQuery } from '@orchestrator/bus';
import { followStream, streamCreatedAt } from '@orchestrator/bus/streams';
import { decodeFrame, Fault, STREAMS } from '@orchestrator/protocol';
import { SpanQueue } from '@orchestrator/telemetry';
import { SeenInvocations } from '../domain/seen-invocations.js';
import { parseTreeQuery } from '../domain/tree-query.js';
import { HistoryProjection } from './history-projection.js';
import type { FromHistoryThread, HistoryThreadData, ToHistoryThread } from './protocol.js';
import { SpanMaker } from './span-maker.js';

/** On Linux the priority of a process id of 0 is that of the calling thread. */
const NICENESS = 10;

const data = workerData as HistoryThreadData;
const say = (message: FromHistoryThread) => parentPort?.postMessage(message);

if (process.platform === 'linux') setPriority(0, NICENESS);
const bus = await connectBus({ url: data.natsUrl, name: 'choreographer-history', waitForServer: true });
const projection = HistoryProjection.open(data.file, await streamCreatedAt(bus, STREAMS.events.name));
const seen = new SeenInvocations(data.seen);
for (const invocation of projection.durableInvocations()) seen.add(invocation);
const spans = data.otlpEndpoint === undefined ? undefined : SpanQueue.toOtlp(data.otlpEndpoint);
const maker = spans && new SpanMaker(spans, (correlation) => projection.recordsOf(correlation));

await followStream(bus, STREAMS.events.name, projection.nextSequence, ({ sequence, subject, data: frame }) => {
  try {
    const lines = decodeFrame(Buffer.from(frame).toString());
    projection.apply(sequence, lines);
    for (const { record } of lines) {
      if ('mode' in record && record.mode === 'durable') seen.add(record.invocation);
      maker?.onRecord(record, subject === data.ownSubject);
    }
  } catch (error) {
    say({ problem: Fault.from(error).message });
  }
});
serveQuery(bus, 'choreographer', 'tree', (args) => {
  const query = parseTreeQuery(args);
  const tree = projection.tree(query);
  if (!tree) throw new Fault('not-found', 'The history holds nothing of that.', { ...query });
  return tree;
});
await bus.nc.flush();
say({ caughtUp: true });

parentPort?.on('message', (message: ToHistoryThread) => {
  if (message === 'close') void close();
});

async function close(): Promise<void> {
  await bus.nc.drain();
  await spans?.close();
  projection.close();
  parentPort?.close();
}
