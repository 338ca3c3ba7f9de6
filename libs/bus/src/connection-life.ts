import type { NatsConnection } from '@nats-io/transport-node';

/** Is NATS there, and since when? What is not heard while it is away says nothing about anybody. */
export class ConnectionLife {
  /** Undefined while NATS is away; since ever, while it has not been. */
  #upSinceMs: number | undefined = 0;
  #held = new Set<() => void>();
  readonly #onBack: (() => void)[] = [];

  constructor(nc: Pick<NatsConnection, 'status'>) {
    void this.#follow(nc);
  }

  /** For how long, since NATS was last away, everything that was sent here could be heard. */
  hearsForMs(nowMs: number): number {
    return this.#upSinceMs === undefined ? 0 : nowMs - this.#upSinceMs;
  }

  /** Acts each time that NATS is back. */
  onBack(act: () => void): void {
    this.#onBack.push(act);
  }

  /**
   * Acts at once, or as soon as NATS is back: what is published while it is away may be lost. Answers the way to withdraw it,
   * for whoever waits no longer: else all that is asked for while NATS is away stays here.
   */
  whenUp(act: () => void): () => void {
    if (this.#upSinceMs !== undefined) {
      act();
      return () => {};
    }
    const held = () => act(); // its own, though the same may be held twice
    this.#held.add(held);
    return () => void this.#held.delete(held);
  }

  async #follow(nc: Pick<NatsConnection, 'status'>): Promise<void> {
    for await (const { type } of nc.status()) {
      if (type === 'disconnect') this.#upSinceMs = undefined;
      if (type !== 'reconnect') continue;
      this.#upSinceMs = Date.now();
      const held = this.#held;
      this.#held = new Set();
      for (const act of [...held, ...this.#onBack]) act();
    }
  }
}
