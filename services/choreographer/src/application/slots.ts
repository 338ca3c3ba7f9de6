/** The slots of one counted bound, as one replica hands them out: at once while it holds some, else once the counter has granted more. */
import type { Fault } from '@orchestrator/protocol';
import { Share } from '../domain/share.js';

export interface SlotsParts {
  readonly limit: number;
  /** Adds to the shared counter, and resolves with where it stands then. @throws Fault */
  readonly reserve: (count: number) => Promise<number>;
  readonly giveBack: (count: number) => void;
  /** Told how many are held now, and where the counter stood before. */
  readonly onStored?: (stored: number, totalBefore: number) => void;
  readonly exhausted: (used: number) => Fault;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (fault: unknown) => void;
}

export class Slots {
  readonly #parts: SlotsParts;
  readonly #share: Share;
  #waiting: Waiting[] = [];

  constructor(parts: SlotsParts) {
    this.#parts = parts;
    this.#share = new Share(parts.limit);
  }

  get held(): number {
    return this.#share.held;
  }

  /** Is one held, and nobody waiting who comes first? */
  get canTake(): boolean {
    return this.#share.held > 0 && this.#waiting.length === 0;
  }

  takeHeld(): boolean {
    return this.canTake && this.#share.take();
  }

  /** @throws Fault `budget-exhausted` when there is none left, `unavailable` when that cannot be known */
  take(): Promise<void> {
    if (this.takeHeld()) return Promise.resolve();
    if (this.#share.isFull(Date.now())) return Promise.reject(this.#parts.exhausted(this.#share.used));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#waiting.length === 1) void this.#serve();
    });
  }

  /** One that was taken is not used after all. */
  putBack(): void {
    this.#share.putBack();
  }

  /** What is held and not needed goes back to the others. */
  giveBack(count: number): void {
    if (count > 0) this.#parts.giveBack(this.#share.drop(count));
  }

  /** One reservation at a time, for all that wait by then. */
  async #serve(): Promise<void> {
    while (this.#waiting.length > 0) {
      try {
        await this.#reserve();
      } catch (error) {
        this.#refuse(error);
      }
    }
  }

  async #reserve(): Promise<void> {
    const { reserve, giveBack, onStored, exhausted } = this.#parts;
    const added = this.#share.wanted(this.#waiting.length);
    const total = await reserve(added);
    const nowMs = Date.now();
    const { stored, excess } = this.#share.grant(added, total, this.#waiting.length, nowMs);
    if (excess > 0) giveBack(excess);
    onStored?.(stored, total - added);
    while (this.#waiting.length > 0 && this.#share.take()) this.#waiting.shift()?.resolve();
    if (stored === 0 || this.#share.isFull(nowMs)) this.#refuse(exhausted(this.#share.used));
  }

  #refuse(fault: unknown): void {
    const refused = this.#waiting;
    this.#waiting = [];
    for (const { reject } of refused) reject(fault);
  }
}
