/** What happened, told once: to the stream that is the truth, and as a span to whoever watches traces. */
import type { AdmittedRecord, CallContext, FaultBody, HostReport } from '@orchestrator/protocol';
import { type SpanQueue, spanFromInvocation } from '@orchestrator/telemetry';
import type { HistoryWriter } from '../adapters/history-writer.js';
import {
  admittedRecord,
  type Ending,
  endedRecord,
  type RefusedCall,
  type RequestOrigin,
  refusedRecord,
} from '../domain/records-of.js';

/** Spans of calls that never reached a plugin are the choreographer's own. */
const SERVICE = 'choreographer';

export class History {
  readonly #writer: HistoryWriter;
  readonly #spans: SpanQueue | undefined;

  constructor(writer: HistoryWriter, spans: SpanQueue | undefined) {
    this.#writer = writer;
    this.#spans = spans;
  }

  /** Resolves once it is stored; for durable work, and for everything below it. @throws Fault */
  admittedStored(context: CallContext, key: string | undefined, origin?: RequestOrigin): Promise<void> {
    return this.#writer.record(admittedRecord(context, key, origin));
  }

  /** Best effort. */
  admitted(context: CallContext, key: string | undefined): void {
    this.#writer.note(admittedRecord(context, key));
  }

  /** Best effort. */
  started(context: CallContext, report: HostReport): void {
    const { invocation, correlation } = context;
    const { startedAtMs: atMs, instance, attempt = 1 } = report;
    this.#writer.note({ state: 'started', invocation, correlation, atMs, attempt, instance });
  }

  /** Best effort for synchronous calls; await it for durable ones. Answers the correlation that the refusal is found by. */
  refused(refused: RefusedCall): { readonly correlation: string; readonly stored: () => Promise<void> } {
    const record = refusedRecord(refused);
    const { invocation, correlation, parent, mode, depth, caller, plugin, capability, atMs, fault } = record;
    const remote = parent === undefined ? refused.headers?.traceParent : undefined;
    this.#spans?.offer(
      spanFromInvocation(
        {
          ...{ invocation, correlation, parent, mode, depth, caller, plugin, capability },
          traceId: record.traceId ?? correlation,
          remoteSpan: remote?.spanId,
          sampled: true,
          service: SERVICE,
          version: '',
          admittedAtMs: atMs,
        },
        { attempt: 0, startedAtMs: undefined, endedAtMs: atMs, instance: undefined, fault },
      ),
    );
    if (mode === 'durable') return { correlation, stored: () => this.#writer.record(record) };
    this.#writer.note(record);
    return { correlation, stored: () => Promise.resolve() };
  }

  /** Best effort. */
  ended(context: CallContext, ending: Ending): void {
    this.#offerSpan(context, ending);
    this.#writer.note(endedRecord(context, ending));
  }

  /** Resolves once it is stored. @throws Fault */
  async endedStored(context: CallContext, ending: Ending): Promise<void> {
    await this.#writer.record(endedRecord(context, ending));
    this.#offerSpan(context, ending);
  }

  /** The choreographer ended it itself: no instance did. Resolves once it is stored. @throws Fault */
  async endedByChoreographer(admitted: AdmittedRecord, endedAtMs: number, fault: FaultBody | undefined): Promise<void> {
    const ending = { attempt: 0, startedAtMs: undefined, endedAtMs, instance: undefined, fault };
    await this.#writer.record(endedRecord(admitted, ending));
    const { traceId, plugin, atMs } = admitted;
    const subject = { ...admitted, parent: admitted.parent, traceId: traceId ?? admitted.correlation, service: plugin };
    this.#spans?.offer(
      spanFromInvocation({ ...subject, remoteSpan: undefined, sampled: true, admittedAtMs: atMs }, ending),
    );
  }

  /** Writes and sends what still waits. */
  async close(): Promise<void> {
    await this.#writer.flush();
    await this.#spans?.close();
  }

  /** Sampling is the caller's wish, but what went wrong is always kept. */
  #offerSpan(context: CallContext, ending: Ending): void {
    if (!this.#spans || (!context.sampled && !ending.fault)) return;
    this.#spans.offer(spanFromInvocation({ ...context, service: context.plugin }, ending));
  }
}
