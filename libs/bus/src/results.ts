/**
 * Waiting for the results of durable calls. The stored message is the result: the server tells whoever listens once it is
 * stored, and as that can be missed, the stream is asked as well, now and then. What a host publishes may still be refused.
 */
import { Fault, HEADERS, patterns, type ResultAddress, STREAMS, subjects } from '@orchestrator/protocol';
import type { Answer } from './answers.js';
import type { Bus } from './connection.js';
import { type Requester, readStoredOn } from './requester.js';

/** A result that was stored before anybody listened, as with a key used again, is found after the first of these. */
const FIRST_CHECK_MS = 200;
const RECHECK_MS = 2_000;

/** In which the server names the subject that a stored message has; a message keeps those that it was stored with. */
const SUBJECT = 'Nats-Subject';

/**
 * Is this a result? A server puts acknowledgements and stored messages wherever a reply subject says, past all permissions:
 * what somebody had sent to a result's subject holds that place until a choreographer clears it, and is nobody's result. A
 * stored message that was stored elsewhere before names that subject, too.
 */
export function isResult({ headers }: Answer): boolean {
  return Boolean(headers?.get(HEADERS.id)) && new Set(headers?.values(SUBJECT)).size <= 1;
}

/** The subject of the result that the server tells of on this one. */
function toldOf(subject: string): string {
  return subject.replace('.stored.', '.result.');
}

/** What is stored in a result's place; undefined while nothing is. @throws Fault `unavailable` when the stream does not answer */
export async function readResultPlace(
  requester: Pick<Requester, 'request'>,
  address: ResultAddress,
): Promise<Answer | undefined> {
  return readStoredOn(requester, STREAMS.results.name, subjects.result(address));
}

/** The stored result; undefined while there is none. @throws Fault `unavailable` when the stream does not answer */
export async function readResult(requester: Requester, address: ResultAddress): Promise<Answer | undefined> {
  const stored = await readResultPlace(requester, address);
  return stored && isResult(stored) ? stored : undefined;
}

/** A result that is listened for. */
export interface ExpectedResult {
  readonly told: Promise<Answer>;
  /** No longer: it has come, or nobody waits for it. */
  forget(): void;
}

export class ResultWaiter {
  readonly #bus: Bus;
  readonly #requester: Requester;
  readonly #expected = new Map<string, Set<(answer: Answer) => void>>();
  readonly #listening = new Set<string>();

  constructor(bus: Bus, requester: Requester) {
    this.#bus = bus;
    this.#requester = requester;
  }

  /** Listens for a result whose request is not stored yet: then `wait` need not ask the stream at once. */
  expect(address: ResultAddress): ExpectedResult {
    this.#listen(address.caller);
    const subject = subjects.resultStored(address);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#expected.set(subject, (this.#expected.get(subject) ?? new Set()).add(resolve));
    const forget = () => {
      const others = this.#expected.get(subject);
      others?.delete(resolve);
      if (others?.size === 0) this.#expected.delete(subject);
    };
    return { told: promise, forget };
  }

  /**
   * Resolves with the stored result.
   * @param expected what `expect` answered, if the request was stored after that
   * @throws Fault `cancelled`, or the signal's own fault, when the signal aborts
   */
  async wait(address: ResultAddress, expected?: ExpectedResult, signal?: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const abort = () => {
      const reason: unknown = signal?.reason;
      reject(Fault.is(reason) ? reason : new Fault('cancelled', 'No longer waiting for the result.'));
    };
    const recheck = async () => {
      const answer = await readResult(this.#requester, address).catch(() => undefined);
      if (answer) resolve(answer);
    };
    const { told, forget } = expected ?? this.expect(address);
    void told.then(resolve);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    const timer = setInterval(recheck, RECHECK_MS);
    const first = setTimeout(recheck, expected ? FIRST_CHECK_MS : 0);
    try {
      return await promise;
    } finally {
      clearInterval(timer);
      clearTimeout(first);
      signal?.removeEventListener('abort', abort);
      forget();
    }
  }

  /** One subscription for everything that is answered to a caller. */
  #listen(caller: string): void {
    if (this.#listening.has(caller)) return;
    this.#listening.add(caller);
    this.#bus.nc.subscribe(patterns.resultsStoredFor(caller), {
      callback: (error, msg) => {
        // A stored message of another invocation can be had sent here, by a reply subject.
        if (error || !isResult(msg) || msg.headers?.get(SUBJECT) !== toldOf(msg.subject)) return;
        for (const resolve of this.#expected.get(msg.subject) ?? []) resolve(msg);
        this.#expected.delete(msg.subject);
      },
    });
  }
}
