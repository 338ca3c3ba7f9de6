/**
 * How many runs of each capability that says so go on at once in this process, synchronous and durable ones together. A
 * synchronous call finds a slot or is refused; durable work, of which no more is pulled than may run, waits for one.
 */
import { Fault } from '@orchestrator/protocol';

/** What a call that is refused is told to wait. */
const RETRY_AFTER_MS = 100;

interface Slots {
  readonly limit: number;
  running: number;
  readonly waiting: (() => void)[];
}

export class RunSlots {
  readonly #slots = new Map<string, Slots>();

  constructor(capabilities: readonly { readonly name: string; readonly concurrency?: number }[]) {
    for (const { name, concurrency } of capabilities) {
      if (concurrency !== undefined) this.#slots.set(name, { limit: concurrency, running: 0, waiting: [] });
    }
  }

  /** @throws Fault `exhausted` */
  take(capability: string): void {
    const slots = this.#slots.get(capability);
    if (!slots) return;
    if (slots.running < slots.limit) {
      slots.running++;
      return;
    }
    const message = `This instance works on ${slots.limit} calls of ${capability} already.`;
    throw new Fault('exhausted', message, { limit: slots.limit, retryAfterMs: RETRY_AFTER_MS });
  }

  /** Resolves with a slot taken, unless the time to wait for it ends before. @throws what its signal aborts with */
  async wait(capability: string, time: { readonly signal: AbortSignal }): Promise<void> {
    const slots = this.#slots.get(capability);
    if (!slots) return;
    if (slots.running < slots.limit) {
      slots.running++;
      return;
    }
    const { signal } = time;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const take = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        slots.waiting.splice(slots.waiting.indexOf(take), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      slots.waiting.push(take);
    });
  }

  /** Whoever waits longest gets what is given back. */
  release(capability: string): void {
    const slots = this.#slots.get(capability);
    if (!slots) return;
    const next = slots.waiting.shift();
    if (next) next();
    else slots.running--;
  }
}
