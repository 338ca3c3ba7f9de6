/**
 * Where requests wait: a consumer for each partition of the callers, each with slots of its own. A flood in one of them
 * takes its own slots, and those who wait in the others are served in turn with it.
 */
import { type Bus, type Delivery, Puller, type PullerOptions, type StoredPublisher } from '@orchestrator/bus';
import { provisionConsumer, readStoredAt, type StoredBody, streamStart } from '@orchestrator/bus/streams';
import {
  asideSubject,
  type ConsumerDefinition,
  isAside,
  isNested,
  nestedConsumer,
  requestsConsumers,
  STREAMS,
  unpartitionedConsumer,
} from '@orchestrator/protocol';
import { AsideQueues } from './aside-queues.js';
import { asRequested, setAside } from './set-aside.js';

/** Requests of one partition that one replica works on at once, or keeps until there is room for their work. */
const SLOTS = 64;

/** Requests of one partition that one replica keeps waiting; the next that must wait are set aside. As many of each queue of those. */
const KEPT = 16;

/** nats-server finds no message by its subject that has this byte in it: no consumer with a filter gets it. */
const UNFINDABLE = '\x7f';
/** How often it is looked whether the oldest request is such a one, or has waited too long. */
const LOOK_MS = 2_000;

export interface RequestQueuesParts {
  readonly bus: Bus;
  readonly publisher: StoredPublisher;
  readonly onRequest: (delivery: Delivery) => Promise<void>;
  /** How long a request waits at most. */
  readonly maxWaitMs: number;
  /** Told of a request that no consumer gets, or that has waited for so long; resolves when it has been taken out. */
  readonly onOld: (stored: StoredBody) => Promise<void>;
  readonly onError: PullerOptions['onError'];
}

export class RequestQueues {
  readonly #parts: RequestQueuesParts;
  readonly #pullers: readonly Puller[];
  readonly #aside: AsideQueues;
  #look: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  /** By the partition's part of the subject: how many wait. */
  readonly #waiting = new Map<string, number>();

  constructor(parts: RequestQueuesParts) {
    this.#parts = parts;
    this.#pullers = [unpartitionedConsumer, nestedConsumer, ...requestsConsumers].map((consumer) =>
      this.#pullFrom(consumer, SLOTS),
    );
    const { bus, onError } = parts;
    this.#aside = new AsideQueues({ bus, onError, pullerOf: (consumer) => this.#pullFrom(consumer, KEPT) });
  }

  /** Makes the consumers be what they should, before anything is pulled. */
  async provision(): Promise<void> {
    const { bus } = this.#parts;
    await provisionConsumer(bus, unpartitionedConsumer); // first: an earlier version's took all, and two must not overlap
    await this.#aside.provision();
    await Promise.all([nestedConsumer, ...requestsConsumers].map((consumer) => provisionConsumer(bus, consumer)));
  }

  start(): void {
    for (const puller of this.#pullers) puller.start();
    this.#aside.start();
    const look = () => {
      this.#looking = this.#takeOld().catch(this.#parts.onError);
      void this.#looking.then(() => this.#look?.refresh());
    };
    this.#look = setTimeout(look, LOOK_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#look);
    this.#look = undefined;
    await this.#looking;
    await Promise.all([this.#aside.stop(), ...this.#pullers.map((puller) => puller.stop())]);
  }

  /**
   * One that was taken waits, or is set aside where too many of its partition wait.
   * @param deadlineMs its own; later than any date where it has none
   */
  async wait<Outcome>(
    delivery: Delivery,
    deadlineMs: number,
    wait: () => Promise<Outcome>,
  ): Promise<Outcome | 'set-aside'> {
    const partition = isNested(delivery.subject) ? 'nested' : (delivery.subject.split('.')[3] ?? '');
    const waiting = this.#waiting.get(partition) ?? 0;
    if (isAside(delivery.subject)) return wait();
    if (waiting >= KEPT && (await setAside(this.#parts.publisher, delivery, deadlineMs))) {
      this.#aside.noted(asideSubject(delivery.subject) ?? '');
      return 'set-aside';
    }
    this.#waiting.set(partition, (this.#waiting.get(partition) ?? 0) + 1);
    try {
      return await wait();
    } finally {
      this.#waiting.set(partition, (this.#waiting.get(partition) ?? 0) - 1);
    }
  }

  /** One after the other from the oldest on: what is in front of them has been decided, or waits for good reason. */
  async #takeOld(): Promise<void> {
    const { bus, maxWaitMs, onOld } = this.#parts;
    for (;;) {
      const { firstSequence } = await streamStart(bus, STREAMS.requests.name);
      if (firstSequence === 0) return; // nothing was ever stored
      const oldest = await readStoredAt(bus, STREAMS.requests.name, firstSequence);
      const isOver = oldest && isAside(oldest.subject) && oldest.storedAtMs + maxWaitMs <= Date.now();
      if (!isOver && !oldest?.subject.includes(UNFINDABLE)) return;
      await onOld(oldest);
    }
  }

  #pullFrom({ stream, name }: ConsumerDefinition, slots: number): Puller {
    const { bus, onRequest, onError } = this.#parts;
    return new Puller(bus, {
      stream,
      consumer: name,
      slots,
      onDelivery: (delivery) => onRequest(asRequested(delivery)),
      onError,
    });
  }
}
