/** The one way in: whatever asks for a capability, on whichever path, is decided here. */
import { admit, type CallerRights, type Grants } from '@orchestrator/admission';
import {
  type CapabilityManifest,
  type Catalogue,
  declaredUse,
  type Liveness,
  type Manifest,
  type MissingNeed,
  missingNeeds,
  type Resolution,
  retryPolicyOf,
  type VersionShares,
} from '@orchestrator/manifest';
import {
  type Ask,
  type CallContext,
  type Cancellations,
  type ContextSigner,
  cancelledFault,
  DEFAULT_RETRY,
  Fault,
  type FaultCode,
  formatCapabilityRef,
  HEADERS,
  inlineLimit,
  LIMITS,
  longLived,
  type Mode,
  type Redrive,
  type RequestHeaders,
  type RetryPolicy,
  subjects,
  type TreeMaxima,
  tooLargeFault,
} from '@orchestrator/protocol';
import type { TakenSlot } from '../domain/fair-slots.js';
import type { ForwardedCall } from '../domain/forwarded-calls.js';
import type { Capacity } from './capacity.js';
import type { Circuits } from './circuits.js';
import type { FullRoom, WorkRoom } from './work-room.js';

export interface GateRequest {
  readonly ask: Ask;
  readonly mode: Mode;
  readonly invocation: string;
  readonly headers: RequestHeaders;
  readonly parent: CallContext | undefined;
  /** Does an operator ask for it once more, whose parent then says too little of the version that had asked? */
  readonly isRedrive?: boolean;
  /** The version of the plugin that the call tree is bound to, where it is to any. */
  readonly bound?: string | undefined;
  /** Of the message: none where its headers say where the body lies. */
  readonly bodyBytes: number;
  readonly nowMs: number;
}

/** The largest bodies: in a message, and in the object store. */
export interface BodyLimits {
  readonly maxPayload: number;
  readonly objectBytes: number;
}

/** `token` is the header that carries the decision; `slot` what a synchronous call takes up until it ends. */
export type GateDecision =
  | {
      readonly ok: true;
      readonly context: CallContext;
      readonly token: string;
      readonly slot: TakenSlot | undefined;
    }
  | {
      readonly ok: false;
      readonly fault: Fault;
      /** Of a durable request that may only wait until there is room for its work. */
      readonly full?: FullRoom;
    };

export interface GateParts {
  readonly catalogue: Catalogue;
  readonly liveness: Liveness;
  readonly signer: ContextSigner;
  readonly maxima: TreeMaxima;
  readonly cancellations: Cancellations;
  readonly capacity: Capacity;
  readonly workRoom: WorkRoom;
  readonly circuits: Circuits;
  readonly bodyLimits: BodyLimits;
  readonly grants: Grants;
  /** Which versions the operator wants to be taken before others. */
  readonly shares: VersionShares;
}

/** A plugin whose manifest has gone, of a letter that is kept for longer: it had a signed context, and an operator asks now. */
const FORGOTTEN: CallerRights = {
  isPlugin: true,
  mayStartRoot: false,
  mayCall: () => true,
  rangeOf: () => undefined,
};

export class Gate {
  readonly #catalogue: Catalogue;
  readonly #liveness: Liveness;
  readonly #signer: ContextSigner;
  readonly #maxima: TreeMaxima;
  readonly #cancellations: Cancellations;
  readonly #capacity: Capacity;
  readonly #workRoom: WorkRoom;
  readonly #circuits: Circuits;
  readonly #bodyLimits: BodyLimits;
  readonly #grants: Grants;
  readonly #shares: VersionShares;
  /** Made once for each manifest. */
  readonly #rights = new WeakMap<Manifest, CallerRights>();

  constructor(parts: GateParts) {
    this.#catalogue = parts.catalogue;
    this.#liveness = parts.liveness;
    this.#signer = parts.signer;
    this.#maxima = parts.maxima;
    this.#cancellations = parts.cancellations;
    this.#capacity = parts.capacity;
    this.#workRoom = parts.workRoom;
    this.#circuits = parts.circuits;
    this.#bodyLimits = parts.bodyLimits;
    this.#grants = parts.grants;
    this.#shares = parts.shares;
  }

