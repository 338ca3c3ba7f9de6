/**
 * May this call happen? One pure function decides it for every path: synchronous, durable, nested. It knows nothing of
 * NATS, and has no clock of its own. What it lets pass carries a context that narrows its parent's and never widens it.
 */
import {
  type Ask,
  type CallContext,
  correlationIdOf,
  counterId,
  DEFAULT_MAXIMA,
  Fault,
  formatCapabilityRef,
  LIMITS,
  type MissingNeedBody,
  type Mode,
  nestedBounds,
  newCorrelationId,
  type RequestHeaders,
  rootBounds,
  type TreeBounds,
  type TreeMaxima,
} from '@orchestrator/protocol';
import type { CallerRights } from './grants.js';

/** What the catalogue says of the capability that is asked for. */
export type Resolution =
  | {
      readonly ok: true;
      readonly version: string;
      readonly live: boolean;
      readonly deadlineMs: number | undefined;
      /** How often durable work may be tried by its own policy. */
      readonly maxAttempts: number;
      /** Is the call tree bound to that version? */
      readonly isBound?: boolean;
      /** What the plugin cannot do without, by its own account, and is not there. */
      readonly waitingFor: readonly MissingNeedBody[];
    }
  | { readonly ok: false; readonly fault: Fault };

export interface AdmissionRequest {
  readonly ask: Ask;
  readonly mode: Mode;
  readonly invocation: string;
  readonly headers: RequestHeaders;
  /** The verified context that the caller sent; undefined for a root. */
  readonly parent: CallContext | undefined;
  readonly rights: CallerRights;
  readonly nowMs: number;
  /** Asked only when everything that costs less has passed. */
  readonly resolve: (range: string | undefined, correlation: string) => Resolution;
  /** What the operator lets a tree have at most. @default DEFAULT_MAXIMA */
  readonly maxima?: TreeMaxima;
}

export type Admission =
  | { readonly ok: true; readonly context: CallContext }
  | { readonly ok: false; readonly fault: Fault };

/** Decides; see the file header. Never throws for what a caller can send. */
export function admit(request: AdmissionRequest): Admission {
  const { ask, parent, headers, nowMs } = request;
  const target = formatCapabilityRef(ask);
  const fault = checkCaller(request) ?? checkRights(request, target) ?? checkAncestry(request, target);
  if (fault) return { ok: false, fault };

  const correlation = correlationOf(request);
  const resolution = request.resolve(headers.range ?? request.rights.rangeOf(target), correlation);
  if (!resolution.ok) return resolution;

  const allowedMs = request.mode === 'sync' ? LIMITS.syncDeadlineMs : LIMITS.durableDeadlineMs;
  const deadlineMs = Math.min(
    headers.expiryMs ?? nowMs + (resolution.deadlineMs ?? allowedMs),
    nowMs + longestMs(request),
    parent?.deadlineMs ?? Number.POSITIVE_INFINITY,
  );
  if (deadlineMs <= nowMs) {
    return refuse('deadline-exceeded', 'The deadline had passed before the call arrived.', { deadlineMs, nowMs });
  }
  if (request.mode === 'sync' && !resolution.live) {
    const { version, isBound } = resolution;
    const bound = isBound ? ', to which the call tree is bound,' : '';
    return refuse('unavailable', `No instance of ${ask.plugin} ${version}${bound} is running.`, {
      plugin: ask.plugin,
      version,
      ...(isBound && { bound: version }),
    });
  }
  if (request.mode === 'sync' && resolution.waitingFor.length > 0) return refuseWaiting(ask, resolution);
  return { ok: true, context: contextFor(request, resolution, correlation, deadlineMs) };
}

function refuse(...[code, message, details]: ConstructorParameters<typeof Fault>): Admission {
  return { ok: false, fault: new Fault(code, message, details) };
}

function refuseWaiting(
  { plugin }: Ask,
  { version, waitingFor, isBound }: Extract<Resolution, { ok: true }>,
): Admission {
  const what = waitingFor.map(({ capability, range }) => `${capability} ${range}`).join(', ');
  const misfit = waitingFor.some(({ misfits }) => misfits) ? ' Versions that are there do not fit its manifest.' : '';
  return refuse('unavailable', `${plugin} ${version} is waiting for ${what}.${misfit}`, {
    ...{ plugin, version, waitingFor },
    ...(isBound && { bound: version }),
  });
}

/** Is the caller who its context says, and is the context still good? */
function checkCaller({ ask, parent, rights, nowMs }: AdmissionRequest): Fault | undefined {
  if (!parent) {
    if (!rights.isPlugin || rights.mayStartRoot) return undefined;
    return new Fault(
      'permission-denied',
      `Call context lost: ${ask.caller} is a plugin, and called without the context of the invocation it is working on. Call from within the capability, or with context.call(…).`,
    );
  }
  if (parent.plugin !== ask.caller) {
    return new Fault('unauthenticated', `The call context belongs to ${parent.plugin}, not to ${ask.caller}.`);
  }
  if (parent.deadlineMs <= nowMs) {
    return new Fault('deadline-exceeded', 'The calling invocation is past its own deadline.', {
      deadlineMs: parent.deadlineMs,
    });
  }
  return undefined;
}

