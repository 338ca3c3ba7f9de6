/** The consumers of work: made before a version is accepted, and removed when it is forgotten and none of its work is left. */
import type { Bus } from '@orchestrator/bus';
import { listWorkConsumers, provisionConsumer, removeWorkConsumer } from '@orchestrator/bus/streams';
import { Fault, type Target, workConsumer } from '@orchestrator/protocol';
import { ForgottenConsumers } from './forgotten-consumers.js';

/** How often those of forgotten versions are looked for at most, while there may be any. */
const LOOK_MS = 60_000;

export interface WorkConsumersParts {
  readonly bus: Bus;
  /** How long the hosts of a capability hold durable work. */
  readonly leaseMs: number;
  /** How long a version has to be unknown. */
  readonly forgetAfterMs: number;
  readonly isInstalled: (target: Target) => boolean;
  /** Does something while no announcement of the plugin is decided. */
  readonly inTurn: (plugin: string, work: () => Promise<void>) => Promise<void>;
  readonly log: (text: string) => void;
}

export class WorkConsumers {
  readonly #parts: WorkConsumersParts;
  readonly #forgotten: ForgottenConsumers;
  /** Undefined while there is nothing to look for, or a look is under way. */
  #lookAtMs: number | undefined;
  /** Removed last: another registry may have accepted the version meanwhile. */
  #removed: readonly Target[] = [];

  constructor(parts: WorkConsumersParts) {
    this.#parts = parts;
    this.#forgotten = new ForgottenConsumers(parts.forgetAfterMs);
    this.expect();
  }

  /** There may be some of forgotten versions. */
  expect(): void {
    this.#lookAtMs ??= Date.now() + Math.min(LOOK_MS, this.#parts.forgetAfterMs);
  }

  /** @throws Fault `exhausted` when the stream takes no more */
  provide(target: Target): Promise<void> {
    return provisionConsumer(this.#parts.bus, workConsumer(target, this.#parts.leaseMs));
  }

  /** Looks for those of forgotten versions, when it is time to. Never throws. */
  async look(nowMs: number): Promise<void> {
    if (this.#lookAtMs === undefined || nowMs < this.#lookAtMs) return;
    this.#lookAtMs = undefined;
    try {
      const count = await this.#removeForgotten(nowMs);
      if (count > 0) this.#parts.log(`${count} consumers of forgotten versions are removed.`);
    } catch (error) {
      this.#parts.log(`Consumers of forgotten versions are still there: ${Fault.from(error).message}`);
      this.expect();
    }
    if (this.#forgotten.waits || this.#removed.length > 0) this.expect();
  }

  async #removeForgotten(nowMs: number): Promise<number> {
    const { bus, isInstalled, inTurn } = this.#parts;
    const back = this.#removed.filter(isInstalled);
    for (const target of back) await inTurn(target.plugin, () => this.provide(target));
    this.#removed = [];
    for (const target of this.#forgotten.toRemove(await listWorkConsumers(bus), isInstalled, nowMs)) {
      await inTurn(target.plugin, async () => {
        if (isInstalled(target)) return;
        this.#removed = [...this.#removed, target];
        await removeWorkConsumer(bus, target);
      });
    }
    return this.#removed.length;
  }
}
