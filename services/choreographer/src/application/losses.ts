/**
 * What was lost under load, though no call was: counted where it happens, shown among the statistics, and told in the log
 * when it grows, no oftener than every ten seconds.
 */

const TELL_MS = 10_000;

export class Losses {
  readonly #counts: Readonly<Record<string, () => number>>;
  readonly #warn: (text: string) => void;
  #told: Readonly<Record<string, number>> = {};
  #timer: NodeJS.Timeout | undefined;

  /** @param counts by what they count, such as `spans` */
  constructor(counts: Readonly<Record<string, () => number>>, warn: (text: string) => void) {
    this.#counts = counts;
    this.#warn = warn;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tell(), TELL_MS);
  }

  /** Tells what has not been told yet. */
  stop(): void {
    clearInterval(this.#timer);
    this.#tell();
  }

  /** How many of each so far. */
  counted(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#counts).map(([what, count]) => [what, count()]));
  }

  #tell(): void {
    const now = this.counted();
    for (const [what, count] of Object.entries(now)) {
      const more = count - (this.#told[what] ?? 0);
      if (more > 0) this.#warn(`Too much at once: ${more} ${what} dropped, ${count} since the start.`);
    }
    this.#told = now;
  }
}
