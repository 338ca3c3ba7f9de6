/**
 * Call trees whose caller wants one version of each plugin: the first choice for a plugin binds the tree, after everything
 * else has been decided, so that what is refused binds nothing. Other trees pay nothing for it. See docs/adr/0017.
 */
import {
  type BoundPlugin,
  type CallContext,
  correlationIdOf,
  type Fault,
  type FaultCode,
} from '@orchestrator/protocol';
import type { VersionBindings } from '../adapters/version-bindings.js';
import type { Gate, GateDecision, GateRequest } from './gate.js';
import type { WorkRoom } from './work-room.js';

/** Faults that a bound version might not lead to, or that are to name it. */
const DEPEND_ON_VERSION: ReadonlySet<FaultCode> = new Set([
  'not-found',
  'incompatible-version',
  'unavailable',
  'exhausted',
]);

export interface StickyTreesParts {
  readonly gate: Pick<Gate, 'decide'>;
  readonly bindings: Pick<VersionBindings, 'known' | 'bind' | 'read'>;
  readonly workRoom: Pick<WorkRoom, 'leave'>;
}

export class StickyTrees {
  readonly #parts: StickyTreesParts;

  constructor(parts: StickyTreesParts) {
    this.#parts = parts;
  }

  isSticky({ parent, headers }: Pick<GateRequest, 'parent' | 'headers'>): boolean {
    return (parent ? parent.sticky : headers.sticky) === true;
  }

  /** The version that the tree is bound to, as far as this replica knows without asking. */
  known(request: GateRequest): string | undefined {
    const plugin = boundBy(request);
    return plugin && this.#parts.bindings.known(plugin);
  }

  /** The same, asked for where it may make a difference to this refusal. @throws Fault */
  async boundInstead(request: GateRequest, { code }: Fault): Promise<string | undefined> {
    const plugin = DEPEND_ON_VERSION.has(code) ? boundBy(request) : undefined;
    return plugin && this.#parts.bindings.read(plugin);
  }

  /** Binds what was admitted. Resolves with the version that the tree is bound to: perhaps another one. @throws Fault */
  bind(context: CallContext): Promise<string> {
    const { correlation, onBehalfOf, plugin, version } = context;
    return this.#parts.bindings.bind({ correlation, onBehalfOf, plugin }, version);
  }

  /** Decides durable requests, of sticky trees and others. @throws Fault when it is not known what the tree is bound to */
  async decide(request: GateRequest): Promise<GateDecision> {
    const { gate } = this.#parts;
    if (!this.isSticky(request)) return gate.decide(request);
    const known = this.known(request);
    const decision = gate.decide({ ...request, bound: known });
    if (known !== undefined) return decision;
    const bound = decision.ok
      ? await this.#bindAdmitted(decision.context)
      : await this.boundInstead(request, decision.fault);
    return bound === undefined ? decision : gate.decide({ ...request, bound, nowMs: Date.now() });
  }

  /** Another version than was admitted, for which there was room; undefined where it is that one. */
  async #bindAdmitted(context: CallContext): Promise<string | undefined> {
    let bound: string | undefined;
    try {
      bound = await this.bind(context);
      return bound === context.version ? undefined : bound;
    } finally {
      if (bound !== context.version) this.#parts.workRoom.leave(context.invocation);
    }
  }
}

/** Undefined for a root that is in no tree yet. */
function boundBy({ ask, parent, headers, mode, invocation }: GateRequest): BoundPlugin | undefined {
  const { caller, plugin } = ask;
  const named = parent?.correlation ?? headers.correlation ?? headers.traceParent?.traceId;
  const correlation = named ?? (mode === 'durable' ? correlationIdOf(invocation) : undefined);
  return correlation === undefined ? undefined : { correlation, onBehalfOf: parent?.onBehalfOf ?? caller, plugin };
}
