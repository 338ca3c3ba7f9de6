/**
 * How the room for requests is shared by callers: each may fill as much of it as is free, or its equal part of it where that is
 * more. So one alone fills half, several come to equal parts, and who comes new finds room. Pure.
 *
 * The server tells how many requests a caller has there, and how large all are together: how large each caller's are is estimated
 * from those that were seen.
 */

/** What is stored, as it was looked up. */
export interface StoredRequests {
  readonly bytes: number;
  /** How much there is room for; 0 or less for any number. */
  readonly maxBytes: number;
  /** The sequence of the last one: what came later is not among them. */
  readonly lastSequence: number;
  /** Requests by caller. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface WaitingRequest {
  readonly caller: string;
  readonly bytes: number;
  readonly sequence: number;
}

export class RequestShares {
  readonly #held = new Map<string, number>();
  readonly #maxBytes: number;
  readonly #lastSequence: number;
  #bytes: number;

  /** @param meanBytes how large requests of this caller are; undefined where none was seen */
  constructor(
    { bytes, maxBytes, lastSequence, counts }: StoredRequests,
    meanBytes: (caller: string) => number | undefined,
  ) {
    this.#maxBytes = maxBytes > 0 ? maxBytes : Number.POSITIVE_INFINITY;
    this.#bytes = bytes;
    this.#lastSequence = lastSequence;
    const known = [...counts.keys()].flatMap((caller) => meanBytes(caller) ?? []);
    const usual = known.length > 0 ? known.reduce((sum, mean) => sum + mean, 0) / known.length : 1;
    let weights = 0;
    for (const [caller, count] of counts) {
      const weight = count * (meanBytes(caller) ?? usual);
      this.#held.set(caller, weight);
      weights += weight;
    }
    for (const [caller, weight] of this.#held) this.#held.set(caller, (bytes * weight) / weights);
  }

  /** May this one wait there? It is counted from then on, or no longer. */
  mayWait({ caller, bytes, sequence }: WaitingRequest): boolean {
    const isCounted = sequence <= this.#lastSequence;
    const held = this.#held.get(caller) ?? 0;
    const equalPart = this.#maxBytes / (this.#held.size + 1);
    const isFair = held <= Math.max(this.#maxBytes - this.#bytes, equalPart);
    if (isFair !== isCounted) this.#add(caller, isFair ? bytes : -bytes);
    return isFair;
  }

  #add(caller: string, bytes: number): void {
    this.#bytes += bytes;
    this.#held.set(caller, (this.#held.get(caller) ?? 0) + bytes);
  }
}
