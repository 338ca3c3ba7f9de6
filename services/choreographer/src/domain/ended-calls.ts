/**
 * Synchronous calls that hosts have reported to have ended lately. A host may end, or NATS go away, between the report and the
 * answer: then nobody else can tell the caller anything. Two generations, of which the older one is dropped whole. Pure.
 */
import type { ForwardedCall, LostInstance } from './forwarded-calls.js';

/** Longer than it takes until it is known that an instance has gone. */
const KEPT_MS = 5_000;
/** Of each generation. */
const MOST = 10_000;

/** What is needed to answer for it: not the whole call, since many end. */
export interface EndedCall {
  readonly invocation: string;
  readonly correlation: string;
  readonly reply: string;
  readonly instance: string;
}

export class EndedCalls {
  #young: EndedCall[] = [];
  #old: EndedCall[] = [];
  #sinceMs = 0;

  /** One that nobody waits for is not kept. */
  add({ context: { invocation, correlation }, reply }: ForwardedCall, instance: string, nowMs: number): void {
    if (reply === undefined) return;
    if (nowMs - this.#sinceMs >= KEPT_MS || this.#young.length >= MOST) {
      this.#old = this.#young;
      this.#young = [];
      this.#sinceMs = nowMs;
    }
    this.#young.push({ invocation, correlation, reply, instance });
  }

  /** Takes out those that ended on an instance which was lost since. */
  takeLost(lost: readonly Pick<LostInstance, 'instance'>[]): EndedCall[] {
    if (lost.length === 0) return [];
    const instances = new Set(lost.map(({ instance }) => instance));
    const taken = [...this.#old, ...this.#young].filter(({ instance }) => instances.has(instance));
    const isLeft = ({ instance }: EndedCall) => !instances.has(instance);
    this.#old = this.#old.filter(isLeft);
    this.#young = this.#young.filter(isLeft);
    return taken;
  }

  /** Takes out all: NATS was away, and any answer may be lost. */
  takeAll(): EndedCall[] {
    const taken = [...this.#old, ...this.#young];
    this.#old = [];
    this.#young = [];
    return taken;
  }
}