  /** The verified context of the calling invocation. @throws Fault `unauthenticated` */
  parentOf(headers: RequestHeaders): CallContext | undefined {
    return headers.contextToken === undefined ? undefined : this.contextOf(headers.contextToken);
  }

  /** The verified context of a token. @throws Fault `unauthenticated` */
  contextOf(token: string): CallContext {
    return this.#signer.verify(token);
  }

  /** The token of a further attempt of what was admitted: nothing else of the decision changes. */
  tokenForAttempt(context: CallContext, attempt: number): string {
    return this.#signer.sign({ ...context, attempt });
  }

  /** How the work of a context is tried again; of a version that has gone, as by default. Never oftener than was admitted. */
  retryPolicyOf({ plugin, version, capability, maxAttempts: attempts }: CallContext): RetryPolicy {
    const found = this.#catalogue.resolve({ plugin, capability, range: version, isLive: this.#isLive });
    return { ...(found.ok ? retryPolicyOf(found.capability) : DEFAULT_RETRY), attempts };
  }

  /** The context of the work that a result belongs to. @throws Fault `unauthenticated` */
  verifyReceipt(receipt: string): CallContext {
    return this.#signer.verifyReceipt(receipt);
  }

  /** Proves later on whose request it was; see `redriveOf`. */
  proofOf(redrive: Redrive): string {
    return this.#signer.signRedrive(redrive);
  }

  /** What a proof says. @throws Fault `unauthenticated` */
  verifyRedrive(token: string): Redrive {
    return this.#signer.verifyRedrive(token);
  }

  /**
   * The redrive that a request is: only a choreographer asks for one. It has a deadline of its own, since the invocation
   * within which it was asked for at first has ended. @throws Fault `unauthenticated`
   */
  redriveOf(token: string, ask: Ask): Redrive {
    const redrive = this.#signer.verifyRedrive(token);
    const isSame = subjects.request(redrive.ask) === subjects.request(ask);
    if (!isSame) throw new Fault('unauthenticated', 'The redrive is of another request.');
    const { parent } = redrive;
    if (!parent) return redrive;
    const bounds = longLived(parent.bounds); // what the tree had left says nothing: it has ended
    return { ...redrive, parent: { ...parent, bounds, deadlineMs: Number.MAX_SAFE_INTEGER } };
  }

  /**
   * What a synchronous call took up is free again.
   * @param code of the fault that it ended in; `cancelled` where it was not handed on
   * @param ranMs how long it ran; undefined where it did not start
   */
  callEnded(
    call: Pick<ForwardedCall, 'slot' | 'context'>,
    code: FaultCode | undefined,
    ranMs: number | undefined,
  ): void {
    if (call.slot) this.#capacity.releaseCall(call.slot, ranMs);
    this.#circuits.ended(call.context, code, Date.now());
  }

  /** The same of a run of durable work. */
  runEnded(context: CallContext, code: FaultCode | undefined): void {
    this.#workRoom.leave(context.invocation);
    this.#circuits.ended(context, code, Date.now());
  }

