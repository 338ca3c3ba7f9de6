import { describe, expect, it } from '@jest/globals';
import {
  type AdmittedRecord,
  type EndedRecord,
  type InvocationRecord,
  type RetryingRecord,
  type StepRecord,
  spanIdOf,
} from '@orchestrator/protocol';
import type { SpanQueue } from '@orchestrator/telemetry';
import { SpanMaker } from './span-maker.js';

type Span = Parameters<SpanQueue['offer']>[0];

/** As OpenTelemetry numbers them. */
const [OK, ERROR] = [1, 2];

const INVOCATION = '01234567-89ab-8def-8123-456789abcdef';
const CORRELATION = 'c1'.repeat(16);
const FAULT = { code: 'failed', message: 'broke' } as const;

const admitted: AdmittedRecord = {
  state: 'admitted',
  invocation: INVOCATION,
  correlation: CORRELATION,
  atMs: 1_000,
  caller: 'shop',
  plugin: 'editor',
  version: '1.0.0',
  capability: 'copy-edit',
  mode: 'sync',
  depth: 1,
  deadlineMs: 9_000,
};
const ended: EndedRecord = {
  state: 'ended',
  invocation: INVOCATION,
  correlation: CORRELATION,
  atMs: 1_250,
  attempt: 1,
  startedAtMs: 1_010,
  instance: 'i1',
};

const ALL = { isSampled: () => true, slowMs: 10_000 };

function retrying(attempt: number): RetryingRecord {
  const base = { state: 'retrying', invocation: INVOCATION, correlation: CORRELATION } as const;
  return { ...base, atMs: 1_000 + attempt, attempt, fault: FAULT, dueAtMs: 2_000 };
}

/** Feeds records in, and answers the spans that come out. */
async function spansOf(
  records: readonly (readonly [InvocationRecord, 'own' | 'foreign'])[],
  stored: readonly InvocationRecord[] = [],
): Promise<Span[]> {
  const spans: Span[] = [];
  const maker = new SpanMaker({ offer: (span) => spans.push(span) }, ALL, async () => stored);
  for (const [record, whose] of records) await maker.onRecord(record, whose === 'own');
  return spans;
}

function step(name: string, startedAtMs: number): StepRecord {
  const base = { state: 'step', invocation: INVOCATION, correlation: CORRELATION, attempt: 1 } as const;
  return { ...base, step: name, title: `Phase ${name}`, startedAtMs, atMs: startedAtMs + 50 };
}

describe('SpanMaker', () => {
  it('a step — a span of its own below that of its invocation, also where that has to be looked up', async () => {
    const whole = [admitted, step('0', 1_020), { ...step('1', 1_100), fault: FAULT }, ended];
    const shown = (spans: readonly Span[]) =>
      spans.map(({ name, parentSpanContext, status: { code } }) => ({ name, parent: parentSpanContext?.spanId, code }));
    const below = { parent: spanIdOf(INVOCATION) };
    const wanted = [
      { name: 'editor.copy-edit', parent: undefined, code: OK },
      { name: 'Phase 0', ...below, code: OK },
      { name: 'Phase 1', ...below, code: ERROR },
    ];
    const told = await spansOf(whole.map((record) => [record, 'own']));
    expect(shown(told)).toEqual(wanted);
    expect(shown(await spansOf([[ended, 'own']], whole))).toEqual(wanted);
    expect(new Set(told.map((span) => span.spanContext().spanId)).size).toBe(3);
    expect(told[1]).toMatchObject({ startTime: [1, 20e6], endTime: [1, 70e6], duration: [0, 50e6] });
  });

  it('an admission and its end — one span, in the plugin’s name, from the one to the other', async () => {
    const [span, ...more] = await spansOf([
      [admitted, 'own'],
      [ended, 'own'],
    ]);
    expect(more).toEqual([]);
    expect(span?.spanContext()).toMatchObject({ traceId: CORRELATION, spanId: spanIdOf(INVOCATION) });
    expect(span?.resource.attributes['service.name']).toBe('editor');
    expect(span?.startTime).toEqual([1, 0]);
    expect(span?.endTime).toEqual([1, 250_000_000]);
  });

  it('both in one record — the same span', async () => {
    const { state: _state, invocation: _invocation, correlation: _correlation, ...outcome } = ended;
    const [one] = await spansOf([[{ ...admitted, ended: outcome }, 'own']]);
    const [two] = await spansOf([
      [admitted, 'own'],
      [ended, 'own'],
    ]);
    expect({ ...one, spanContext: one?.spanContext() }).toEqual({ ...two, spanContext: two?.spanContext() });
  });

  it('an end that another replica wrote — is that replica’s to make', async () => {
    const foreign = await spansOf([
      [admitted, 'own'],
      [ended, 'foreign'],
    ]);
    const own = await spansOf([
      [admitted, 'foreign'],
      [ended, 'own'],
    ]);
    expect([foreign.length, own.length]).toEqual([0, 1]);
  });

  it('an admission from before this replica started — is looked up', async () => {
    expect(await spansOf([[ended, 'own']], [admitted, ended])).toHaveLength(1);
    expect(await spansOf([[ended, 'own']], [])).toEqual([]);
  });

  it('attempts that failed before — are events of the span, each once', async () => {
    const events = [
      ['attempt failed', 1],
      ['attempt failed', 2],
      ['started', undefined],
    ];
    const seen = await spansOf([
      [admitted, 'own'],
      [retrying(1), 'own'],
      [retrying(1), 'own'],
      [retrying(2), 'foreign'],
      [ended, 'own'],
    ]);
    const lookedUp = await spansOf([[ended, 'own']], [admitted, retrying(1), retrying(1), retrying(2), ended]);
    for (const [span] of [seen, lookedUp]) {
      expect(span?.events.map(({ name, attributes }) => [name, attributes?.['orc.attempt']])).toEqual(events);
    }
  });

  it('a call that wants no trace — has none, unless it fails', async () => {
    const silent = { ...admitted, sampled: false };
    const good = await spansOf([
      [silent, 'own'],
      [ended, 'own'],
    ]);
    const bad = await spansOf([
      [silent, 'own'],
      [{ ...ended, fault: FAULT }, 'own'],
    ]);
    expect([good.length, bad.length]).toEqual([0, 1]);
  });

  it('a refusal — is a span of the choreographer’s own, below the caller outside', async () => {
    const { version: _version, deadlineMs: _deadlineMs, ...asked } = admitted;
    const [span] = await spansOf([
      [{ ...asked, state: 'refused', fault: FAULT, remoteSpan: '00f067aa0ba902b7' }, 'own'],
    ]);
    expect(span?.resource.attributes['service.name']).toBe('choreographer');
    expect(span?.parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
    expect(span?.attributes['error.type']).toBe('failed');
  });
});
