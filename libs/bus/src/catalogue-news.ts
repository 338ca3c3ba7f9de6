/**
 * Whether the catalogue has changed without its watcher having heard of it yet. A plugin is told that it is accepted once its
 * manifest is stored; whoever calls it then must find it, on whichever replica, though the news may still be on its way.
 */

/** How long news may take before nobody waits for it any more. */
const WAIT_MS = 1_000;

export class CatalogueNews {
  readonly #readNewest: () => Promise<number>;
  readonly #waiting = new Set<() => void>();
  #seen = 0;
  /** What never came, and need not be waited for again. */
  #missed = 0;
  #asking: Promise<number> | undefined;
  #next: Promise<number> | undefined;

  /** @param readNewest the sequence of the newest change that is stored */
  constructor(readNewest: () => Promise<number>) {
    this.#readNewest = readNewest;
  }

  /** The watcher has heard of the change with that sequence. */
  heard(sequence: number): void {
    this.#seen = Math.max(this.#seen, sequence);
    for (const look of this.#waiting) look();
  }

  /** Resolves with whether there was news, once the watcher has heard it. With NATS away there is none. */
  async arrive(): Promise<boolean> {
    const before = this.#seen;
    const newest = await this.#newest().catch(() => 0);
    if (newest > this.#seen && newest > this.#missed) await this.#hear(newest);
    return this.#seen > before;
  }

  async #hear(sequence: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => this.#seen >= sequence && resolve();
    const late = setTimeout(() => {
      this.#missed = sequence;
      resolve();
    }, WAIT_MS);
    this.#waiting.add(look);
    await promise;
    this.#waiting.delete(look);
    clearTimeout(late);
  }

  /** One question at a time: who comes while one is asked shares the next, since the answer to this one may be older. */
  #newest(): Promise<number> {
    if (this.#asking) {
      this.#next ??= this.#asking
        .catch(() => {})
        .then(() => {
          this.#next = undefined;
          return this.#newest();
        });
      return this.#next;
    }
    this.#asking = this.#readNewest().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }
}
