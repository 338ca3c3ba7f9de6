/**
 * Arguments and results that are too large for a message, as a host deals with them: they lie in the object store, take up
 * memory while an invocation runs, and keep the event loop busy when they are read and written.
 */
import type { Bus, ObjectStore, StoredPublisher } from '@orchestrator/bus';
import { type CallContext, type DataRef, inlineLimit, LIMITS } from '@orchestrator/protocol';
import { ByteBudget, type GiveBack } from './byte-budget.js';

export interface FetchedArguments {
  readonly bytes: Uint8Array;
  /** To be called when the invocation has ended. */
  readonly giveBack: GiveBack;
}

export class LargeValues {
  readonly #bus: Pick<Bus, 'maxPayload'>;
  readonly #objects: ObjectStore;
  readonly #publisher: Pick<StoredPublisher, 'keepTrying'>;
  readonly #showLife: () => Promise<void>;
  readonly #held = new ByteBudget(LIMITS.heldObjectBytes);

  /** @param showLife lets others hear that this process lives */
  constructor(
    bus: Pick<Bus, 'maxPayload'>,
    objects: ObjectStore,
    publisher: Pick<StoredPublisher, 'keepTrying'>,
    showLife: () => Promise<void>,
  ) {
    this.#bus = bus;
    this.#objects = objects;
    this.#publisher = publisher;
    this.#showLife = showLife;
  }

  /** May it travel in the message? */
  fits(body: string): boolean {
    return Buffer.byteLength(body) <= inlineLimit(this.#bus.maxPayload);
  }

  /**
   * Fetches arguments, when it is their turn. Roots alone wait for it: two plugins that call each other could wait for each
   * other otherwise, for ever. @throws Fault
   */
  async fetch(ref: DataRef, { depth, deadlineMs }: CallContext, signal: AbortSignal): Promise<FetchedArguments> {
    const giveBack = depth === 1 ? await this.#held.take(ref.bytes, signal) : () => {};
    try {
      const get = () => this.#objects.get(ref, 'arguments', signal);
      const bytes = await this.#publisher.keepTrying(deadlineMs, get, signal);
      signal.throwIfAborted(); // then nobody waits any more who would give it back
      return { bytes, giveBack };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** What an earlier attempt has stored. @throws Fault */
  fetchStored(ref: DataRef, { deadlineMs }: CallContext, signal: AbortSignal): Promise<Uint8Array> {
    return this.#publisher.keepTrying(deadlineMs, () => this.#objects.get(ref, 'result', signal), signal);
  }

  /** Of durable work, whatever it takes until its deadline: no run is wasted because NATS is away for a while. @throws Fault */
  store(body: string, { mode, deadlineMs }: CallContext, signal: AbortSignal): Promise<DataRef> {
    const put = () => this.#objects.put(body, 'result', signal);
    return this.#publisher.keepTrying(mode === 'durable' ? deadlineMs : 0, put, signal);
  }

  /** To be awaited before anything that keeps the event loop busy for a while: who is silent for too long passes for dead. */
  beforeBusy(): Promise<void> {
    return this.#showLife();
  }
}
