/**
 * Whether a request may wait for room: not where its caller has more than its part of all that waits. Then it is refused, so that
 * others find room for theirs. What is stored is looked up while requests have to wait, and the oftener, the more of them come.
 */
import { Fault } from '@orchestrator/protocol';
import { RecentMap } from '../domain/recent-map.js';
import { RequestShares, type StoredRequests } from '../domain/request-shares.js';

/** What was looked up is relied on for so long, */
const LOOK_MS = 500;
/** or until this part of the room has been taken from it, */
const LOOK_PART = 1 / 64;
/** but a look shall not take more than this part of the time. */
const LOOK_TIME_PART = 0.2;
/** Callers whose sizes are remembered. */
const CALLERS = 10_000;
/** How much of each request its caller's average takes on. */
const SMOOTHING = 1 / 16;
/** What a stored request takes besides its body, about. */
const OVERHEAD_BYTES = 250;
const RETRY_AFTER_MS = 5_000;

export class RequestBacklog {
  readonly #look: () => Promise<StoredRequests>;
  readonly #meanBytes = new RecentMap<number>(CALLERS);
  #shares: RequestShares | undefined;
  #looking: Promise<RequestShares> | undefined;
  #lookedAtMs = 0;
  #tookMs = 0;
  #roomBytes = Number.POSITIVE_INFINITY;
  #takenBytes = 0;

  constructor(look: () => Promise<StoredRequests>) {
    this.#look = look;
  }

  /** Why this caller's request, which has to wait, must not. Undefined where it may, or where that cannot be known. */
  async refusal(caller: string, bodyBytes: number, sequence: number): Promise<Fault | undefined> {
    const bytes = bodyBytes + OVERHEAD_BYTES;
    const mean = this.#meanBytes.get(caller) ?? bytes;
    this.#meanBytes.set(caller, mean + (bytes - mean) * SMOOTHING);
    this.#takenBytes += bytes;
    const shares = await this.#current().catch(() => undefined);
    if (!shares || shares.mayWait({ caller, bytes, sequence })) return undefined;
    const message = `So many requests of ${caller} wait already that others would find no room for theirs. Nothing was begun.`;
    return new Fault('exhausted', message, { limit: 'requests-waiting', retryAfterMs: RETRY_AFTER_MS });
  }

  #current(): Promise<RequestShares> {
    const ageMs = Date.now() - this.#lookedAtMs;
    const isOld = ageMs >= LOOK_MS || this.#takenBytes >= this.#roomBytes * LOOK_PART;
    if (this.#shares && !(isOld && ageMs * LOOK_TIME_PART >= this.#tookMs)) return Promise.resolve(this.#shares);
    this.#looking ??= this.#lookUp().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookUp(): Promise<RequestShares> {
    this.#lookedAtMs = Date.now();
    this.#takenBytes = 0;
    const stored = await this.#look();
    this.#tookMs = Date.now() - this.#lookedAtMs;
    this.#roomBytes = stored.maxBytes;
    this.#shares = new RequestShares(stored, (caller) => this.#meanBytes.get(caller));
    return this.#shares;
  }
}
