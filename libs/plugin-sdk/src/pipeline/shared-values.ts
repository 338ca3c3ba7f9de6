import { Fault } from '@orchestrator/protocol';
import type { SharedContext } from './phase.js';

/** What the phases of a run have told each other so far. Each phase writes beside it, and what it wrote counts once it has finished. */
export class SharedValues {
  readonly #values = new Map<string, unknown>();

  /** As one phase sees it: what was told before it, and what it tells itself. */
  view(): PhaseView {
    return new PhaseView(new Map(this.#values));
  }

  /** Takes in what the phases of one stage have told. @throws Fault `failed` when two of them set the same key */
  take(written: readonly { readonly phase: string; readonly values: Readonly<Record<string, unknown>> }[]): void {
    const writers = new Map<string, string>();
    for (const { phase, values } of written) {
      for (const [key, value] of Object.entries(values)) {
        const other = writers.get(key);
        if (other !== undefined) {
          throw new Fault('failed', `"${other}" and "${phase}" run side by side, and both set "${key}".`, { key });
        }
        writers.set(key, phase);
        this.#values.set(key, value);
      }
    }
  }
}

export class PhaseView implements SharedContext {
  readonly #seen: ReadonlyMap<string, unknown>;
  readonly #written = new Map<string, unknown>();

  constructor(seen: ReadonlyMap<string, unknown>) {
    this.#seen = seen;
  }

  get<T = unknown>(key: string): T | undefined {
    return (this.#written.has(key) ? this.#written.get(key) : this.#seen.get(key)) as T | undefined;
  }

  set(key: string, value: unknown): void {
    this.#written.set(key, value);
  }

  get written(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#written);
  }
}
