/**
 * How much fails of what ended lately, by caller: so that one whose calls fail all by themselves does not close a plugin to the
 * others. Two generations, of which the older one is dropped whole. Pure.
 */

/** Callers that are told apart in a generation; the rest counts as one. */
const MAX_CALLERS = 64;
const THE_REST = '';

/** What fails of what ended lately. */
interface Failed {
  readonly calls: number;
  /** The part of them that failed: the average over callers. */
  readonly ratio: number;
  readonly callers: number;
  /** Callers of whose calls more than is bearable fail. */
  readonly failing: number;
}

interface Tally {
  calls: number;
  failures: number;
}

export class FailureWindow {
  readonly #halfMs: number;
  #young = new Map<string, Tally>();
  #old = new Map<string, Tally>();
  #sinceMs = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number) {
    this.#halfMs = windowMs / 2;
  }

  add(caller: string, isFailure: boolean, nowMs: number): void {
    this.#turn(nowMs);
    const key = this.#young.has(caller) || this.#young.size < MAX_CALLERS ? caller : THE_REST;
    const tally = this.#young.get(key) ?? { calls: 0, failures: 0 };
    tally.calls++;
    if (isFailure) tally.failures++;
    this.#young.set(key, tally);
  }

  /** Has nothing ended within the window? */
  isEmpty(nowMs: number): boolean {
    this.#turn(nowMs);
    return this.#young.size === 0 && this.#old.size === 0;
  }

  /** @param failureRatio from which part on a caller counts as one whose calls fail */
  failed(failureRatio: number): Failed {
    let calls = 0;
    let ratios = 0;
    let failing = 0;
    const callers = new Set([...this.#young.keys(), ...this.#old.keys()]);
    for (const caller of callers) {
      const [young, old] = [this.#young.get(caller), this.#old.get(caller)];
      const ofCaller = (young?.calls ?? 0) + (old?.calls ?? 0);
      calls += ofCaller;
      const failures = (young?.failures ?? 0) + (old?.failures ?? 0);
      ratios += failures / ofCaller;
      if (failures > 0 && failures / ofCaller >= failureRatio) failing++;
    }
    return { calls, ratio: callers.size === 0 ? 0 : ratios / callers.size, callers: callers.size, failing };
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #turn(nowMs: number): void {
    if (nowMs - this.#sinceMs < this.#halfMs) return;
    this.#old = nowMs - this.#sinceMs < 2 * this.#halfMs ? this.#young : new Map();
    this.#young = new Map();
    this.#sinceMs = nowMs;
  }
}
