/** The history records of what was decided. Pure. */
import {
  type AdmittedRecord,
  type Ask,
  type CallContext,
  correlationIdOf,
  type EndedRecord,
  encodeDataRef,
  type Fault,
  type FaultBody,
  type Mode,
  newCorrelationId,
  type RefusedRecord,
  type RequestHeaders,
} from '@orchestrator/protocol';

/** Where a durable request came from. */
export interface RequestOrigin {
  /** Its sequence, where it was told to who asked. */
  readonly request: number | undefined;
  readonly bodyHash: string;
  /** The dead invocation that an operator sent again as this one. */
  readonly redriveOf?: string | undefined;
}

/** What its headers say that the context does not. */
export type AskedIn = Pick<RequestHeaders, 'key' | 'dataRef'>;

export function admittedRecord(
  context: CallContext,
  asked: AskedIn | undefined,
  origin?: RequestOrigin,
): AdmittedRecord {
  return {
    state: 'admitted',
    invocation: context.invocation,
    correlation: context.correlation,
    atMs: context.admittedAtMs,
    parent: context.parent,
    caller: context.caller,
    plugin: context.plugin,
    version: context.version,
    capability: context.capability,
    mode: context.mode,
    depth: context.depth,
    deadlineMs: context.deadlineMs,
    traceId: context.traceId === context.correlation ? undefined : context.traceId,
    remoteSpan: context.remoteSpan,
    sampled: context.sampled ? undefined : false,
    key: asked?.key,
    argsAt: asked?.dataRef && encodeDataRef(asked.dataRef),
    ...origin,
  } as AdmittedRecord;
}

/** What is known of a call that was refused: perhaps not even who asked. */
export interface RefusedCall {
  readonly ask: Ask;
  readonly mode: Mode;
  readonly invocation: string;
  readonly headers: RequestHeaders | undefined;
  readonly parent: CallContext | undefined;
  readonly fault: Fault;
  readonly nowMs: number;
  readonly request?: number | undefined;
  readonly bodyHash?: string;
  readonly redriveOf?: string | undefined;
}

export function refusedRecord(refused: RefusedCall): RefusedRecord {
  const { ask, headers, parent, invocation, mode } = refused;
  const remote = parent ? undefined : headers?.traceParent;
  const correlation =
    parent?.correlation ??
    headers?.correlation ??
    remote?.traceId ??
    (mode === 'sync' ? newCorrelationId(refused.nowMs) : correlationIdOf(invocation));
  const traceId = parent?.traceId ?? remote?.traceId ?? correlation;
  return {
    state: 'refused',
    invocation,
    correlation,
    atMs: refused.nowMs,
    parent: parent?.invocation,
    caller: ask.caller,
    plugin: ask.plugin,
    capability: ask.capability,
    mode,
    depth: (parent?.depth ?? 0) + 1,
    traceId: traceId === correlation ? undefined : traceId,
    remoteSpan: remote?.spanId,
    key: headers?.key,
    argsAt: headers?.dataRef && encodeDataRef(headers.dataRef),
    request: refused.request,
    bodyHash: refused.bodyHash,
    redriveOf: refused.redriveOf,
    fault: refused.fault.toJSON(),
  } as RefusedRecord;
}

export interface Ending {
  readonly attempt: number;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number;
  readonly instance: string | undefined;
  readonly fault: FaultBody | undefined;
  /** Where the result lies, when it is too large for a message. */
  readonly resultAt?: string | undefined;
}

export function endedRecord(context: Pick<CallContext, 'invocation' | 'correlation'>, ending: Ending): EndedRecord {
  return {
    state: 'ended',
    invocation: context.invocation,
    correlation: context.correlation,
    atMs: ending.endedAtMs,
    attempt: ending.attempt,
    instance: ending.instance,
    startedAtMs: ending.startedAtMs,
    fault: ending.fault,
    resultAt: ending.resultAt,
  } as EndedRecord;
}
