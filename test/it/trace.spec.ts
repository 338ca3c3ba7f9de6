/** The trace of real runs, as a real Jaeger answers for it over its query API. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { headers } from '@orchestrator/bus';
import { type RunningJaeger, startJaeger } from '@orchestrator/local';
import { flattenTree, HEADERS, spanIdOf, subjects } from '@orchestrator/protocol';
import { MIRROR, NOVELIST, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

interface JaegerTag {
  readonly key: string;
  readonly value: unknown;
}

interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly processID: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  readonly tags: readonly JaegerTag[];
  readonly logs: readonly { readonly fields: readonly JaegerTag[] }[];
}

interface JaegerTrace {
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

const TIMEOUT_MS = 20_000;
const POLL_MS = 50;
const BUILD_MS = 15 * 60_000;

describe('the trace in Jaeger', () => {
  let jaeger: RunningJaeger;
  let system: TestSystem;

  beforeAll(async () => {
    jaeger = await startJaeger({ log: (line) => process.stderr.write(`${line}\n`) });
    system = await startTestSystem({ plugins: [PROBE, MIRROR, NOVELIST], otlpUrl: jaeger.otlpHttpUrl });
  }, BUILD_MS);

  afterAll(async () => {
    await system?.stop();
    await jaeger?.stop();
  });

  /** Asks until the trace has so many spans; a trace that never does fails with what it has. */
  async function traceOf(traceId: string, spans: number): Promise<JaegerTrace> {
    const giveUpAtMs = Date.now() + TIMEOUT_MS;
    for (;;) {
      const response = await fetch(`${jaeger.queryUrl}/api/traces/${traceId}`);
      const { data } = (await response.json()) as { data: JaegerTrace[] | null };
      if (data?.[0]?.spans.length === spans) return data[0];
      if (Date.now() > giveUpAtMs) throw new Error(`Not ${spans} spans: ${JSON.stringify(data)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  function tag(span: JaegerSpan | undefined, key: string): unknown {
    return span?.tags.find((one) => one.key === key)?.value;
  }

  function parentOf(span: JaegerSpan | undefined): string | undefined {
    return span?.references.find((reference) => reference.refType === 'CHILD_OF')?.spanID;
  }

  it('of a durable tree over two plugins — one trace, a span per invocation, each below its caller, in its plugin’s name', async () => {
    const innermost = { capability: 'probe.echo', argsJson: '{"text":"deep"}' };
    const middle = { capability: 'mirror.call', argsJson: JSON.stringify(innermost) };
    const outcome = await (await system.client.request({ plugin: 'probe', capability: 'call' }, middle)).outcome();
    expect(outcome.result.ok).toBe(true);
    const tree = await system.treeWhere(
      { correlation: outcome.correlation ?? '' },
      (nodes) => nodes.length === 3 && nodes.every((node) => node.state === 'succeeded'),
    );
    const trace = await traceOf(tree.traceId, 3);
    for (const node of flattenTree(tree)) {
      const span = trace.spans.find((one) => one.spanID === spanIdOf(node.invocation));
      expect(span?.operationName).toBe(`${node.plugin}.${node.capability}`);
      expect(trace.processes[span?.processID ?? '']?.serviceName).toBe(node.plugin);
      expect(parentOf(span)).toBe(node.parent === undefined ? undefined : spanIdOf(node.parent));
      expect(tag(span, 'error')).toBeUndefined();
    }
  });

  it('of a call that fails — the failing span and its caller’s carry the error, and the fault’s code', async () => {
    const failing = { capability: 'mirror.fail', argsJson: '{}' };
    const outcome = await system.client.call({ plugin: 'probe', capability: 'call' }, failing);
    expect(outcome.result).toMatchObject({ ok: false, fault: { code: 'failed' } });
    const trace = await traceOf(outcome.correlation ?? '', 2);
    for (const span of trace.spans) {
      expect(tag(span, 'error')).toBe(true);
      expect(tag(span, 'otel.status_code')).toBe('ERROR');
      expect(tag(span, 'error.type')).toBe('failed');
    }
  });

  it('of a pipeline — a span for each phase, below that of the run', async () => {
    const outcome = await system.client.call({ plugin: 'novelist', capability: 'run' }, { input: 'traced' });
    const { spans, processes } = await traceOf(outcome.correlation ?? '', 5);
    const run = spans.find((span) => span.operationName === 'novelist.run');
    const phases = spans.filter((span) => span !== run);
    expect(phases.map((span) => span.operationName).sort()).toEqual(['Assembly', 'Planning', 'Writing 1', 'Writing 2']);
    expect(new Set(phases.map(parentOf))).toEqual(new Set([run?.spanID]));
    expect(new Set(spans.map((span) => processes[span.processID]?.serviceName))).toEqual(new Set(['novelist']));
  });

  it('of work that failed at first — shows the failed attempt in its span', async () => {
    const flaky = { plugin: 'probe', capability: 'flaky' };
    const outcome = await (await system.client.request(flaky, { name: 'traced', until: 2 })).outcome();
    const trace = await traceOf(outcome.correlation ?? '', 1);
    const events = trace.spans[0]?.logs.map(({ fields }) =>
      Object.fromEntries(fields.map((one) => [one.key, one.value])),
    );
    expect(events).toMatchObject([
      { event: 'attempt failed', 'orc.attempt': 1, 'error.type': 'failed', 'exception.message': 'attempt 1' },
      { event: 'started' },
    ]);
    expect(tag(trace.spans[0], 'orc.attempt')).toBe(2);
  });

  it('where no trace is sampled — of a tree in which something failed it is there whole, of others not at all', async () => {
    const unsampled = await startTestSystem({
      plugins: [PROBE, MIRROR],
      otlpUrl: jaeger.otlpHttpUrl,
      env: { ORC_TRACE_RATIO: '0' },
    });
    try {
      const call = (capability: string, args: object) => unsampled.client.call({ plugin: 'probe', capability }, args);
      const fine = await call('call', { capability: 'mirror.echo', argsJson: '{"text":"fine"}' });
      const failing = JSON.stringify({ capability: 'probe.fail', argsJson: '{}', times: 1 });
      const caught = await call('call', { capability: 'mirror.fan', argsJson: failing });
      expect([fine.result.ok, caught.result.ok]).toEqual([true, true]);
      await traceOf(caught.correlation ?? '', 3);
      const { status } = await fetch(`${jaeger.queryUrl}/api/traces/${fine.correlation}`);
      expect(status).toBe(404);
    } finally {
      await unsampled.stop();
    }
  });

  it('of a call that was refused — a span of the choreographer’s own, below the caller', async () => {
    const refused = { capability: 'mirror.nothing-such', argsJson: '{}' };
    const outcome = await system.client.call({ plugin: 'probe', capability: 'call' }, refused);
    const trace = await traceOf(outcome.correlation ?? '', 2);
    const span = trace.spans.find((one) => one.operationName === 'mirror.nothing-such');
    expect(trace.processes[span?.processID ?? '']?.serviceName).toBe('choreographer');
    expect(tag(span, 'error.type')).toBe('not-found');
    expect(parentOf(span)).toBe(spanIdOf(outcome.invocation ?? ''));
  });

  it('of a caller with a traceparent of its own — continues that trace below the caller’s span', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const callerSpan = '00f067aa0ba902b7';
    const own = headers();
    own.set(HEADERS.traceparent, `00-${traceId}-${callerSpan}-01`);
    const subject = subjects.call({ caller: 'tester', plugin: 'probe', capability: 'echo' });
    await system.client.requester.request(subject, '{"text":"traced"}', { headers: own, timeoutMs: 5_000 });
    const trace = await traceOf(traceId, 1);
    expect(parentOf(trace.spans[0])).toBe(callerSpan);
  });
});
