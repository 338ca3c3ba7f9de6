import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { Bus } from './connection.js';

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
    callback: (msg) => {
      onMessage({ sequence: msg.seq, subject: msg.subject, data: msg.data });
      if (msg.seq >= state.last_seq) resolve();
    },
  });
  await caughtUp;
}

/** When the stream was made, as text: tells it from another of the same name. */
export async function streamCreatedAt(bus: Bus, stream: string): Promise<string> {
  const jsm = await jetstream(bus.nc).jetstreamManager();
  return (await jsm.streams.info(stream)).created;
}
