/** Stored messages that are looked through, read and taken out one by one. */
import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type MsgHdrs, nanos } from '@nats-io/transport-node';
import type { Bus } from './connection.js';

/** What a look through a stream sees of a message: all but its body. */
export interface MessageHead {
  readonly subject: string;
  readonly sequence: number;
  /** Unix time in milliseconds. */
  readonly storedAtMs: number;
  readonly headers: MsgHdrs;
  /** Size of the body. */
  readonly bytes: number;
}

export interface StoredBody extends MessageHead {
  readonly data: Uint8Array;
}

export interface LookBack {
  readonly stream: string;
  /** Subjects, with wildcards. */
  readonly filter: string;
  /** Only messages with a lower sequence. @default all */
  readonly before?: number | undefined;
}

/** Sequences looked at with the first step back; twice as many with each further one. */
const FIRST_STEP = 256;
const LONGEST_STEP = 8_192;
const WAIT_MS = 3_000;

/** What one step back has seen. */
export interface Stretch {
  /** Newest first; there may be none. */
  readonly heads: readonly MessageHead[];
  /** All from this sequence on has been seen. */
  readonly start: number;
}

/** Goes through a stream from the newest message to the oldest, a step at a time. */
export async function* lookBack(bus: Bus, { stream, filter, before }: LookBack): AsyncGenerator<Stretch> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const { state } = await jsm.streams.info(stream);
  let end = Math.min(before ?? Number.POSITIVE_INFINITY, state.last_seq + 1);
  for (let step = FIRST_STEP; end > state.first_seq; step = Math.min(2 * step, LONGEST_STEP)) {
    const start = Math.max(state.first_seq, end - step, 1);
    yield { heads: (await readHeads(bus, jsm, { stream, filter, start, end })).reverse(), start };
    end = start;
  }
}

interface Bounds {
  readonly stream: string;
  readonly filter: string;
  /** The first sequence, and the one after the last. */
  readonly start: number;
  readonly end: number;
}

/** By a consumer that is made for it: a direct get would bring the bodies along. */
async function readHeads(bus: Bus, jsm: JetStreamManager, { stream, filter, start, end }: Bounds) {
  const { name, num_pending } = await jsm.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: start,
    filter_subject: filter,
    headers_only: true,
    mem_storage: true,
    inactive_threshold: nanos(2 * WAIT_MS),
  });
  const heads: MessageHead[] = [];
  try {
    const count = Math.min(num_pending, end - start);
    if (count === 0) return heads;
    const consumer = await jetstream(bus.nc).consumers.get(stream, name);
    for await (const msg of await consumer.fetch({ max_messages: count, expires: WAIT_MS })) {
      if (msg.seq >= end) break;
      const headers = msg.headers as MsgHdrs; // a consumer without bodies says how large they are in a header
      const bytes = Number(headers.get('Nats-Msg-Size'));
      heads.push({
        subject: msg.subject,
        sequence: msg.seq,
        storedAtMs: msToNumber(msg.timestampNanos),
        headers,
        bytes,
      });
    }
    return heads;
  } finally {
    await jsm.consumers.delete(stream, name).catch(() => {}); // the server forgets it by itself
  }
}

function msToNumber(timeNanos: bigint): number {
  return Number(timeNanos / 1_000_000n);
}

/** The newest message on a subject, which may have wildcards; undefined while there is none. */
export async function readNewest(bus: Bus, stream: string, subject: string): Promise<StoredBody | undefined> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const stored = await jsm.streams.getMessage(stream, { last_by_subj: subject });
  if (!stored) return undefined;
  const { seq: sequence, time, header: headers, data } = stored;
  return { subject: stored.subject, sequence, storedAtMs: time.getTime(), headers, data, bytes: data.length };
}

/** The message of that sequence; undefined when it is gone. */
export async function readStoredAt(bus: Bus, stream: string, sequence: number): Promise<StoredBody | undefined> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const stored = await jsm.streams.getMessage(stream, { seq: sequence });
  if (!stored) return undefined;
  const { subject, time, header: headers, data } = stored;
  return { subject, sequence, storedAtMs: time.getTime(), headers, data, bytes: data.length };
}

/** A stored message with the time that its server stored it, exactly. */
export interface ScannedMessage {
  readonly subject: string;
  readonly sequence: number;
  /** Unix time in nanoseconds, as text. */
  readonly storedAt: string;
  readonly headers: MsgHdrs;
  readonly data: Uint8Array;
}

/** What one step of a scan brings at most. */
const SCAN = { batch: 256, max_bytes: 4 * 1024 * 1024 };

/** What a stream holds, oldest first, from a sequence on; not what comes meanwhile. Also of a stream that is worked off: no consumer is needed. */
export async function* scanStored(bus: Bus, stream: string, from = 1): AsyncGenerator<ScannedMessage> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const { first_seq, last_seq, messages } = (await jsm.streams.info(stream)).state;
  if (messages === 0) return;
  for (let next = Math.max(first_seq, from); next <= last_seq; ) {
    const before = next;
    for await (const stored of await jsm.direct.getBatch(stream, { seq: next, next_by_subj: '>', ...SCAN })) {
      const { subject, seq: sequence, header: headers, data } = stored;
      if (sequence > last_seq) return;
      yield { subject, sequence, storedAt: nanosOf(stored.timestamp), headers, data };
      next = sequence + 1;
    }
    if (next === before) return;
  }
}

/** Of an RFC 3339 time with any number of decimals. */
function nanosOf(timestamp: string): string {
  const [, seconds = '', decimals = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(timestamp) ?? [];
  return `${Date.parse(`${seconds}Z`) / 1_000}${decimals.padEnd(9, '0')}`;
}

/** Answers whether it was this that took it out: of several who try, one does. */
export async function removeStored(bus: Bus, stream: string, sequence: number): Promise<boolean> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  try {
    return await jsm.streams.deleteMessage(stream, sequence, false);
  } catch (error) {
    // One code stands for a message that is gone and for a failure: what tells them apart is whether it is there.
    if (error instanceof JetStreamApiError && !(await jsm.streams.getMessage(stream, { seq: sequence }))) return false;
    throw error;
  }
}

/**
 * Takes out what is stored on a subject, if anything is. Never by a purge: nats-server 2.15 makes consumers of the stream
 * forget other messages with it, which are then never delivered.
 */
export async function removeStoredOn(bus: Bus, stream: string, subject: string): Promise<void> {
  for (;;) {
    const stored = await readNewest(bus, stream, subject);
    if (!stored) return;
    await removeStored(bus, stream, stored.sequence);
  }
}
