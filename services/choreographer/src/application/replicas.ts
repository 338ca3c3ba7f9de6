/**
 * How many choreographers share the load: each says every second that it is there, as plugins' hosts do. What may be done at
 * once in all is divided by their number. A replica that starts takes itself for the only one until it hears of the others.
 */
import type { Bus } from '@orchestrator/bus';
import { Liveness } from '@orchestrator/manifest';
import { LIMITS, parseReplica, patterns, subjects } from '@orchestrator/protocol';

/** Liveness is of versions of plugins: all choreographers are one. */
const KIND = ['choreographer', ''] as const;
const LEAVES = 'leave';

export class Replicas {
  readonly #bus: Bus;
  readonly #instance: string;
  readonly #liveness = new Liveness(LIMITS.livenessMs);
  #count = 1;
  #heart: NodeJS.Timeout | undefined;

  constructor(bus: Bus, instance: string) {
    this.#bus = bus;
    this.#instance = instance;
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
        if (msg.data.length > 0) this.#liveness.leave(...KIND, instance);
        else this.#liveness.beat(...KIND, instance, Date.now());
        this.#recount();
      },
    });
    this.#beat();
    this.#heart = setInterval(() => this.#beat(), LIMITS.heartbeatMs);
  }

  /** The others need not wait for its silence. */
  stop(): void {
    clearInterval(this.#heart);
    this.#bus.nc.publish(subjects.replica(this.#instance), LEAVES);
  }

  #beat(): void {
    this.#bus.nc.publish(subjects.replica(this.#instance));
    this.#liveness.expire(Date.now());
    this.#recount();
  }

  #recount(): void {
    this.#count = Math.max(1, this.#liveness.count(...KIND));
  }
}
