import { describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { FAULTS, type FaultCode, randomId, randomInvocationId, spanIdOf } from '@orchestrator/protocol';
import fc from 'fast-check';
import { type InvocationRun, type SpanSubject, spanFromInvocation } from './invocation-span.js';

const ADMITTED = 1_700_000_000_250;

function subject(changes: Partial<SpanSubject> = {}): SpanSubject {
  return {
    invocation: '01234567-89ab-8cde-8f01-23456789abcd',
    correlation: 'c1'.repeat(16),
    parent: undefined,
    mode: 'sync',
    depth: 1,
    caller: 'shop',
    plugin: 'editor',
    capability: 'copy-edit',
    traceId: 'a1'.repeat(16),
    remoteSpan: undefined,
    sampled: true,
    service: 'editor',
    version: '1.2.3',
    admittedAtMs: ADMITTED,
    ...changes,
  };
}

function run(changes: Partial<InvocationRun> = {}): InvocationRun {
  return {
    attempt: 1,
    startedAtMs: ADMITTED + 10,
    endedAtMs: ADMITTED + 1_500,
    instance: 'i1',
    fault: undefined,
    ...changes,
  };
}

describe('spanFromInvocation', () => {
  it('ids — the trace of the context, and the span of the invocation', () => {
    fc.assert(
      fc.property(fc.constant(0).map(randomInvocationId), fc.constant(0).map(randomId), (invocation, traceId) => {
        const span = spanFromInvocation(subject({ invocation, traceId }), run());
        expect(span.spanContext()).toEqual({ traceId, spanId: spanIdOf(invocation), traceFlags: TraceFlags.SAMPLED });
      }),
    );
  });

  it('parent — the span of the calling invocation, whatever the root’s caller brought', () => {
    const parent = randomInvocationId();
    const span = spanFromInvocation(subject({ parent, remoteSpan: 'b2'.repeat(8) }), run());
    expect(span.parentSpanContext).toEqual({
      traceId: 'a1'.repeat(16),
      spanId: spanIdOf(parent),
      traceFlags: TraceFlags.SAMPLED,
      isRemote: false,
    });
  });

  it('parent — for a root the span that its caller brought, as a remote one; else none', () => {
    expect(spanFromInvocation(subject({ remoteSpan: 'b2'.repeat(8) }), run()).parentSpanContext).toMatchObject({
      spanId: 'b2'.repeat(8),
      isRemote: true,
    });
    expect(spanFromInvocation(subject(), run()).parentSpanContext).toBeUndefined();
  });

  it('a parent and its child are joined: the child’s parent is the parent’s span in the same trace', () => {
    const parent = spanFromInvocation(subject({ invocation: randomInvocationId() }), run());
    const invocation = randomInvocationId();
    const child = spanFromInvocation(subject({ invocation: randomInvocationId(), parent: invocation }), run());
    const own = spanFromInvocation(subject({ invocation }), run());
    expect(child.parentSpanContext?.spanId).toBe(own.spanContext().spanId);
    expect(child.spanContext().traceId).toBe(own.spanContext().traceId);
    expect(child.parentSpanContext?.spanId).not.toBe(parent.spanContext().spanId);
  });

  it('sampling — is told in the flags of the span and of its parent', () => {
    const span = spanFromInvocation(subject({ sampled: false, parent: randomInvocationId() }), run());
    expect(span.spanContext().traceFlags).toBe(TraceFlags.NONE);
    expect(span.parentSpanContext?.traceFlags).toBe(TraceFlags.NONE);
  });

  it('status — OK without a fault', () => {
    const span = spanFromInvocation(subject(), run());
    expect(span.status).toEqual({ code: SpanStatusCode.OK });
    expect(span.attributes).not.toHaveProperty('error.type');
  });

  it.each(Object.keys(FAULTS) as FaultCode[])('status — an error for the fault %s', (code) => {
    const span = spanFromInvocation(subject(), run({ fault: { code, message: 'what happened' } }));
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: `${code}: what happened` });
    expect(span.attributes['error.type']).toBe(code);
  });

  it('service — the name and version of the subject, each service its own', () => {
    const editor = spanFromInvocation(subject(), run());
    const other = spanFromInvocation(subject({ service: 'choreographer', version: '' }), run());
    const newer = spanFromInvocation(subject({ version: '2.0.0' }), run());
    expect(editor.resource.attributes).toMatchObject({ 'service.name': 'editor', 'service.version': '1.2.3' });
    expect(other.resource.attributes).toMatchObject({ 'service.name': 'choreographer', 'service.version': '' });
    expect(newer.resource.attributes['service.version']).toBe('2.0.0');
    expect(spanFromInvocation(subject(), run()).resource).toBe(editor.resource);
  });

  it('mode — a server span with RPC attributes, or a consumer span with messaging attributes', () => {
    const sync = spanFromInvocation(subject(), run());
    expect(sync.kind).toBe(SpanKind.SERVER);
    expect(sync.attributes).toMatchObject({ 'rpc.service': 'editor', 'rpc.method': 'copy-edit' });
    expect(sync.attributes).not.toHaveProperty('messaging.system');
    const durable = spanFromInvocation(subject({ mode: 'durable' }), run());
    expect(durable.kind).toBe(SpanKind.CONSUMER);
    expect(durable.attributes).toMatchObject({
      'messaging.system': 'nats',
      'messaging.destination.name': 'editor.copy-edit',
    });
    expect(durable.attributes).not.toHaveProperty('rpc.system');
  });

  it('attributes — what finds the invocation again', () => {
    expect(spanFromInvocation(subject({ depth: 3 }), run({ attempt: 2 })).attributes).toMatchObject({
      'orc.invocation': '01234567-89ab-8cde-8f01-23456789abcd',
      'orc.correlation': 'c1'.repeat(16),
      'orc.caller': 'shop',
      'orc.mode': 'sync',
      'orc.depth': 3,
      'orc.attempt': 2,
      'service.instance.id': 'i1',
    });
    expect(spanFromInvocation(subject(), run({ instance: '' })).attributes).not.toHaveProperty('service.instance.id');
  });

  it('time — from admission to end, with the start as an event', () => {
    const span = spanFromInvocation(subject(), run());
    expect(span.name).toBe('editor.copy-edit');
    expect(span.startTime).toEqual([1_700_000_000, 250_000_000]);
    expect(span.endTime).toEqual([1_700_000_001, 750_000_000]);
    expect(span.duration).toEqual([1, 500_000_000]);
    expect(span.events).toEqual([{ name: 'started', time: [1_700_000_000, 260_000_000] }]);
    expect(spanFromInvocation(subject(), run({ startedAtMs: undefined })).events).toEqual([]);
  });

  it('time — never ends before it begins, and never holds a whole second in its nanoseconds', () => {
    const ms = fc.double({ min: 0, max: 4e12, noNaN: true });
    fc.assert(
      fc.property(ms, ms, ms, (admittedAtMs, startedAtMs, endedAtMs) => {
        const span = spanFromInvocation(subject({ admittedAtMs }), run({ startedAtMs, endedAtMs }));
        const [start, end, duration] = [span.startTime, span.endTime, span.duration];
        expect(end[0] - start[0] || end[1] - start[1]).toBeGreaterThanOrEqual(0);
        for (const time of [start, end, duration]) {
          expect(Number.isInteger(time[0]) && Number.isInteger(time[1])).toBe(true);
          expect(time[1] >= 0 && time[1] < 1e9).toBe(true);
        }
      }),
    );
  });
});
