/**
 * A bounded number of slots that callers share fairly. Nobody is queued: who finds no slot is refused. Pure, and cheap: a
 * slot costs a look-up and two counters to take, and nothing to look up to give back.
 *
 * Many slots: a caller may have at most eight times as many as are left free (a "dynamic threshold"). So a caller alone gets
 * eight ninths, n callers that want all they can get come to equal shares, and one that comes new finds some free.
 * Few slots: there is nothing to keep free. A caller that is refused below its equal share is promised the next free slot for
 * as long as it was told to wait; promises are kept in the order in which they were given.
 */

/** How many times the free slots one caller may have. */
const THRESHOLD = 8;
/** Fewer than so many slots are used up to the last. */
const MANY = 16;
/** Callers that are promised a slot at a time; who comes when so many are is refused without. */
const MAX_PROMISED = 64;
/** How much later than it was told to a caller may come for what it was promised. */
const PROMISE_GRACE_MS = 500;
/** Callers without a slot are forgotten when there are more than so many. */
const MAX_IDLE = 1_024;
/** How much of each new run the average takes on. */
const SMOOTHING = 1 / 16;
/** The bounds of what a refused caller is told to wait. */
const RETRY_AFTER_MS = { min: 50, max: 5_000 };

/** The slots of one caller, of which one more is taken. */
export interface TakenSlot {
  readonly of: FairSlots;
  readonly caller: string;
  /** How many this caller has. */
  count: number;
}

export class FairSlots {
  readonly #callers = new Map<string, TakenSlot>();
  readonly #promised = new Map<string, number>();
  #taken = 0;
  /** Callers that have any. */
  #active = 0;
  #averageMs = 0;

  get taken(): number {
    return this.#taken;
  }

  /** Callers that are kept in mind: those with slots, and some that had any. */
  get remembered(): number {
    return this.#callers.size;
  }

  /** How many slots this caller has. */
  countOf(caller: string): number {
    return this.#callers.get(caller)?.count ?? 0;
  }

  /** How long to tell a refused caller to wait: by then, on average, what runs now has ended. */
  get retryAfterMs(): number {
    const { min, max } = RETRY_AFTER_MS;
    return Math.min(max, Math.max(min, Math.ceil(this.#averageMs)));
  }

  /** Undefined when the caller may have none at the moment. @param limit how many there are: it may change from call to call */
  take(caller: string, limit: number, nowMs: number): TakenSlot | undefined {
    const known = this.#callers.get(caller);
    const free = limit - this.#taken;
    if (!this.#mayTake(caller, known?.count ?? 0, free, limit, nowMs)) return undefined;
    const slot = known ?? { of: this, caller, count: 0 };
    if (!known) this.#callers.set(caller, slot);
    if (slot.count++ === 0) this.#active++;
    this.#taken++;
    return slot;
  }

  /** @param ranMs how long it was used; undefined when it was not */
  release(slot: TakenSlot, ranMs?: number): void {
    this.#taken--;
    if (ranMs !== undefined) this.#averageMs += (ranMs - this.#averageMs) * SMOOTHING;
    if (--slot.count > 0) return;
    this.#active--;
    if (this.#callers.size > MAX_IDLE) this.#callers.delete(slot.caller);
  }

  #mayTake(caller: string, count: number, free: number, limit: number, nowMs: number): boolean {
    const isPromised = this.#promised.size > 0 && this.#keepsPromise(caller, free, nowMs);
    if (isPromised) return true;
    if (free > this.#promised.size) return limit < MANY || count < THRESHOLD * free;
    const share = limit / (count > 0 ? this.#active : this.#active + 1);
    if (count < share && this.#promised.size < MAX_PROMISED && !this.#promised.has(caller)) {
      this.#promised.set(caller, nowMs + this.retryAfterMs + PROMISE_GRACE_MS);
    }
    return false;
  }

  /** Is a slot free for this caller that no earlier promise takes? */
  #keepsPromise(caller: string, free: number, nowMs: number): boolean {
    let earlier = 0;
    for (const [promised, untilMs] of this.#promised) {
      if (untilMs <= nowMs) this.#promised.delete(promised);
      else if (promised === caller) return earlier < free && this.#promised.delete(caller);
      else earlier++;
    }
    return false;
  }
}
