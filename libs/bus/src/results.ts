/**
 * Waiting for the results of durable calls. The stored message is the result; the copy that core NATS delivers while
 * somebody listens is only a hint, so the stream is asked as well: at the start, after a reconnect, and now and then.
 */
import { Fault, patterns, type ResultAddress, STREAMS, subjects } from '@orchestrator/protocol';
import type { Answer } from './answers.js';
import type { Bus } from './connection.js';
import type { Requester } from './requester.js';

const RECHECK_MS = 2_000;

/** The stored result; undefined while there is none. @throws Fault `unavailable` when the stream does not answer */
export async function readResult(requester: Requester, address: ResultAddress): Promise<Answer | undefined> {
  const subject = `$JS.API.DIRECT.GET.${STREAMS.results.name}.${subjects.result(address)}`;
  const msg = await requester.request(subject, '', { timeoutMs: 5_000 });
  return msg.headers?.code === 404 ? undefined : msg;
}

export class ResultWaiter {
  readonly #bus: Bus;
  readonly #requester: Requester;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  readonly #listening = new Set<string>();

  constructor(bus: Bus, requester: Requester) {
    this.#bus = bus;
    this.#requester = requester;
  }

  /** Listens for everything that is answered to this caller. Call it before publishing, so that no hint is missed. */
  listen(caller: string): void {
    if (this.#listening.has(caller)) return;
    this.#listening.add(caller);
    this.#bus.nc.subscribe(patterns.resultsFor(caller), {
      callback: (error, msg) => {
        if (!error) this.#waiting.get(msg.subject)?.(msg);
      },
    });
  }

  /** Resolves with the stored result. @throws Fault `cancelled`, or the signal's own fault, when the signal aborts */
  async wait(address: ResultAddress, signal?: AbortSignal): Promise<Answer> {
    const subject = subjects.result(address);
    this.listen(address.caller);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const abort = () => {
      const reason: unknown = signal?.reason;
      reject(Fault.is(reason) ? reason : new Fault('cancelled', 'No longer waiting for the result.'));
    };
    const recheck = async () => {
      const answer = await readResult(this.#requester, address).catch(() => undefined);
      if (answer) resolve(answer);
    };
    this.#waiting.set(subject, resolve);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    const timer = setInterval(recheck, RECHECK_MS);
    void recheck();
    try {
      return await promise;
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
      if (this.#waiting.get(subject) === resolve) this.#waiting.delete(subject);
    }
  }
}
