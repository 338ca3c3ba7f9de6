/**
 * The synchronous calls that were forwarded and have not ended: bounded, and watched, so that a caller gets a typed
 * fault when nobody else can give one. Pure: it has no clock, and says what has ended instead of doing anything.
 */
import { type CallContext, type Cancellations, cancelledFault, Fault, LIMITS } from '@orchestrator/protocol';
import type { TakenSlot } from './fair-slots.js';

export interface ForwardedCall {
  readonly context: CallContext;
  /** Where the caller waits; undefined for a call that nobody waits for. */
  readonly reply: string | undefined;
  /** What it takes up until it ends. */
  readonly slot: TakenSlot | undefined;
  /** Known once the host has reported the start. */
  instance?: string;
  startedAtMs?: number;
}

/** An instance that has fallen silent. */
export interface LostInstance {
  readonly plugin: string;
  readonly version: string;
  readonly instance: string;
}

export interface Abandoned {
  readonly call: ForwardedCall;
  readonly fault: Fault;
}

/** The host answers at the deadline itself; the choreographer answers for it this much later. */
const DEADLINE_GRACE_MS = 100;
/** A host reports a start within milliseconds: a call without a report for this long was not taken by a live instance. */
const UNREPORTED_MS = 500;

export class ForwardedCalls {
  readonly #calls = new Map<string, ForwardedCall>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#calls.size;
  }

  get isFull(): boolean {
    return this.#calls.size >= this.#max;
  }

  add(call: ForwardedCall): void {
    this.#calls.set(call.context.invocation, call);
  }

  has(invocation: string): boolean {
    return this.#calls.has(invocation);
  }

  get(invocation: string): ForwardedCall | undefined {
    return this.#calls.get(invocation);
  }

  /** The call, if it was forwarded from here to that plugin and has not ended. */
  find(plugin: string, invocation: string): ForwardedCall | undefined {
    const call = this.#calls.get(invocation);
    return call?.context.plugin === plugin ? call : undefined;
  }

  /** Answers whether it was there. */
  remove(invocation: string): boolean {
    return this.#calls.delete(invocation);
  }

  /** Takes out the calls whose deadline has passed unanswered. */
  takeOverdue(nowMs: number): Abandoned[] {
    return this.#take(
      (call) => call.context.deadlineMs + DEADLINE_GRACE_MS <= nowMs,
      ({ context }) =>
        new Fault('deadline-exceeded', `${context.plugin}.${context.capability} did not answer before the deadline.`, {
          deadlineMs: context.deadlineMs,
        }),
    );
  }

  /** Takes out the calls that ran on an instance that was lost, and those that it may have taken with it unreported. */
  takeLost(lost: readonly LostInstance[], nowMs: number): Abandoned[] {
    if (lost.length === 0) return [];
    const isLost = ({ context, instance }: ForwardedCall) =>
      lost.some(
        (one) =>
          one.plugin === context.plugin &&
          one.version === context.version &&
          (instance === undefined ? nowMs - context.admittedAtMs > UNREPORTED_MS : one.instance === instance),
      );
    return this.#take(
      isLost,
      ({ context: { plugin, version }, instance }) =>
        new Fault(
          'unavailable',
          instance === undefined
            ? `No instance of ${plugin} ${version} is known to have taken the call, and one of them has gone.`
            : `The instance of ${plugin} ${version} that ran the call has gone.`,
          { plugin, version },
        ),
    );
  }

  /** Takes out the calls that nobody seems to have got: hosts report at once, and a host may be just connecting anew. */
  takeUnreported(nowMs: number): Abandoned[] {
    return this.#take(
      ({ context, instance }) => instance === undefined && nowMs - context.admittedAtMs > LIMITS.livenessMs,
      ({ context: { plugin, version } }) =>
        new Fault('unavailable', `No instance of ${plugin} ${version} is known to have taken the call.`, {
          plugin,
          version,
        }),
    );
  }

  /** Takes out the calls of trees that were cancelled. */
  takeCancelled(cancellations: Pick<Cancellations, 'covers'>): Abandoned[] {
    return this.#take(({ context }) => cancellations.covers(context), cancelledFault);
  }

  #take(isOver: (call: ForwardedCall) => boolean, faultFor: (call: ForwardedCall) => Fault): Abandoned[] {
    const taken: Abandoned[] = [];
    for (const [invocation, call] of this.#calls) {
      if (!isOver(call)) continue;
      this.#calls.delete(invocation);
      taken.push({ call, fault: faultFor(call) });
    }
    return taken;
  }
}
