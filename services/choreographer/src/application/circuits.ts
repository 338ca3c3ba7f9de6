/**
 * A circuit for each capability of a version that has failed lately; for all others there is nothing here, and they cost nothing.
 * Each replica has its own, from the calls and the work that went through it.
 */
import {
  type CallContext,
  type CircuitChange,
  type CircuitView,
  Fault,
  type FaultCode,
  formatCapabilityRef,
  type Target,
} from '@orchestrator/protocol';
import {
  type CallOutcome,
  type CircuitEvent,
  type CircuitSettings,
  type CircuitState,
  CLOSED,
  nextCircuit,
  passes,
} from '../domain/circuit.js';
import { FailureWindow } from '../domain/failure-window.js';

/** What is not the plugin's doing says nothing of it. */
const FAILURES: ReadonlySet<FaultCode> = new Set(['failed', 'unavailable', 'deadline-exceeded']);
/** While a probe runs, nobody knows how long to wait. */
const PROBING_RETRY_MS = 500;
/** How long the caller whose probe failed last leaves the next one to others that were refused. */
const YIELD_MS = 1_000;

/** One that has failed lately. */
interface Circuit {
  readonly target: Target;
  readonly window: FailureWindow;
  state: CircuitState;
  /** The only caller that it is not closed to: of nobody else's calls it is known that they fail. */
  only: string | undefined;
  /** Since when it is in that state. */
  sinceMs: number;
  /** Whose call was let through last while it was not closed. */
  prober: string | undefined;
  /** Was another caller refused since? */
  othersWait: boolean;
}

type Call = Pick<CallContext, 'invocation' | 'correlation' | 'plugin' | 'version' | 'capability' | 'onBehalfOf'>;

export class Circuits {
  readonly #settings: CircuitSettings | undefined;
  readonly #onChange: (change: CircuitChange, call: Call) => void;
  readonly #circuits = new Map<string, Circuit>();
  #opened = 0;

  /** @param settings undefined for no circuits at all */
  constructor(settings: CircuitSettings | undefined, onChange: (change: CircuitChange, call: Call) => void) {
    this.#settings = settings;
    this.#onChange = onChange;
  }

  /** How often one has opened. */
  get opened(): number {
    return this.#opened;
  }

