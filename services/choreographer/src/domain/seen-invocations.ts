/**
 * A Bloom filter over invocations in memory that two threads share: the history thread marks what it has read, the main
 * thread asks. "No" is certain, up to what has not been read yet; "perhaps" is worth a look into the history. The terms of
 * invocations are hashes already, so the two halves of one serve as hashes.
 */
const HALF = 2 ** 26;
const HASHES = 4;

export class SeenInvocations {
  /** Is 1 once everything that was read before is marked. */
  readonly #isWhole: Int32Array;
  readonly #bits: Int32Array;

  /** @param memory as `allocate` makes it */
  constructor(memory: SharedArrayBuffer) {
    this.#isWhole = new Int32Array(memory, 0, 1);
    this.#bits = new Int32Array(memory, 4);
  }

  /** @param bytes a power of two; 4 MiB keep false alarms below 1 in 100 up to 3 million invocations */
  static allocate(bytes = 4 * 1024 * 1024): SharedArrayBuffer {
    return new SharedArrayBuffer(4 + bytes);
  }

  /** @param term see `invocationTerm` */
  add(term: number): void {
    for (const position of this.#positions(term)) Atomics.or(this.#bits, position >>> 5, 1 << (position & 31));
  }

  /** What was read in earlier lives is marked: before that, every answer is "perhaps". */
  setWhole(): void {
    Atomics.store(this.#isWhole, 0, 1);
  }

  mayHave(term: number): boolean {
    if (Atomics.load(this.#isWhole, 0) === 0) return true;
    const isSet = (position: number) => (Atomics.load(this.#bits, position >>> 5) & (1 << (position & 31))) !== 0;
    return this.#positions(term).every(isSet);
  }

  #positions(term: number): number[] {
    const size = this.#bits.length * 32;
    const start = term % HALF;
    const step = Math.floor(term / HALF) | 1;
    return Array.from({ length: HASHES }, (_, n) => (start + n * step) % size);
  }
}
