import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { Fault } from '@orchestrator/protocol';
import { headersOf } from './header-block.js';
import type { Outbox } from './outbox.js';

/** One delivery of a stored message; it is delivered again unless it is acknowledged or renewed within the ack wait. */
export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  /** Why there are no headers, although the message has some. */
  readonly unreadable: Fault | undefined;
  /** Sequence in the stream. */
  readonly sequence: number;
  /** When it was stored: Unix time in nanoseconds, as text. */
  readonly storedAt: string;
  /** 1 at the first delivery. */
  readonly deliveries: number;
  /** Done with it. */
  ack(): void;
  /** Still working on it: the ack wait starts again. */
  renew(): void;
  /** Give it back at once. */
  giveBack(): void;
}

/** Reads the reply subject of a delivery: `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<n>.<seq>.<cseq>.<time>.<pending>`. */
export function deliveryFromMsg(outbox: Pick<Outbox, 'send'>, msg: Msg): Delivery | undefined {
  const reply = msg.reply;
  if (!reply?.startsWith('$JS.ACK.')) return undefined;
  const tokens = reply.split('.');
  const at = tokens.length > 9 ? 6 : 4;
  return {
    subject: msg.subject,
    data: msg.data,
    ...readableHeaders(msg),
    deliveries: Number(tokens[at]),
    sequence: Number(tokens[at + 1]),
    storedAt: tokens[at + 3] ?? '',
    ack: () => outbox.send(reply, '+ACK'),
    renew: () => outbox.send(reply, '+WPI'),
    giveBack: () => outbox.send(reply, '-NAK'),
  };
}

function readableHeaders(msg: Msg): Pick<Delivery, 'headers' | 'unreadable'> {
  try {
    return { headers: headersOf(msg), unreadable: undefined };
  } catch (error) {
    return { headers: undefined, unreadable: Fault.from(error) };
  }
}
