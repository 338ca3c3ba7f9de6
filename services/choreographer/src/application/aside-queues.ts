/**
 * The queues of requests that are set aside: one for each partition of the callers and each capability, so that what waits for one
 * capability keeps nothing waiting that another has room for. There are as many as there are requests set aside in: a replica
 * looks for them, and pulls from each until it has been empty for a while; then the server forgets its consumer, too.
 */
import type { Bus, Puller } from '@orchestrator/bus';
import { provisionConsumer, readAsideQueues, removeConsumer } from '@orchestrator/bus/streams';
import {
  type AsideQueue,
  asideConsumer,
  type ConsumerDefinition,
  formerRequestsConsumers,
  parseAside,
  STREAMS,
} from '@orchestrator/protocol';

const LOOK_MS = 1_000;
/** A look shall not take more than this part of the time. */
const LOOK_TIME_PART = 0.1;
/** How long a queue is empty until nobody here pulls from it any more: well before its consumer is forgotten. */
const EMPTY_MS = 60_000;

interface Pulled {
  readonly puller: Promise<Puller>;
  seenAtMs: number;
}

export interface AsideQueuesParts {
  readonly bus: Bus;
  readonly pullerOf: (consumer: ConsumerDefinition) => Puller;
  readonly onError: (error: unknown) => void;
}

export class AsideQueues {
  readonly #parts: AsideQueuesParts;
  /** By the name of its consumer. */
  readonly #pulled = new Map<string, Pulled>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: AsideQueuesParts) {
    this.#parts = parts;
  }

  /** Takes away what would take the same requests. */
  async provision(): Promise<void> {
    const { bus } = this.#parts;
    await Promise.all(formerRequestsConsumers.map((name) => removeConsumer(bus, STREAMS.requests.name, name)));
  }

  start(): void {
    this.#lookIn(0);
  }

  /** One was set aside there: it is pulled from at once. */
  noted(subject: string): void {
    const queue = parseAside(subject);
    if (queue) this.#pull(queue);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all([...this.#pulled.values()].map(stopped));
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => {
      const startedAtMs = Date.now();
      this.#looking = this.#look().catch(this.#parts.onError);
      void this.#looking.then(() => {
        if (!this.#isStopped) this.#lookIn(Math.max(LOOK_MS, (Date.now() - startedAtMs) / LOOK_TIME_PART));
      });
    }, ms);
  }

  async #look(): Promise<void> {
    for (const queue of await readAsideQueues(this.#parts.bus)) this.#pull(queue);
    for (const [name, pulled] of this.#pulled) {
      if (Date.now() - pulled.seenAtMs < EMPTY_MS) continue;
      this.#pulled.delete(name);
      await stopped(pulled);
    }
  }

  #pull(queue: AsideQueue): void {
    const consumer = asideConsumer(queue);
    const known = this.#pulled.get(consumer.name);
    if (known) known.seenAtMs = Date.now();
    if (known || this.#isStopped) return;
    const puller = provisionConsumer(this.#parts.bus, consumer).then(() => {
      const made = this.#parts.pullerOf(consumer);
      made.start();
      return made;
    });
    this.#pulled.set(consumer.name, { puller, seenAtMs: Date.now() });
    puller.catch((error) => {
      this.#pulled.delete(consumer.name); // the next look tries again
      this.#parts.onError(error);
    });
  }
}

async function stopped({ puller }: Pulled): Promise<void> {
  await puller.then((made) => made.stop()).catch(() => {});
}
