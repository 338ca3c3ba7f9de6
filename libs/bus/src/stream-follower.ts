import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Bus } from './connection.js';

/** Two that are missed make the follower begin anew where it was: its consumer is gone with the server that held it. */
const HEARTBEAT_MS = 1_000;

/** A stored message, in stream order. */
export interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
}

/**
 * Reads a stream from `fromSequence` on, in order, for ever; an ordered consumer makes itself anew after a gap or a
 * reconnect. Resolves once everything that was stored when it began has been handed over.
 */
export async function followStream(
  bus: Bus,
  stream: string,
  fromSequence: number,
  onMessage: (message: StoredMessage) => void,
): Promise<void> {
  const js = jetstream(bus.nc);
  const { state } = await (await js.jetstreamManager()).streams.info(stream);
  const consumer = await js.consumers.get(stream, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, fromSequence),
  });
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
  if (state.messages === 0 || state.last_seq < fromSequence) resolve();
  await consumer.consume({
    max_messages: 1_000,
    idle_heartbeat: HEARTBEAT_MS,
    callback: (msg) => {
      onMessage({ sequence: msg.seq, subject: msg.subject, data: msg.data });
      if (msg.seq >= state.last_seq) resolve();
    },
  });
  await caughtUp;
}

/** When the stream was made, as text, which tells it from another of the same name; and the first message that it still holds. */
export async function streamStart(bus: Bus, stream: string): Promise<{ createdAt: string; firstSequence: number }> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const { created, state } = await jsm.streams.info(stream);
  return { createdAt: created, firstSequence: state.first_seq };
}

/** The stored message of that sequence; undefined when the stream does not hold it any more. */
export async function readStored(bus: Bus, stream: string, sequence: number): Promise<Uint8Array | undefined> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const stored = await jsm.direct.getMessage(stream, { seq: sequence });
  return stored?.data;
}
