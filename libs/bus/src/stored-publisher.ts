/**
 * Publishing into streams. One wildcard inbox with callbacks takes all acknowledgements, so that any number of
 * publishes can be in flight with no subscription or request of their own.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { MsgHdrs } from '@nats-io/transport-node';
import { Fault, type FaultCode } from '@orchestrator/protocol';
import type { Bus } from './connection.js';
import type { Outbox } from './outbox.js';
import type { OutgoingHeaders } from './outgoing-headers.js';

/** JetStream's error for what a stream's own limits refuse: a second message on a subject that may hold one, or any when it is full. */
const REFUSED = 10077;
/** Only the text tells which of the limits it was. */
const SUBJECT_TAKEN = /per subject/;
/** Its errors for `Nats-Expected-Last-Subject-Sequence`: something else is the last message of the subject. */
const OTHER_IS_LAST = [10071, 10164];

/** What nobody takes is offered again: a cluster that has lost a server needs a moment to choose another leader. */
const OFFER_AGAIN_MS = 100;
const UNAVAILABLE = 503;
/** How long a refusal is rested upon. */
const TRY_AGAIN_MS = 250;

/** What may go by while nothing but time passes. */
const PASSING: ReadonlySet<FaultCode> = new Set(['unavailable', 'exhausted']);

export type StoreOutcome =
  | { readonly stored: true; readonly sequence: number }
  /** The subject holds a message already, and the stream's rule keeps the first; or it held one with the same `Nats-Msg-Id` lately. */
  | {
      readonly stored: false;
      /** Not because the subject is taken, but because its last message is another than the publisher had said. */
      readonly otherIsLast?: true;
    };

interface Waiting {
  readonly subject: string;
  readonly sinceMs: number;
  readonly send: () => void;
  readonly resolve: (outcome: StoreOutcome) => void;
  readonly reject: (fault: Fault) => void;
}

export class StoredPublisher {
  readonly #bus: Bus;
  readonly #outbox: Outbox;
  readonly #prefix: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #timeoutMs: number;
  #count = 0;

  /** @param timeoutMs how long to wait for an acknowledgement. @default 5000 */
  constructor(bus: Bus, timeoutMs = 5_000) {
    this.#bus = bus;
    this.#outbox = bus.outbox;
    this.#timeoutMs = timeoutMs;
    this.#prefix = bus.newInbox();
    const keyAt = this.#prefix.length + 1;
    bus.nc.subscribe(`${this.#prefix}.*`, {
      callback: (_error, msg) => this.#settle(msg.subject.slice(keyAt), msg.data, msg.headers?.code),
    });
    setInterval(() => this.#expire(), 1_000).unref();
  }

  /** The largest message that the server takes, headers included. */
  get maxBytes(): number {
    return this.#bus.maxPayload;
  }

  /**
   * Resolves when the stream has stored the message, or refused it as a second one on its subject.
   * @throws Fault `unavailable` without an acknowledgement in time: it may have been stored all the same, or be stored yet
   * @throws Fault `exhausted` when the stream refuses it for another reason, such as being full
   */
  store(subject: string, data: Uint8Array | string, headers?: MsgHdrs | OutgoingHeaders): Promise<StoreOutcome> {
    return new Promise((resolve, reject) => {
      const key = (this.#count++).toString(36);
      const send = () =>
        this.#outbox.send(subject, data, { headers, reply: `${this.#prefix}.${key}` }, (error) => {
          this.#waiting.delete(key);
          reject(Fault.from(error, 'unavailable'));
        });
      this.#waiting.set(key, { subject, sinceMs: Date.now(), send, resolve, reject });
      send();
    });
  }

  /**
   * Does something that stores, again and again until it succeeds or that time has come: NATS may be away, or a stream full.
   * Once at least. @throws Fault the last one, or at once one that would come again, or when the signal aborts
   */
  async keepTrying<T>(giveUpAtMs: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const isOver = signal?.aborted || this.#bus.nc.isClosed() || Date.now() + TRY_AGAIN_MS > giveUpAtMs;
        if (isOver || !PASSING.has(Fault.from(error).code)) throw error;
      }
      await delay(TRY_AGAIN_MS);
    }
  }

  #settle(key: string, data: Uint8Array, code: number | undefined): void {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    const ack = code === UNAVAILABLE ? NOBODY : parseAck(data);
    if (ack.error?.code === UNAVAILABLE && ack.error.err_code !== REFUSED) {
      this.#offerAgain(key, waiting, ack.error.description);
      return;
    }
    this.#waiting.delete(key);
    const { err_code: error = 0, description = '' } = ack.error ?? {};
    if (ack.duplicate || (error === REFUSED && SUBJECT_TAKEN.test(description))) waiting.resolve({ stored: false });
    else if (OTHER_IS_LAST.includes(error)) waiting.resolve({ stored: false, otherIsLast: true });
    else if (ack.error) waiting.reject(new Fault('exhausted', `The stream refuses it: ${description}.`));
    else waiting.resolve({ stored: true, sequence: ack.seq ?? 0 });
  }

  #offerAgain(key: string, waiting: Waiting, why = ''): void {
    if (Date.now() - waiting.sinceMs + OFFER_AGAIN_MS < this.#timeoutMs) {
      setTimeout(() => this.#waiting.has(key) && waiting.send(), OFFER_AGAIN_MS);
      return;
    }
    this.#waiting.delete(key);
    waiting.reject(new Fault('unavailable', `No stream takes ${waiting.subject}: ${why}.`));
  }

  #expire(): void {
    const oldest = Date.now() - this.#timeoutMs;
    for (const [key, waiting] of this.#waiting) {
      if (waiting.sinceMs > oldest) return; // in the order in which they were published
      this.#waiting.delete(key);
      waiting.reject(new Fault('unavailable', `NATS did not acknowledge ${waiting.subject} in time.`));
    }
  }
}

interface Ack {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

/** What there is instead of an acknowledgement where nobody listens. */
const NOBODY: Ack = { error: { code: UNAVAILABLE, description: 'nobody answers' } };

function parseAck(data: Uint8Array): Ack {
  return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString()) as Ack;
}
