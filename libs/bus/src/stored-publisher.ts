/**
 * Publishing into streams. One wildcard inbox with callbacks takes all acknowledgements, so that any number of
 * publishes can be in flight with no subscription or request of their own.
 */
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { Fault } from '@orchestrator/protocol';
import type { Bus } from './connection.js';
import type { Outbox } from './outbox.js';
import type { OutgoingHeaders } from './outgoing-headers.js';

/** JetStream's error for a second message on a subject that may hold one. */
const SUBJECT_TAKEN = 10077;

/** What nats-server takes when nobody has configured it. */
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;

export type StoreOutcome =
  | { readonly stored: true; readonly sequence: number }
  /** The subject holds a message already, and the stream's rule keeps the first; or it held one with the same `Nats-Msg-Id` lately. */
  | { readonly stored: false };

interface Waiting {
  readonly subject: string;
  readonly sinceMs: number;
  readonly resolve: (outcome: StoreOutcome) => void;
  readonly reject: (fault: Fault) => void;
}

export class StoredPublisher {
  readonly #nc: NatsConnection;
  readonly #outbox: Outbox;
  readonly #prefix: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #timeoutMs: number;
  #count = 0;

  /** @param timeoutMs how long to wait for an acknowledgement. @default 5000 */
  constructor(bus: Bus, timeoutMs = 5_000) {
    this.#nc = bus.nc;
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
    return this.#nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
  }

  /**
   * Resolves when the stream has stored the message, or refused it as a second one on its subject.
   * @throws Fault `unavailable` without an acknowledgement in time: it may have been stored all the same
   * @throws Fault `exhausted` when the stream refuses it for another reason, such as being full
   */
  store(subject: string, data: Uint8Array | string, headers?: MsgHdrs | OutgoingHeaders): Promise<StoreOutcome> {
    return new Promise((resolve, reject) => {
      const key = (this.#count++).toString(36);
      this.#waiting.set(key, { subject, sinceMs: Date.now(), resolve, reject });
      this.#outbox.send(subject, data, { headers, reply: `${this.#prefix}.${key}` }, (error) => {
        this.#waiting.delete(key);
        reject(Fault.from(error, 'unavailable'));
      });
    });
  }

  #settle(key: string, data: Uint8Array, code: number | undefined): void {
    const waiting = this.#waiting.get(key);
    if (!waiting) return;
    this.#waiting.delete(key);
    if (code === 503) {
      waiting.reject(new Fault('unavailable', `No stream takes ${waiting.subject}.`));
      return;
    }
    const ack = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString()) as {
      seq?: number;
      duplicate?: boolean;
      error?: { err_code?: number; description?: string };
    };
    if (ack.duplicate || ack.error?.err_code === SUBJECT_TAKEN) waiting.resolve({ stored: false });
    else if (ack.error) waiting.reject(new Fault('exhausted', `The stream refuses it: ${ack.error.description}.`));
    else waiting.resolve({ stored: true, sequence: ack.seq ?? 0 });
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
