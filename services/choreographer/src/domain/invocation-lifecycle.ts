/**
 * The life of a durable invocation: which state it is in, what may happen to it, and what is then to be done. Pure; the
 * table is docs/lifecycle.md, which also names what is decided elsewhere, as cancellation is. What keeps two of them from contradicting each
 * other are the streams: one work message, one claim and one result per invocation.
 *
 *   absent ── request ──▶ placed ── attempt fails ──▶ waiting ── due ──▶ placed … ── result ──▶ ended
 */
import { Fault, type RetryPolicy, retryDelayMs } from '@orchestrator/protocol';

/**
 * `absent`: its work is not known to have been placed. `placed`: its work is queued or running. `waiting`: an attempt failed, and a timer runs.
 * `ended`: it has its result, which is never replaced.
 */
export const LIFECYCLE_STATES = ['absent', 'placed', 'waiting', 'ended'] as const;
export type LifecycleState = (typeof LIFECYCLE_STATES)[number];

export type LifecycleEvent =
  /** A request event came, for the first time or again. `knownBodyHash`: of the first one. */
  | { readonly kind: 'requested'; readonly bodyHash: string; readonly knownBodyHash: string | undefined }
  /** A host gave an attempt up with a fault. */
  | {
      readonly kind: 'attempt-failed';
      readonly attempt: number;
      readonly fault: Fault;
      readonly policy: RetryPolicy;
      readonly deadlineMs: number;
      readonly nowMs: number;
      /** 0 to below 1: the jitter. */
      readonly random: number;
    }
  /** The timer of the next attempt has run out. */
  | { readonly kind: 'due'; readonly deadlineMs: number; readonly nowMs: number }
  /** Somebody looked at the clock. */
  | { readonly kind: 'looked-at'; readonly deadlineMs: number; readonly nowMs: number };

export type LifecycleDecision =
  /** Ask admission, record, and place the work; a refusal ends it. */
  | { readonly do: 'admit' }
  /** A key was used again with other arguments: answer so under an id of its own. */
  | { readonly do: 'refuse-reuse' }
  /** Place the work of the next attempt. */
  | { readonly do: 'place' }
  | { readonly do: 'wait'; readonly untilMs: number }
  /** Store the fault as its result, after the dead letter. */
  | { readonly do: 'end'; readonly fault: Fault }
  /** It has been seen to already. */
  | { readonly do: 'nothing' };

const NOTHING = { do: 'nothing' } as const;

/** What is to be done when this happens in that state. */
export function decide(state: LifecycleState, event: LifecycleEvent): LifecycleDecision {
  switch (event.kind) {
    case 'requested':
      if (event.knownBodyHash !== undefined && event.knownBodyHash !== event.bodyHash) return { do: 'refuse-reuse' };
      return state === 'absent' ? { do: 'admit' } : NOTHING;
    case 'attempt-failed':
      return state === 'ended' ? NOTHING : afterFailure(event);
    case 'due':
      if (state === 'ended') return NOTHING;
      return event.deadlineMs <= event.nowMs ? pastDeadline(event.deadlineMs) : { do: 'place' };
    case 'looked-at':
      return state === 'ended' || event.deadlineMs > event.nowMs ? NOTHING : pastDeadline(event.deadlineMs);
  }
}

function afterFailure(event: Extract<LifecycleEvent, { kind: 'attempt-failed' }>): LifecycleDecision {
  const { policy, attempt, fault, nowMs, deadlineMs, random } = event;
  const delayMs = retryDelayMs(policy, attempt, fault, random);
  if (delayMs === undefined || nowMs + delayMs >= deadlineMs) return { do: 'end', fault };
  return { do: 'wait', untilMs: nowMs + delayMs };
}

function pastDeadline(deadlineMs: number): LifecycleDecision {
  const fault = new Fault('deadline-exceeded', 'There was no result before the deadline.', { deadlineMs });
  return { do: 'end', fault };
}
