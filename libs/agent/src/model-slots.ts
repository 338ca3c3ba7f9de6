/** How many model calls are under way at once. Who comes first is served first. */
export class ModelSlots {
  #limit: number;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes effect at once; what is under way goes on. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#serve();
  }

  /** Runs `work` in a slot. @throws the signal's reason, when it aborts before there is one */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      this.#taken--;
      this.#serve();
    }
  }

  #take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#waiting.delete(enter);
      reject(signal.reason);
    };
    const enter = () => {
      signal.removeEventListener('abort', leave);
      this.#taken++;
      resolve();
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.add(enter);
    this.#serve();
    return promise;
  }

  #serve(): void {
    for (const enter of this.#waiting) {
      if (this.#taken >= this.#limit) return;
      this.#waiting.delete(enter);
      enter();
    }
  }
}

/** Shared by all models of the process. */
export const processSlots = new ModelSlots(8);
