/**
 * A map that forgets what was put in longest ago. It keeps two generations and drops the older one whole: taking single
 * entries out of the front of a large `Map` gets slower with each one that was taken.
 */
export class RecentMap<Value> {
  readonly #perGeneration: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  /** @param atLeast how many of the latest entries are certainly there; never more than twice as many are */
  constructor(atLeast: number) {
    this.#perGeneration = atLeast;
  }

  get(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#perGeneration && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
