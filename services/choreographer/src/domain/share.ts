/**
 * What one replica holds of a counted bound. Slots are reserved before use, some at a time, by adding to a counter that all
 * replicas share; a slot counts as used from then on. Pure.
 *
 * Why no bound is exceeded, whatever the order of additions: the counter never stands below what is reserved and not given
 * back, and a reservation is granted only as far as the counter, before it was added to, left room below the limit.
 */

/** The most that is reserved beyond what is wanted at once. */
const MAX_AHEAD = 15;
/** A share of what is left that one replica may hold in store: nothing once less than this is left. */
const AHEAD_PART = 64;
/** For how long a counter that was full is taken to be so: others may give back what they do not use. */
const FULL_MS = 250;

export class Share {
  readonly limit: number;
  #held = 0;
  /** Where the counter stood when it was last seen. */
  #seen = 0;
  #fullUntilMs = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Reserved, and not yet used. */
  get held(): number {
    return this.#held;
  }

  /** What is used or reserved by all, as far as it was seen. */
  get used(): number {
    return Math.min(this.#seen, this.limit);
  }

  take(): boolean {
    if (this.#held === 0) return false;
    this.#held--;
    return true;
  }

  /** What was taken is not used after all. */
  putBack(): void {
    this.#held++;
  }

  /** Drops what is held, to be given back; answers how much. */
  drop(count: number): number {
    this.#held -= count;
    return count;
  }

  isFull(nowMs: number): boolean {
    return this.limit === 0 || nowMs < this.#fullUntilMs;
  }

  /** How many to reserve for so many that wait: fewer ahead, the fewer are left, and none near the limit. */
  wanted(waiting: number): number {
    const left = Math.max(0, this.limit - this.#seen);
    return Math.max(1, Math.min(waiting, left)) + aheadOf(left);
  }

  /**
   * Takes in a reservation: the counter stood at `total` once `added` had been added. `stored` slots of it are held now,
   * the rest must be given back.
   */
  grant(
    added: number,
    total: number,
    waiting: number,
    nowMs: number,
  ): { readonly stored: number; readonly excess: number } {
    const left = Math.max(0, this.limit - (total - added));
    // What was wanted before the counter was seen may be more than is due now.
    const stored = Math.min(added, left, waiting + aheadOf(left));
    this.#held += stored;
    this.#seen = total - (added - stored);
    if (left === 0) this.#fullUntilMs = nowMs + FULL_MS;
    return { stored, excess: added - stored };
  }
}

function aheadOf(left: number): number {
  return Math.min(MAX_AHEAD, Math.floor(left / AHEAD_PART));
}
