/** Gives back what was taken; a second time changes nothing. */
export type GiveBack = () => void;

interface Waiting {
  readonly bytes: number;
  readonly resolve: (giveBack: GiveBack) => void;
}

/**
 * So many bytes at once, taken in the order in which they are asked for. What is larger than all of them is given when
 * nothing else is out: it waits, but not for ever.
 */
export class ByteBudget {
  readonly #total: number;
  #taken = 0;
  readonly #waiting: Waiting[] = [];

  constructor(total: number) {
    this.#total = total;
  }

  /** Rejects with the signal's reason when that aborts first. */
  take(bytes: number, signal: AbortSignal): Promise<GiveBack> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const waiting: Waiting = {
        bytes,
        resolve: (giveBack) => {
          signal.removeEventListener('abort', giveUp);
          resolve(giveBack);
        },
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
        this.#serve(); // a smaller one may have waited behind it
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next && this.#hasRoomFor(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.resolve(this.#give(next.bytes));
    }
  }

  #hasRoomFor({ bytes }: Waiting): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#total;
  }

  #give(bytes: number): GiveBack {
    this.#taken += bytes;
    let isOut = true;
    return () => {
      if (!isOut) return;
      isOut = false;
      this.#taken -= bytes;
      this.#serve();
    };
  }
}
