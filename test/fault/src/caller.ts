/**
 * The caller, as a process of its own: sends the operations of a seed at a steady rate and writes down what it sent, what
 * was acknowledged and what it was answered. On SIGTERM it sends nothing new, and ends once all that it sent has ended.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CallClient,
  type CallOutcome,
  connectBus,
  headers,
  type RequestHandle,
  StoredPublisher,
} from '@orchestrator/bus';
import { Fault, HEADERS, subjects } from '@orchestrator/protocol';
import { type Operation, operationOf } from './operations.js';
import type { SeenOutcome, SentEntry } from './sent-log.js';

const { FAULT_SEED = '1', FAULT_RATE = '20', FAULT_CALLER = 'soak', FAULT_SENT_LOG = '', NATS_URL } = process.env;
/** Operations whose end is still waited for. */
const MAX_OPEN = 400;
/** When the caller is told to end, what has no outcome by then has none. */
const GIVE_UP_MS = 60_000;

const seed = Number(FAULT_SEED);
const bus = await connectBus({ url: NATS_URL, name: FAULT_CALLER, waitForServer: true });
const client = new CallClient(bus, FAULT_CALLER);
const publisher = new StoredPublisher(bus);
const giveUp = new AbortController();
let isEnding = false;

type Written<E> = E extends SentEntry ? Omit<E, 'atMs'> : never;

function write(entry: Written<SentEntry>): void {
  appendFileSync(FAULT_SENT_LOG, `${JSON.stringify({ ...entry, atMs: Date.now() })}\n`);
}

function seen({ result, invocation, correlation }: CallOutcome): SeenOutcome {
  const found = { invocation, correlation };
  return result.ok ? found : { ...found, fault: result.fault.code, message: result.fault.message };
}

async function call({ n, ref, args, timeoutMs, range, key }: Operation): Promise<void> {
  write({ n, what: 'sent', other: false });
  try {
    write({ n, what: 'answer', ...seen(await client.call(ref, args, { timeoutMs, range, key })) });
  } catch (error) {
    const { code, message } = Fault.from(error);
    write({ n, what: 'answer', fault: code, message });
  }
}

/** Sends until it is acknowledged, under the same key; then waits for the outcome. */
async function request(operation: Operation, other: boolean): Promise<void> {
  const { n, ref, timeoutMs, range, key } = operation;
  const args = other ? (operation.otherArgs ?? {}) : operation.args;
  let handle: RequestHandle | undefined;
  for (let tries = 0; handle === undefined && !giveUp.signal.aborted; tries++) {
    if (tries > 0) await delay(100);
    write({ n, what: 'sent', other });
    try {
      handle = await client.request(ref, args, { timeoutMs, range, key });
      write({ n, what: 'stored', other, sequence: handle.sequence });
    } catch (error) {
      write({ n, what: 'unacknowledged', other, fault: Fault.from(error).code });
    }
  }
  const outcome = await handle?.outcome(giveUp.signal).catch(() => undefined); // the checker finds what is missing
  if (outcome) write({ n, what: 'outcome', other, ...seen(outcome) });
}

/** Without a key it is sent once: nobody could tell a second one from another request. */
async function requestKeyless({ n, ref, args, timeoutMs, range }: Operation): Promise<void> {
  const sent = headers();
  if (range !== undefined) sent.set(HEADERS.version, range);
  if (timeoutMs !== undefined) sent.set(HEADERS.expiryTime, new Date(Date.now() + timeoutMs).toISOString());
  write({ n, what: 'sent', other: false });
  try {
    const ack = await publisher.store(subjects.request({ caller: FAULT_CALLER, ...ref }), JSON.stringify(args), sent);
    write({ n, what: 'stored', other: false, sequence: ack.stored ? ack.sequence : 0 });
  } catch (error) {
    write({ n, what: 'unacknowledged', other: false, fault: Fault.from(error).code });
  }
}

async function perform(operation: Operation): Promise<void> {
  if (operation.mode === 'sync') return call(operation);
  if (operation.key === undefined) return requestKeyless(operation);
  await Promise.all(Array.from({ length: operation.copies }, () => request(operation, false)));
  if (operation.otherArgs) await request(operation, true);
}

process.on('SIGTERM', () => {
  isEnding = true;
  setTimeout(() => giveUp.abort(), GIVE_UP_MS).unref();
});
process.stdout.write('caller ready\n');

const open = new Set<Promise<void>>();
for (let n = 1; !isEnding; n++) {
  if (open.size < MAX_OPEN) {
    const operation = perform(operationOf(seed, n));
    open.add(operation);
    void operation.then(() => open.delete(operation));
  }
  await delay(1_000 / Number(FAULT_RATE));
}
await Promise.all(open);
await bus.nc.close();