  /** Those that are not closed. */
  list(): CircuitView[] {
    return [...this.#circuits.values()].flatMap(({ target, state, only, sinceMs }) => {
      if (state.is === 'closed') return [];
      const { plugin, version, capability } = target;
      const open = { plugin, version, capability, state: state.is, sinceMs, untilMs: state.untilMs };
      return [only === undefined ? open : { ...open, caller: only }];
    });
  }

  /** Why this call must not pass; undefined where it may. One that may pass an open circuit is its probe. */
  refusal(call: Call, nowMs: number): Fault | undefined {
    const circuit = this.#circuits.size === 0 ? undefined : this.#circuits.get(keyOf(call));
    if (!circuit || isClosedTo(circuit, call.onBehalfOf)) return undefined;
    const { invocation, onBehalfOf } = call;
    if (!this.#mustYield(circuit, onBehalfOf, nowMs)) {
      this.#next(circuit, { kind: 'asked', invocation, nowMs }, call);
      if (passes(circuit.state, invocation)) {
        circuit.prober = onBehalfOf;
        circuit.othersWait = false;
        return undefined;
      }
    }
    if (onBehalfOf !== circuit.prober) circuit.othersWait = true;
    return circuitOpen(call, circuit, nowMs);
  }

  /** Would this call be refused? Asking changes nothing: it may pass another version by. */
  wouldRefuse({ invocation, onBehalfOf, ...target }: Omit<Call, 'correlation'>, nowMs: number): boolean {
    const circuit = this.#circuits.size === 0 ? undefined : this.#circuits.get(keyOf(target));
    if (!circuit || isClosedTo(circuit, onBehalfOf) || !this.#settings) return false;
    if (this.#mustYield(circuit, onBehalfOf, nowMs)) return true;
    return !passes(nextCircuit(circuit.state, { kind: 'asked', invocation, nowMs }, this.#settings), invocation);
  }

  /** @param code of the fault that it ended in; `cancelled` for one that did not run after all */
  ended(call: Call, code: FaultCode | undefined, nowMs: number): void {
    if (!this.#settings || (this.#circuits.size === 0 && (code === undefined || !FAILURES.has(code)))) return;
    const outcome = outcomeOf(code);
    const circuit = this.#circuitOf(call, outcome, nowMs);
    if (!circuit) return;
    const isUnhindered = isClosedTo(circuit, call.onBehalfOf);
    if (isUnhindered && outcome !== 'neutral') circuit.window.add(call.onBehalfOf, outcome === 'failed', nowMs);
    const failing = isUnhindered && outcome === 'failed' && this.#isFailing(circuit);
    if (failing) {
      // Alone, a caller may be what is wrong; when a second one fails, the capability is.
      const isAlone = circuit.state.is === 'closed' && circuit.window.failed(0).callers === 1;
      circuit.only = isAlone ? call.onBehalfOf : undefined;
      circuit.state = CLOSED;
    }
    this.#next(circuit, { kind: 'ended', invocation: call.invocation, outcome, failing, nowMs }, call);
  }

  /** A version has an instance again, after it had none: worth a try at once. */
  revived(plugin: string, version: string, nowMs: number): void {
    for (const circuit of this.#circuits.values()) {
      const { target, state } = circuit;
      if (target.plugin !== plugin || target.version !== version || !this.#settings) continue;
      circuit.state = nextCircuit(state, { kind: 'revived', nowMs }, this.#settings);
    }
  }

  /** Forgets those that nothing has been heard of for a while. */
  forgetHealthy(nowMs: number): void {
    for (const [key, { state, window }] of this.#circuits) {
      if (state.is === 'closed' && window.isEmpty(nowMs)) this.#circuits.delete(key);
    }
  }

  forget(plugin: string, version: string): void {
    for (const [key, { target }] of this.#circuits) {
      if (target.plugin === plugin && target.version === version) this.#circuits.delete(key);
    }
  }

  #mustYield({ state, prober, othersWait }: Circuit, caller: string, nowMs: number): boolean {
    return state.is === 'open' && caller === prober && othersWait && nowMs < state.untilMs + YIELD_MS;
  }

  #isFailing({ window }: Circuit): boolean {
    if (!this.#settings) return false;
    const { minCalls, failureRatio } = this.#settings;
    const { calls, ratio, callers, failing } = window.failed(failureRatio);
    return calls >= minCalls && ratio > failureRatio && (callers === 1 || failing > 1);
  }

  /** A circuit begins with a failure. */
  #circuitOf(call: Call, outcome: CallOutcome, nowMs: number): Circuit | undefined {
    const key = keyOf(call);
    const known = this.#circuits.get(key);
    if (known || outcome !== 'failed' || !this.#settings) return known;
    const { plugin, version, capability } = call;
    const circuit: Circuit = {
      target: { plugin, version, capability },
      window: new FailureWindow(this.#settings.windowMs),
      state: CLOSED,
      only: undefined,
      sinceMs: nowMs,
      prober: undefined,
      othersWait: false,
    };
    this.#circuits.set(key, circuit);
    return circuit;
  }

  #next(circuit: Circuit, event: CircuitEvent, call: Call): void {
    if (!this.#settings) return;
    const before = circuit.state;
    const state = nextCircuit(before, event, this.#settings);
    circuit.state = state;
    if (state.is === before.is) return;
    circuit.sinceMs = event.nowMs;
    if (before.is === 'closed') this.#opened++;
    if (state.is === 'closed') {
      circuit.window.clear();
      circuit.only = undefined;
    }
    this.#onChange(
      { state: state.is, atMs: event.nowMs, ...(state.is === 'closed' ? {} : { untilMs: state.untilMs }) },
      call,
    );
  }
}

function outcomeOf(code: FaultCode | undefined): CallOutcome {
  if (code === undefined) return 'succeeded';
  return FAILURES.has(code) ? 'failed' : 'neutral';
}

function keyOf(call: Target): string {
  return `${formatCapabilityRef(call)}@${call.version}`;
}

/** Does it hold up none of this caller's calls? */
function isClosedTo({ state, only }: Circuit, caller: string): boolean {
  return state.is === 'closed' || (only !== undefined && only !== caller);
}

function circuitOpen(call: Call, { state, only }: Circuit, nowMs: number): Fault {
  const { plugin, version, capability } = call;
  const retryAfterMs = state.is === 'open' && state.untilMs > nowMs ? state.untilMs - nowMs : PROBING_RETRY_MS;
  const whose = only === undefined ? '' : ` for calls of ${only}`;
  const message = `${plugin}.${capability} ${version} fails too often${whose}: its circuit is ${state.is}.`;
  return new Fault('unavailable', message, { plugin, version, capability, circuit: state.is, retryAfterMs });
}
