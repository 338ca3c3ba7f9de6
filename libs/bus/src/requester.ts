/** Request and reply over one wildcard inbox with callbacks, which costs less than a request each. */
import { type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { Fault } from '@orchestrator/protocol';
import type { Bus } from './connection.js';

interface Waiting {
  readonly subject: string;
  readonly deadlineMs: number;
  readonly resolve: (msg: Msg) => void;
  readonly reject: (fault: Fault) => void;
}

export interface RequestOptions {
  readonly headers?: MsgHdrs | undefined;
  /** How long to wait for the first answer; later ones are dropped. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** How often deadlines are looked at; an answer that never comes is noticed this much late at most. */
const SWEEP_MS = 50;

export class Requester {
  readonly #bus: Bus;
  readonly #prefix: string;
  readonly #waiting = new Map<string, Waiting>();
  #count = 0;

  constructor(bus: Bus) {
    this.#bus = bus;
    this.#prefix = bus.newInbox();
    const keyAt = this.#prefix.length + 1;
    bus.nc.subscribe(`${this.#prefix}.*`, {
      callback: (_error, msg) => {
        const key = msg.subject.slice(keyAt);
        const waiting = this.#waiting.get(key);
        this.#waiting.delete(key);
        if (msg.headers?.code === 503) waiting?.reject(new Fault('unavailable', `Nobody answers ${waiting.subject}.`));
        else waiting?.resolve(msg);
      },
    });
    setInterval(() => this.#expire(), SWEEP_MS).unref();
  }

  /** While NATS is away, it is sent when that is back. @throws Fault `unavailable` when nobody listens, `deadline-exceeded` without an answer in time, `cancelled` by the signal */
  request(subject: string, data: Uint8Array | string, options: RequestOptions): Promise<Msg> {
    return new Promise((resolve, reject) => {
      const { headers, timeoutMs, signal } = options;
      if (signal?.aborted) return reject(abortedFault(signal));
      const key = (this.#count++).toString(36);
      let withdraw = () => {};
      const abort = signal && (() => this.#waiting.delete(key) && fail(abortedFault(signal)));
      if (abort) signal.addEventListener('abort', abort, { once: true });
      const done = () => {
        withdraw();
        if (abort) signal.removeEventListener('abort', abort);
      };
      const fail = (fault: Fault) => {
        done();
        reject(fault);
      };
      this.#waiting.set(key, {
        subject,
        deadlineMs: Date.now() + timeoutMs,
        resolve: (msg) => {
          done();
          resolve(msg);
        },
        reject: fail,
      });
      withdraw = this.#bus.life.whenUp(() => {
        if (!this.#waiting.has(key)) return;
        try {
          this.#bus.nc.publish(subject, data, { reply: `${this.#prefix}.${key}`, ...(headers && { headers }) });
        } catch (error) {
          this.#waiting.delete(key);
          fail(Fault.from(error, 'unavailable'));
        }
      });
    });
  }

  #expire(): void {
    const now = Date.now();
    for (const [key, waiting] of this.#waiting) {
      if (waiting.deadlineMs > now) continue;
      this.#waiting.delete(key);
      waiting.reject(new Fault('deadline-exceeded', `No answer on ${waiting.subject} in time.`));
    }
  }
}

function abortedFault(signal: AbortSignal): Fault {
  return Fault.is(signal.reason) ? signal.reason : new Fault('cancelled', 'The caller gave up.');
}

/** The newest message that a stream holds on a subject; undefined without one. @throws Fault `unavailable` when the stream does not answer */
export async function readStoredOn(
  requester: Pick<Requester, 'request'>,
  stream: string,
  subject: string,
): Promise<Msg | undefined> {
  const asking = requester.request(`$JS.API.DIRECT.GET.${stream}.${subject}`, '', { timeoutMs: 5_000 });
  const msg = await asking.catch((cause) => {
    throw new Fault('unavailable', `${stream} does not answer.`, undefined, { cause });
  });
  return msg.headers?.code === 404 ? undefined : msg;
}
