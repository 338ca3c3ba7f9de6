/**
 * How many choreographers share the load: each says every second that it is there, as plugins' hosts do, and which of its
 * circuits are not closed. What may be done at once in all is divided by their number. A replica that starts takes itself for the only one until it hears of the others.
 */
import type { Bus } from '@orchestrator/bus';
import { Liveness } from '@orchestrator/manifest';
import {
  type CircuitList,
  type CircuitView,
  LIMITS,
  parseCircuits,
  parseReplica,
  patterns,
  subjects,
} from '@orchestrator/protocol';

/** Liveness is of versions of plugins: all choreographers are one. */
const KIND = ['choreographer', ''] as const;
const LEAVES = 'leave';
/** Between two of its own heartbeats, as it hears them. */
const LONGEST_ECHO_MS = 2 * LIMITS.heartbeatMs;

export class Replicas {
  readonly #bus: Bus;
  readonly #instance: string;
  readonly #liveness = new Liveness(LIMITS.livenessMs);
  readonly #ownCircuits: () => readonly CircuitView[];
  /** Of the others, as they told. */
  readonly #circuits = new Map<string, readonly CircuitView[]>();
  #count = 1;
  #echoAtMs = Number.NEGATIVE_INFINITY;
  #hearsSinceMs = 0;
  #heart: NodeJS.Timeout | undefined;

  constructor(bus: Bus, instance: string, ownCircuits: () => readonly CircuitView[]) {
    this.#bus = bus;
    this.#instance = instance;
    this.#ownCircuits = ownCircuits;
  }

  /** What every replica that lives has of circuits that are not closed. */
  circuits(): CircuitList {
    const all = new Map([...this.#circuits, [this.#instance, this.#ownCircuits()] as const]);
    return { circuits: [...all].flatMap(([replica, circuits]) => circuits.map((one) => ({ ...one, replica }))) };
  }

  /** At least 1: this one. */
  get count(): number {
    return this.#count;
  }

  start(): void {
    this.#bus.nc.subscribe(patterns.replicas, {
      callback: (error, msg) => {
        if (error) return;
        const instance = parseReplica(msg.subject);
        const text = msg.string();
        if (text === LEAVES) this.#onGone(instance);
        else {
          this.#liveness.beat(...KIND, instance, Date.now());
          if (instance === this.#instance) this.#onEcho(Date.now());
          if (instance !== this.#instance) this.#circuits.set(instance, text === '' ? [] : parseCircuits(text));
        }
        this.#recount();
      },
    });
    this.say();
    this.#heart = setInterval(() => this.#beat(), LIMITS.heartbeatMs);
  }

  /** The others need not wait for its silence. */
  stop(): void {
    clearInterval(this.#heart);
    this.#bus.nc.publish(subjects.replica(this.#instance), LEAVES);
  }

  /** That it is there, and what it has of circuits. */
  say(): void {
    const circuits = this.#ownCircuits();
    this.#bus.nc.publish(subjects.replica(this.#instance), circuits.length > 0 ? JSON.stringify({ circuits }) : '');
  }

  /**
   * For how long without a break this replica has heard what is said. Not while it does not hear itself: NATS is away, or one
   * of the two stood still, and the silence of others says nothing about them.
   */
  hearsForMs(nowMs: number): number {
    return nowMs - this.#echoAtMs > LONGEST_ECHO_MS ? 0 : nowMs - this.#hearsSinceMs;
  }

  #onEcho(nowMs: number): void {
    if (nowMs - this.#echoAtMs > LONGEST_ECHO_MS) this.#hearsSinceMs = nowMs;
    this.#echoAtMs = nowMs;
  }

  #beat(): void {
    this.say();
    for (const { instance } of this.#liveness.expire(Date.now())) this.#onGone(instance);
    this.#recount();
  }

  #onGone(instance: string): void {
    this.#liveness.leave(...KIND, instance);
    this.#circuits.delete(instance);
  }

  #recount(): void {
    this.#count = Math.max(1, this.#liveness.count(...KIND));
  }
}