  /** Decides, and signs what it lets pass. */
  decide(request: GateRequest): GateDecision {
    const misfit = this.#misfit(request);
    if (misfit) return { ok: false, fault: misfit };
    let promised: CapabilityManifest | undefined;
    const admission = admit({
      ...request,
      maxima: this.#maxima,
      rights: this.#rightsOf(request),
      resolve: (range, correlation) => {
        const { plugin } = request.ask;
        const found = this.#choose(request, range, correlation);
        if (!found.ok) return found;
        const { version, live } = found;
        promised = found.capability;
        return {
          ok: true,
          version,
          live,
          isBound: request.bound !== undefined,
          deadlineMs: promised.deadlineMs,
          maxAttempts: retryPolicyOf(promised).attempts,
          waitingFor: this.#waitingFor(plugin, version),
        };
      },
    });
    if (!admission.ok) return admission;
    if (this.#cancellations.covers(admission.context)) return { ok: false, fault: cancelledFault() };
    const { context } = admission;
    const token = this.#signer.sign(context);
    if (token.length > LIMITS.contextBytes) return tooLong();
    const concurrency = promised?.concurrency;
    if (context.mode === 'durable' && !this.#workRoom.enter(context, concurrency)) {
      const fault = new Fault('exhausted', 'The work has to wait until there is room for it.');
      return { ok: false, fault, full: { context, concurrency } };
    }
    if (context.mode === 'durable') return { ok: true, context, token, slot: undefined };
    const slot = this.#capacity.takeCall(context, concurrency);
    if (slot instanceof Fault) return { ok: false, fault: slot };
    const refusal = this.#circuits.refusal(context, request.nowMs);
    if (!refusal) return { ok: true, context, token, slot };
    this.#capacity.releaseCall(slot);
    return { ok: false, fault: refusal };
  }

  #choose(request: GateRequest, range: string | undefined, correlation: string): Resolution {
    const { ask, invocation, parent, bound, nowMs } = request;
    const { plugin, capability, caller } = ask;
    const manifest = this.#manifestOfCaller(request);
    const call = { plugin, capability, invocation, onBehalfOf: parent?.onBehalfOf ?? caller };
    return this.#catalogue.resolve({
      ...{ plugin, capability, range, isLive: this.#isLive, isReady: this.#isReady },
      use: manifest && declaredUse(manifest, formatCapabilityRef(ask)),
      isFailing: (_plugin, version) => this.#circuits.wouldRefuse({ ...call, version }, nowMs),
      ...{ bound, favoured: this.#shares.orderFor(plugin, correlation) },
    });
  }

  #waitingFor(plugin: string, version: string): readonly MissingNeed[] {
    const manifest = this.#catalogue.manifestOf(plugin, version);
    return manifest ? missingNeeds(manifest, this.#catalogue, this.#isLive) : [];
  }

  /** Where its caller is a plugin. Of a letter from one that has ended, the version does not matter any more. */
  #manifestOfCaller({
    ask,
    parent,
    isRedrive,
  }: Pick<GateRequest, 'ask' | 'parent' | 'isRedrive'>): Manifest | undefined {
    if (isRedrive && parent) return this.#catalogue.newestOf(ask.caller);
    return this.#catalogue.manifestOf(ask.caller, parent?.version);
  }

  #rightsOf({ ask, parent, isRedrive }: GateRequest): CallerRights {
    const isOfEnded = isRedrive && parent;
    const manifest = this.#manifestOfCaller({ ask, parent, isRedrive });
    if (!manifest && isOfEnded) return FORGOTTEN;
    if (!manifest) return parent ? this.#grants.ofPlugin(ask.caller, []) : this.#grants.ofCaller(ask.caller);
    const known = this.#rights.get(manifest);
    if (known) return known;
    const rights = this.#grants.ofPlugin(manifest.name, manifest.uses);
    this.#rights.set(manifest, rights);
    return rights;
  }

  /** Bodies are never read here, wherever they lie: only how large they are, and where. */
  #misfit({ bodyBytes, headers: { dataRef } }: GateRequest): Fault | undefined {
    const { maxPayload, objectBytes } = this.#bodyLimits;
    if (!dataRef) {
      const inline = inlineLimit(maxPayload);
      return bodyBytes > inline ? tooLargeFault('arguments', bodyBytes, inline) : undefined;
    }
    if (dataRef.bytes > objectBytes) return tooLargeFault('arguments', dataRef.bytes, objectBytes);
    if (bodyBytes === 0) return undefined;
    const message = `With the header ${HEADERS.dataRef}, the body must be empty.`;
    return new Fault('invalid-argument', message, { header: HEADERS.dataRef });
  }

  readonly #isLive = (plugin: string, version: string) => this.#liveness.isLive(plugin, version);
  readonly #isReady = (plugin: string, version: string) => this.#waitingFor(plugin, version).length === 0;
}

function tooLong(): GateDecision {
  const message = `The call context would be larger than ${LIMITS.contextBytes} bytes: the chain of names is too long.`;
  return { ok: false, fault: new Fault('depth-exceeded', message, { maxBytes: LIMITS.contextBytes }) };
}

/** Would it be another one, or none, if something else were installed? */
export function isOfInstalled({ code }: Fault): boolean {
  return code === 'not-found' || code === 'incompatible-version';
}
