import { describe, expect, it } from '@jest/globals';
import { admit, Grants } from '@orchestrator/admission';
import {
  buildCallTree,
  type CallContext,
  decodeFrame,
  encodeDataRef,
  encodeFrame,
  Fault,
  type InvocationRecord,
  parseRequestHeaders,
  type RequestHeaders,
  randomInvocationId,
} from '@orchestrator/protocol';
import fc from 'fast-check';
import { admittedRecord, endedRecord, type RefusedCall, refusedRecord } from './records-of.js';

const NOW = 1_700_000_000_000;
const ASK = { caller: 'shop', plugin: 'editor', capability: 'copy-edit' };
const NO_HEADERS = parseRequestHeaders(undefined);
const DATA_REF = { object: 'an-object-of-the-test', bytes: 600_000, sha256: 'ab'.repeat(32) };
const TRACE_PARENT = { traceId: 'a1'.repeat(16), spanId: 'b2'.repeat(8), sampled: true };

function contextOf(mode: 'sync' | 'durable', invocation: string, headers: RequestHeaders): CallContext {
  const admission = admit({
    ask: ASK,
    mode,
    invocation,
    headers,
    parent: undefined,
    rights: Grants.parse(undefined, undefined).ofCaller('shop'),
    nowMs: NOW,
    resolve: () => ({ ok: true, version: '1.2.3', live: true, deadlineMs: undefined, maxAttempts: 3, waitingFor: [] }),
  });
  if (!admission.ok) throw admission.fault;
  return admission.context;
}

function refusal(changes: Partial<RefusedCall> = {}): RefusedCall {
  return {
    ask: ASK,
    mode: 'durable',
    invocation: '01234567-89ab-8cde-8f01-23456789abcd',
    headers: NO_HEADERS,
    parent: undefined,
    fault: new Fault('permission-denied', 'no', { why: 'test' }, { cause: new Error('inner') }),
    nowMs: NOW,
    ...changes,
  };
}

/** As it is read back from a frame. */
const stored = (record: InvocationRecord) => decodeFrame(encodeFrame([record]))[0];

const headers = fc.record({
  correlation: fc.option(fc.constant('c3'.repeat(16)), { nil: undefined }),
  traceParent: fc.option(fc.constant(TRACE_PARENT), { nil: undefined }),
  key: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
});

describe('admittedRecord', () => {
  it('says what the context says, and where the request came from', () => {
    const context = contextOf('durable', randomInvocationId(), { ...NO_HEADERS, traceParent: TRACE_PARENT });
    const other = { ...context, correlation: 'd4'.repeat(16), parent: 'a-parent', depth: 2 };
    const asked = { key: 'order-1', dataRef: DATA_REF };
    expect(stored(admittedRecord(other, asked, { request: 7, bodyHash: 'h' }))).toEqual({
      state: 'admitted',
      invocation: other.invocation,
      correlation: other.correlation,
      traceId: TRACE_PARENT.traceId,
      remoteSpan: TRACE_PARENT.spanId,
      atMs: NOW,
      parent: 'a-parent',
      ...ASK,
      version: '1.2.3',
      mode: 'durable',
      depth: 2,
      deadlineMs: other.deadlineMs,
      key: 'order-1',
      argsAt: encodeDataRef(DATA_REF),
      request: 7,
      bodyHash: 'h',
    });
  });

  it('leaves out what there is not, and a trace that is the correlation', () => {
    const record = stored(admittedRecord(contextOf('sync', randomInvocationId(), NO_HEADERS), undefined));
    for (const absent of ['parent', 'traceId', 'remoteSpan', 'sampled', 'key', 'argsAt', 'request', 'bodyHash']) {
      expect(record).not.toHaveProperty(absent);
    }
  });

  it('says that a trace is not sampled, where it is not', () => {
    const context = contextOf('sync', randomInvocationId(), NO_HEADERS);
    expect(stored(admittedRecord({ ...context, sampled: false }, undefined))).toMatchObject({ sampled: false });
  });
});

describe('refusedRecord', () => {
  it('says who asked for what and why not, with nothing of where the fault came from', () => {
    expect(
      stored(refusedRecord(refusal({ request: 9, headers: { ...NO_HEADERS, key: 'k', dataRef: DATA_REF } }))),
    ).toMatchObject({
      state: 'refused',
      argsAt: encodeDataRef(DATA_REF),
      atMs: NOW,
      ...ASK,
      mode: 'durable',
      depth: 1,
      request: 9,
      key: 'k',
      fault: { code: 'permission-denied', message: 'no', details: { why: 'test' } },
    });
    expect(JSON.stringify(refusedRecord(refusal()))).not.toMatch(/stack|inner/);
  });

  it('stands in the tree of the caller, one level below it', () => {
    const parent = contextOf('sync', randomInvocationId(), { ...NO_HEADERS, traceParent: TRACE_PARENT });
    const ignored = { ...NO_HEADERS, correlation: 'c3'.repeat(16) };
    const record = refusedRecord(refusal({ parent, headers: ignored }));
    expect(record).toMatchObject({ parent: parent.invocation, correlation: parent.correlation, depth: 2 });
    const tree = buildCallTree(parent.correlation, [admittedRecord(parent, undefined), record]);
    expect(tree?.roots[0]?.children[0]).toMatchObject({ state: 'refused', traceId: TRACE_PARENT.traceId });
  });

  it('of a request whose headers could not be read — still has a correlation to be found by', () => {
    for (const mode of ['sync', 'durable'] as const) {
      expect(refusedRecord(refusal({ headers: undefined, mode })).correlation).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  it('is found where the admission of the same durable request would have been', () => {
    fc.assert(
      fc.property(headers, fc.constant(0).map(randomInvocationId), (said, invocation) => {
        const given = { ...NO_HEADERS, ...said };
        const context = contextOf('durable', invocation, given);
        const record = refusedRecord(refusal({ headers: given, invocation }));
        expect(record.correlation).toBe(context.correlation);
        expect(record.traceId ?? record.correlation).toBe(context.traceId);
        expect(refusedRecord(refusal({ headers: given, invocation }))).toEqual(record);
      }),
    );
  });
});

describe('endedRecord', () => {
  const ending = { attempt: 2, startedAtMs: NOW + 1, endedAtMs: NOW + 5, instance: 'i1', fault: undefined };

  it('says how it ended, and is read back as it was written', () => {
    const context = contextOf('sync', randomInvocationId(), NO_HEADERS);
    const { invocation, correlation } = context;
    expect(stored(endedRecord(context, ending))).toEqual({
      state: 'ended',
      invocation,
      correlation,
      atMs: NOW + 5,
      startedAtMs: NOW + 1,
      attempt: 2,
      instance: 'i1',
    });
    const fault = { code: 'failed', message: 'm' } as const;
    expect(stored(endedRecord(context, { ...ending, fault }))).toMatchObject({ fault });
    const resultAt = encodeDataRef(DATA_REF);
    expect(stored(endedRecord(context, { ...ending, resultAt }))).toMatchObject({ resultAt });
  });

  it('with its admission makes a finished invocation', () => {
    const context = contextOf('sync', randomInvocationId(), NO_HEADERS);
    const tree = buildCallTree(context.correlation, [endedRecord(context, ending), admittedRecord(context, undefined)]);
    expect(tree?.roots[0]).toMatchObject({ state: 'succeeded', attempts: 2, startedAtMs: NOW + 1, endedAtMs: NOW + 5 });
  });
});
