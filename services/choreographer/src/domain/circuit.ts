/**
 * The circuit before one capability of a plugin's version: open, it keeps calls away from what fails anyway. Pure, with no clock
 * of its own; the table is docs/lifecycle.md.
 *
 *   closed ── it fails too often ──▶ open ── its time is over, and a call comes ──▶ half-open ── that call succeeds ──▶ closed
 *                                     ▲──────────────── that call fails, or is not heard of ────────────────┘
 */

export interface CircuitSettings {
  /** A circuit opens when more than this part of the calls fail, 0 to 1: the average over callers, so that none decides for all. */
  readonly failureRatio: number;
  /** It does not open for fewer calls than this within the window. */
  readonly minCalls: number;
  readonly windowMs: number;
  /** How long it stays open at first; twice as long after each failed probe. */
  readonly openMs: number;
}

/** Open after a probe that said nothing. */
const UNTOLD = { openMs: 1_000 };
/** However often probes fail. */
const MAX_OPEN_MS = 60_000;

export type CircuitState =
  | { readonly is: 'closed' }
  | { readonly is: 'open'; readonly untilMs: number; readonly failedProbes: number }
  /** `probe`: the invocation that is let through. `untilMs`: then it is taken to have failed. */
  | { readonly is: 'half-open'; readonly probe: string; readonly untilMs: number; readonly failedProbes: number };

export type CircuitEvent =
  /** A call asks to be let through. */
  | { readonly kind: 'asked'; readonly invocation: string; readonly nowMs: number }
  /** A call ended; `failing` says whether too many have failed by now. `neutral` is what says nothing of the plugin. */
  | {
      readonly kind: 'ended';
      readonly invocation: string;
      readonly outcome: CallOutcome;
      readonly failing: boolean;
      readonly nowMs: number;
    }
  /** The plugin has an instance again, after it had none. */
  | { readonly kind: 'revived'; readonly nowMs: number };

export type CallOutcome = 'succeeded' | 'failed' | 'neutral';

export const CLOSED: CircuitState = { is: 'closed' };

/** What becomes of the circuit. A call that asks is let through if the circuit is closed after that, or half-open for it. */
export function nextCircuit(state: CircuitState, event: CircuitEvent, settings: CircuitSettings): CircuitState {
  switch (state.is) {
    case 'closed':
      return event.kind === 'ended' && event.failing ? opened(0, event.nowMs, settings) : state;
    case 'open':
      if (event.kind === 'revived') return { ...state, untilMs: event.nowMs };
      return event.kind === 'asked' && state.untilMs <= event.nowMs ? probing(state, event, settings) : state;
    case 'half-open':
      if (event.kind === 'asked') return state.untilMs <= event.nowMs ? probing(state, event, settings) : state;
      if (event.kind === 'revived' || event.invocation !== state.probe) return state;
      if (event.outcome === 'succeeded') return CLOSED;
      // It did not tell: another call may, but not at once, or calls that never tell would open and close it all the time.
      if (event.outcome === 'neutral') return { ...opened(0, event.nowMs, UNTOLD), failedProbes: state.failedProbes };
      return opened(state.failedProbes + 1, event.nowMs, settings);
  }
}

/** Is this call let through? */
export function passes(state: CircuitState, invocation: string): boolean {
  return state.is === 'closed' || (state.is === 'half-open' && state.probe === invocation);
}

function opened(failedProbes: number, nowMs: number, settings: Pick<CircuitSettings, 'openMs'>) {
  return { is: 'open', untilMs: nowMs + openMs(failedProbes, settings), failedProbes } as const;
}

function probing(
  { failedProbes }: { readonly failedProbes: number },
  { invocation, nowMs }: { readonly invocation: string; readonly nowMs: number },
  settings: CircuitSettings,
): CircuitState {
  return { is: 'half-open', probe: invocation, untilMs: nowMs + openMs(failedProbes, settings), failedProbes };
}

function openMs(failedProbes: number, settings: Pick<CircuitSettings, 'openMs'>): number {
  return Math.max(settings.openMs, Math.min(MAX_OPEN_MS, settings.openMs * 2 ** failedProbes));
}
