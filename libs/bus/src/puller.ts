/**
 * A pull consumer that asks for no more than it has free slots: what is delivered is being worked on, and a message
 * that waits, waits in the stream, where another instance can have it.
 *
 * Invariants: (1) in flight + asked for never exceeds `slots`. (2) Every open pull ends: filled, by a status of the
 * server, by silence, or by a reconnect. (3) After `stop` nothing new is handled, and it resolves when the last handler has.
 */
import { type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { Fault } from '@orchestrator/protocol';
import type { Bus } from './connection.js';
import { type Delivery, deliveryFromMsg } from './deliveries.js';
import type { Outbox } from './outbox.js';

export interface PullerOptions {
  readonly stream: string;
  readonly consumer: string;
  /** How many messages are worked on at once. */
  readonly slots: number;
  /** Handles one message. It acknowledges by itself; an error is given to `onError` and the message comes again. */
  readonly onDelivery: (delivery: Delivery) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 5_000;
const RETRY_MS = 250;

interface OpenPull {
  remaining: number;
  heardAtMs: number;
}

export class Puller {
  readonly #nc: NatsConnection;
  readonly #options: PullerOptions;
  readonly #outbox: Outbox;
  readonly #prefix: string;
  readonly #open = new Map<string, OpenPull>();
  #subscription: Subscription | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #pulls = 0;
  #asked = 0;
  #inFlight = 0;
  #stopped = false;
  #whenIdle: (() => void) | undefined;

  constructor(bus: Bus, options: PullerOptions) {
    this.#nc = bus.nc;
    this.#outbox = bus.outbox;
    this.#options = options;
    this.#prefix = bus.newInbox();
  }

  start(): void {
    this.#subscription = this.#nc.subscribe(`${this.#prefix}.*`, {
      callback: (error, msg) => (error ? this.#options.onError(error) : this.#receive(msg)),
    });
    this.#watchdog = setInterval(() => this.#dropSilent(), HEARTBEAT_MS);
    void this.#followConnection();
    this.#pull();
  }

  /** Stops asking, gives back what still arrives, and resolves when everything in flight has been handled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#watchdog);
    clearTimeout(this.#retry);
    await this.#subscription?.drain();
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  #pull(): void {
    const free = this.#options.slots - this.#inFlight - this.#asked;
    if (this.#stopped || free <= 0 || (this.#asked > 0 && free < this.#options.slots / 4)) return;
    const reply = `${this.#prefix}.${this.#pulls++}`;
    this.#open.set(reply, { remaining: free, heardAtMs: Date.now() });
    this.#asked += free;
    this.#nc.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${this.#options.stream}.${this.#options.consumer}`,
      `{"batch":${free},"expires":${EXPIRES_MS}000000,"idle_heartbeat":${HEARTBEAT_MS}000000}`,
      { reply },
    );
  }

  #receive(msg: Msg): void {
    const delivery = deliveryFromMsg(this.#outbox, msg);
    // A status arrives on the pull's own subject; a message keeps the subject that it was stored under.
    const key = delivery ? this.#oldestOpen() : msg.subject;
    const pull = key === undefined ? undefined : this.#open.get(key);
    if (!delivery) {
      this.#status(msg, key, pull);
      return;
    }
    if (pull && key !== undefined) {
      pull.heardAtMs = Date.now();
      this.#asked--;
      if (--pull.remaining === 0) this.#open.delete(key);
    }
    if (this.#stopped) delivery.giveBack();
    else void this.#handle(delivery);
  }

  /** Pulls are served in the order in which they were asked. */
  #oldestOpen(): string | undefined {
    return this.#open.keys().next().value;
  }

  async #handle(delivery: Delivery): Promise<void> {
    this.#inFlight++;
    try {
      await this.#options.onDelivery(delivery);
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#inFlight--;
      if (this.#inFlight === 0) this.#whenIdle?.();
      this.#pull();
    }
  }

  /** 100: heartbeat. 404, 408, 409: the pull has ended. 503: no such consumer, or JetStream is not ready. */
  #status(msg: Msg, key: string | undefined, pull: OpenPull | undefined): void {
    const code = msg.headers?.code ?? 0;
    if (pull) pull.heardAtMs = Date.now();
    if (code === 100 || key === undefined) return;
    this.#close(key);
    if (code === 404 || code === 408) {
      this.#pull();
      return;
    }
    if (code === 503) {
      const { stream, consumer } = this.#options;
      this.#options.onError(new Fault('unavailable', `The consumer ${consumer} of ${stream} does not answer.`));
    }
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#pull(), RETRY_MS);
  }

  #close(key: string): void {
    this.#asked -= this.#open.get(key)?.remaining ?? 0;
    this.#open.delete(key);
  }

  #dropSilent(): void {
    const oldest = Date.now() - 2 * HEARTBEAT_MS - 1_000;
    for (const [key, pull] of this.#open) if (pull.heardAtMs < oldest) this.#close(key);
    this.#pull();
  }

  /** A server that was away has forgotten the open pulls. */
  async #followConnection(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (this.#stopped) return;
      if (status.type !== 'reconnect') continue;
      for (const key of [...this.#open.keys()]) this.#close(key);
      this.#pull();
    }
  }
}
