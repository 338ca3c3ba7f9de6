/**
 * A Bloom filter over invocation ids in memory that two threads share: the history thread marks what it has read, the main
 * thread asks. "No" is certain, up to what has not been read yet; "perhaps" is worth a look into the projection. Ids are
 * hashes already, so parts of them serve as positions.
 */
export class SeenInvocations {
  readonly #bits: Int32Array;

  /** @param memory a power of two in size; 4 MiB keep false alarms below 1 in 100 up to 3 million invocations */
  constructor(memory: SharedArrayBuffer) {
    this.#bits = new Int32Array(memory);
  }

  static allocate(bytes = 4 * 1024 * 1024): SharedArrayBuffer {
    return new SharedArrayBuffer(bytes);
  }

  add(invocation: string): void {
    for (const position of this.#positions(invocation)) {
      Atomics.or(this.#bits, position >>> 5, 1 << (position & 31));
    }
  }

  mayHave(invocation: string): boolean {
    return this.#positions(invocation).every(
      (position) => (Atomics.load(this.#bits, position >>> 5) & (1 << (position & 31))) !== 0,
    );
  }

  /** Four positions, from the random digits of a UUID. */
  #positions(invocation: string): number[] {
    const size = this.#bits.length * 32;
    const digits = [
      invocation.slice(0, 8),
      invocation.slice(28, 36),
      invocation.slice(24, 32),
      invocation.slice(5, 13),
    ];
    return digits.map((part) => Number.parseInt(part.replace('-', ''), 16) % size);
  }
}
