/**
 * The history thread: reads `ORC_EVENTS`, keeps the index, answers questions about call trees, and makes the spans.
 * It has a connection of its own and a lower priority, so that however much history there is, calls are not kept waiting.
 */
import { setPriority } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { connectBus, serveQuery } from '@orchestrator/bus';
import { followStream, readStored, streamStart } from '@orchestrator/bus/streams';
import { decodeFrame, Fault, STREAMS } from '@orchestrator/protocol';
import { SpanQueue, sampledShare } from '@orchestrator/telemetry';
import { serveDeadLetters } from '../application/dead-letter-questions.js';
import { parseChangesQuery, parseRunQuery } from '../domain/run-query.js';
import { SeenInvocations } from '../domain/seen-invocations.js';
import { parseKeyQuery, parseTreeQuery } from '../domain/tree-query.js';
import { invocationTerm } from './frame-lookup.js';
import { HistoryIndex } from './history-index.js';
import { HistoryReader } from './history-reader.js';
import type { FromHistoryThread, HistoryThreadData, ToHistoryThread } from './protocol.js';
import { SpanMaker } from './span-maker.js';

/** On Linux the priority of a process id of 0 is that of the calling thread. */
const NICENESS = 10;
/** How often what the stream has forgotten is forgotten here. */
const FORGET_MS = 3_600_000;
/** How often it is told how many spans were dropped, where there are more. */
const TELL_MS = 1_000;

const data = workerData as HistoryThreadData;
const say = (message: FromHistoryThread) => parentPort?.postMessage(message);

if (process.platform === 'linux') setPriority(0, NICENESS);
const bus = await connectBus({ url: data.natsUrl, name: 'choreographer-history', waitForServer: true });
const index = HistoryIndex.open(data.file, (await streamStart(bus, STREAMS.events.name)).createdAt);
const reader = new HistoryReader({
  framesOf: (term) => index.framesOf(term),
  readFrame: (sequence) => readStored(bus, STREAMS.events.name, sequence),
});
const seen = new SeenInvocations(data.seen);
const spans = data.otlpEndpoint === undefined ? undefined : SpanQueue.toOtlp(data.otlpEndpoint);
const sampling = { isSampled: sampledShare(data.traceRatio), slowMs: data.traceSlowMs };
const maker = spans && new SpanMaker(spans, sampling, (correlation) => reader.recordsOf(correlation));

const sayProblem = (error: unknown) => say({ problem: Fault.from(error).message });
await followStream(bus, STREAMS.events.name, index.nextSequence, ({ sequence, subject, data: frame }) => {
  try {
    const records = decodeFrame(Buffer.from(frame).toString());
    index.apply(sequence, records);
    for (const record of records) {
      if ('mode' in record && record.mode === 'durable') seen.add(invocationTerm(record.invocation));
      maker?.onRecord(record, subject === data.ownSubject)?.catch(sayProblem);
    }
  } catch (error) {
    sayProblem(error);
  }
});
const forget = async () => index.forgetBefore((await streamStart(bus, STREAMS.events.name)).firstSequence);
const forgetting = setInterval(() => void forget().catch(sayProblem), FORGET_MS);
let spansDropped = 0;
const telling = setInterval(() => {
  if (!spans || spans.dropped === spansDropped) return;
  spansDropped = spans.dropped;
  say({ spansDropped });
}, TELL_MS);
await forget();
serveQuery(bus, 'choreographer', 'tree', async (args) => {
  const query = parseTreeQuery(args);
  const tree = await reader.tree(query);
  if (!tree) throw new Fault('not-found', 'The history holds nothing of that.', { ...query });
  return tree;
});
serveQuery(bus, 'choreographer', 'find', (args) => reader.find(parseKeyQuery(args)));
serveQuery(bus, 'choreographer', 'runs', (args) => index.runs(parseRunQuery(args)));
serveQuery(bus, 'choreographer', 'run-changes', (args) => {
  const { filter, after } = parseChangesQuery(args);
  return index.runChanges(filter, after);
});
serveDeadLetters(bus, (correlation) => reader.recordsOf(correlation));
await bus.nc.flush();
say({ caughtUp: true });
void markSeen().catch(sayProblem);

parentPort?.on('message', (message: ToHistoryThread) => {
  if (message === 'close') void close();
});

/** Marks what was read in earlier lives, without keeping anybody waiting. */
async function markSeen(): Promise<void> {
  for (const terms of index.invocations()) {
    for (const term of terms) seen.add(term);
    await setImmediate();
  }
  seen.setWhole();
}

async function close(): Promise<void> {
  clearInterval(forgetting);
  clearInterval(telling);
  await bus.nc.drain();
  await spans?.close();
  index.close();
  parentPort?.close();
}