function checkRights({ ask: { caller }, rights }: AdmissionRequest, target: string): Fault | undefined {
  if (rights.mayCall(target)) return undefined;
  const how = rights.isPlugin
    ? `list it in the uses of its manifest, or grant it with ORC_GRANTS="${caller}: ${target}".`
    : `grant it with ORC_CALLERS="${caller}: ${target}".`;
  return new Fault('permission-denied', `${caller} may not call ${target}: ${how}`, { caller, missing: target });
}

/** Would the chain get too deep, or close a cycle? Exact, since the context carries the whole chain. */
function checkAncestry(request: AdmissionRequest, target: string): Fault | undefined {
  const { parent } = request;
  const ancestry = parent?.ancestry ?? [];
  const path = [...ancestry, target];
  const { reentry } = boundsOf(request, '');
  if (countOf(ancestry, target) > reentry) {
    const rule = reentry === 0 ? '' : ` It may be entered again ${reentry} times.`;
    return new Fault('cycle-detected', `The call would close a cycle: ${path.join(' → ')}.${rule}`, { path, reentry });
  }
  const limit = maxDepthOf(request);
  if (path.length > limit) {
    return new Fault('depth-exceeded', `The chain of calls may be ${limit} deep: ${path.join(' → ')}.`, {
      maxDepth: limit,
      path,
    });
  }
  return undefined;
}

/** The longest that a call may take, whatever deadline it names. */
function longestMs({ headers, parent, maxima = DEFAULT_MAXIMA }: AdmissionRequest): number {
  const asked = headers.limits?.wallMs ?? LIMITS.maxDeadlineMs;
  return Math.min(asked, LIMITS.maxDeadlineMs, (parent ? undefined : maxima.wallMs) ?? LIMITS.maxDeadlineMs);
}

function countOf(ancestry: readonly string[], target: string): number {
  let count = 0;
  for (const one of ancestry) if (one === target) count++;
  return count;
}

/** How deep the chain may get: what a call asks for counts from itself, and never goes beyond its parent's. */
function maxDepthOf({ parent, headers, maxima = DEFAULT_MAXIMA }: AdmissionRequest): number {
  const allowed = parent?.maxDepth ?? maxima.depth;
  const asked = headers.limits?.depth;
  return asked === undefined ? allowed : Math.min(allowed, (parent?.depth ?? 0) + asked);
}

function boundsOf({ headers, parent, maxima = DEFAULT_MAXIMA }: AdmissionRequest, id: string): TreeBounds {
  return parent ? nestedBounds(id, headers.limits, parent.bounds) : rootBounds(id, headers.limits, maxima);
}

/** What joins its tree: its parent's, or one that the root's caller names, or a new one. */
function correlationOf({ parent, headers, mode, nowMs, invocation }: AdmissionRequest): string {
  return (
    parent?.correlation ??
    headers.correlation ??
    headers.traceParent?.traceId ??
    (mode === 'sync' ? newCorrelationId(nowMs) : correlationIdOf(invocation))
  );
}

function contextFor(
  request: AdmissionRequest,
  { version, maxAttempts }: Extract<Resolution, { ok: true }>,
  correlation: string,
  deadlineMs: number,
): CallContext {
  const { ask, mode, invocation, headers, parent, nowMs } = request;
  const id = counterId({ invocation, admittedAtMs: nowMs, deadlineMs });
  const remote = parent ? undefined : headers.traceParent;
  return {
    correlation,
    invocation,
    parent: parent?.invocation,
    mode,
    durableTree: mode === 'durable' || (parent?.durableTree ?? false),
    depth: (parent?.depth ?? 0) + 1,
    maxDepth: maxDepthOf(request),
    admittedAtMs: nowMs,
    deadlineMs,
    caller: ask.caller,
    onBehalfOf: parent?.onBehalfOf ?? ask.caller,
    plugin: ask.plugin,
    version,
    capability: ask.capability,
    traceId: parent?.traceId ?? remote?.traceId ?? correlation,
    remoteSpan: remote?.spanId,
    sampled: parent?.sampled ?? remote?.sampled ?? true,
    sticky: (parent ? parent.sticky : headers.sticky) || undefined,
    attempt: 1,
    // A caller may narrow what the capability allows, and never widen it.
    maxAttempts: mode === 'sync' ? 1 : Math.min(maxAttempts, headers.maxAttempts ?? maxAttempts),
    bounds: boundsOf(request, id),
    ancestry: [...(parent?.ancestry ?? []), formatCapabilityRef(ask)],
  };
}
