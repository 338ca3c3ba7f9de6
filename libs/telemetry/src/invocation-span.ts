/**
 * The span of an invocation, as a value. The choreographer makes it from what it recorded, in the name of the plugin
 * that ran it: so a plugin in any language is in the trace with no OpenTelemetry in it. `startSpan` would choose the
 * span id itself; here it is derived from the invocation id, so that parents are known without asking.
 */
import { hash } from 'node:crypto';
import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type CallContext, type FaultBody, spanIdOf } from '@orchestrator/protocol';

/** Whose span it is. `service` is the plugin that ran it, or `choreographer` for a call that reached none. */
export interface SpanSubject
  extends Pick<
    CallContext,
    | 'invocation'
    | 'correlation'
    | 'parent'
    | 'mode'
    | 'depth'
    | 'caller'
    | 'plugin'
    | 'capability'
    | 'traceId'
    | 'remoteSpan'
    | 'sampled'
  > {
  readonly service: string;
  readonly version: string;
  readonly admittedAtMs: number;
}

/** How an invocation went. */
export interface InvocationRun {
  readonly attempt: number;
  /** Undefined when no instance started it. */
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number;
  readonly instance: string | undefined;
  readonly fault: FaultBody | undefined;
  /** Attempts that failed and were followed by another. @default none */
  readonly failed?: readonly FailedAttempt[];
}

interface FailedAttempt {
  readonly attempt: number;
  readonly instance?: string;
  /** When it failed. */
  readonly atMs: number;
  readonly fault: FaultBody;
}

const SCOPE = { name: 'orchestrator.choreographer', version: '1' };
const resources = new Map<string, Resource>();

/** A Resource is immutable, and there are as many as plugin versions: made once each. */
function resourceOf(service: string, version: string): Resource {
  const key = `${service}@${version}`;
  let resource = resources.get(key);
  if (!resource) {
    resource = resourceFromAttributes({
      'service.name': service,
      'service.version': version,
      'service.namespace': 'orchestrator',
    });
    resources.set(key, resource);
  }
  return resource;
}

/**
 * Spans admission to end, so that waiting is seen; failed attempts and the start of the last one are events in it. RPC
 * conventions for synchronous calls, messaging conventions for durable ones.
 */
export function spanFromInvocation(context: SpanSubject, run: InvocationRun): ReadableSpan {
  const parentSpan = context.parent === undefined ? context.remoteSpan : spanIdOf(context.parent);
  const traceFlags = context.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const startTime = hrTime(context.admittedAtMs);
  const endTime = hrTime(Math.max(run.endedAtMs, context.admittedAtMs));
  return {
    name: `${context.plugin}.${context.capability}`,
    kind: context.mode === 'sync' ? SpanKind.SERVER : SpanKind.CONSUMER,
    spanContext: () => ({ traceId: context.traceId, spanId: spanIdOf(context.invocation), traceFlags }),
    ...(parentSpan && {
      parentSpanContext: {
        traceId: context.traceId,
        spanId: parentSpan,
        traceFlags,
        isRemote: context.parent === undefined,
      },
    }),
    startTime,
    endTime,
    duration: hrTime(Math.max(0, run.endedAtMs - context.admittedAtMs)),
    status: run.fault
      ? { code: SpanStatusCode.ERROR, message: `${run.fault.code}: ${run.fault.message}` }
      : { code: SpanStatusCode.OK },
    attributes: attributesOf(context, run),
    events: eventsOf(run),
    links: [],
    ended: true,
    resource: resourceOf(context.service, context.version),
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** A part of a run that came to its end. */
export interface StepOfRun {
  /** Tells it from the other steps of the invocation. */
  readonly step: string;
  readonly title: string;
  readonly attempt: number;
  /** Unix times. */
  readonly startedAtMs: number;
  readonly atMs: number;
  readonly fault?: FaultBody;
}

/** The span of a step, below that of its invocation. */
export function spanFromStep(context: SpanSubject, step: StepOfRun): ReadableSpan {
  const { traceId, invocation } = context;
  const traceFlags = context.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const spanId = hash('sha256', `${invocation} ${step.step} ${step.attempt}`, 'hex').slice(0, 16);
  return {
    ...spanFromInvocation(context, {
      attempt: step.attempt,
      startedAtMs: undefined,
      endedAtMs: step.atMs,
      instance: undefined,
      fault: step.fault,
    }),
    name: step.title,
    kind: SpanKind.INTERNAL,
    spanContext: () => ({ traceId, spanId, traceFlags }),
    parentSpanContext: { traceId, spanId: spanIdOf(invocation), traceFlags, isRemote: false },
    startTime: hrTime(step.startedAtMs),
    duration: hrTime(Math.max(0, step.atMs - step.startedAtMs)),
    attributes: {
      'orc.step': step.step,
      'orc.invocation': invocation,
      'orc.correlation': context.correlation,
      'orc.attempt': step.attempt,
      ...(step.fault && { 'error.type': step.fault.code }),
    },
  };
}

function eventsOf({ startedAtMs, failed = [] }: InvocationRun): ReadableSpan['events'] {
  const failures = failed.map(({ attempt, instance, atMs, fault }) => ({
    name: 'attempt failed',
    time: hrTime(atMs),
    attributes: {
      'orc.attempt': attempt,
      'error.type': fault.code,
      'exception.message': fault.message,
      ...(instance && { 'service.instance.id': instance }),
    },
  }));
  return startedAtMs === undefined ? failures : [...failures, { name: 'started', time: hrTime(startedAtMs) }];
}

function attributesOf(context: SpanSubject, run: InvocationRun): ReadableSpan['attributes'] {
  return {
    ...(context.mode === 'sync'
      ? { 'rpc.system': 'orchestrator', 'rpc.service': context.plugin, 'rpc.method': context.capability }
      : {
          'messaging.system': 'nats',
          'messaging.operation.type': 'process',
          'messaging.operation.name': 'process',
          'messaging.destination.name': `${context.plugin}.${context.capability}`,
          'messaging.message.id': context.invocation,
        }),
    'orc.invocation': context.invocation,
    'orc.correlation': context.correlation,
    'orc.caller': context.caller,
    'orc.mode': context.mode,
    'orc.depth': context.depth,
    'orc.attempt': run.attempt,
    ...(run.instance && { 'service.instance.id': run.instance }),
    ...(run.fault && { 'error.type': run.fault.code }),
  };
}

function hrTime(unixMs: number): HrTime {
  const seconds = Math.trunc(unixMs / 1000);
  return [seconds, Math.floor((unixMs - seconds * 1000) * 1e6)];
}
