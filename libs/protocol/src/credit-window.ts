/**
 * How far a writer may be ahead of its reader: the back-pressure of streamed output. Pure: it is told what was written and
 * what is acknowledged.
 *
 * Invariants, while somebody reads: (1) never more than `chunks` are unread. (2) Never more than `bytes` are unread, unless it
 * is a single chunk. (3) When everything is read, the next may be written, whatever its size.
 */
export interface WindowSize {
  readonly chunks: number;
  readonly bytes: number;
}

export class CreditWindow {
  readonly #size: WindowSize;
  /** Of the last ones written, oldest first: as many as can be unread. */
  readonly #lastBytes: number[] = [];
  #written: number;

  /** @param written how many there are from earlier attempts */
  constructor(size: WindowSize, written = 0) {
    this.#size = size;
    this.#written = written;
  }

  /** The number of the last chunk. */
  get written(): number {
    return this.#written;
  }

  /** @param acknowledged the number of the last chunk that was read; undefined while nobody reads, when nothing holds a writer up */
  mayWrite(bytes: number, acknowledged: number | undefined): boolean {
    if (acknowledged === undefined) return true;
    const unread = Math.max(0, this.#written - acknowledged);
    if (unread === 0) return true;
    if (unread >= this.#size.chunks) return false;
    const unreadBytes = this.#lastBytes.slice(-unread).reduce((sum, one) => sum + one, 0);
    return unreadBytes + bytes <= this.#size.bytes;
  }

  wrote(bytes: number): void {
    this.#written++;
    this.#lastBytes.push(bytes);
    if (this.#lastBytes.length > this.#size.chunks) this.#lastBytes.shift();
  }
}
