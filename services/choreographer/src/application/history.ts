/** What happened, told to the stream that is the truth. Projection and spans are made from there, by the history thread. */
import type {
  AdmittedRecord,
  CallContext,
  CircuitChange,
  FaultBody,
  HostReport,
  ReportedStep,
} from '@orchestrator/protocol';
import type { HistoryWriter } from '../adapters/history-writer.js';
import {
  type AskedIn,
  admittedRecord,
  type Ending,
  endedRecord,
  type RefusedCall,
  type RequestOrigin,
  refusedRecord,
} from '../domain/records-of.js';

export class History {
  readonly #writer: HistoryWriter;

  constructor(writer: HistoryWriter) {
    this.#writer = writer;
  }

  /** Resolves once it is stored; for durable work, and for everything below it. @throws Fault */
  admittedStored(context: CallContext, asked: AskedIn | undefined, origin?: RequestOrigin): Promise<void> {
    return this.#writer.record(admittedRecord(context, asked, origin));
  }

  /** Best effort. */
  admitted(context: CallContext, asked: AskedIn | undefined): void {
    this.#writer.note(admittedRecord(context, asked));
  }

  /** Best effort. */
  started(context: CallContext, report: HostReport): void {
    const { invocation, correlation } = context;
    const { startedAtMs: atMs, instance, attempt = 1 } = report;
    this.#writer.note({ state: 'started', invocation, correlation, atMs, attempt, instance });
  }

  /** A step of a run came to its end. Best effort. */
  step(context: CallContext, report: HostReport & { readonly step: ReportedStep }): void {
    const { invocation, correlation } = context;
    const { startedAtMs, endedAtMs: atMs = startedAtMs, attempt = 1, fault, step } = report;
    const what = { invocation, correlation, atMs, attempt, step: step.name, title: step.title, startedAtMs };
    this.#writer.note({ state: 'step', ...what, ...(fault && { fault }) });
  }

  /** An attempt failed, and the next is due then. Resolves once it is stored. @throws Fault */
  retryingStored(context: CallContext, ending: Ending & { readonly fault: FaultBody }, dueAtMs: number): Promise<void> {
    return this.#writer.record({ ...endedRecord(context, ending), state: 'retrying', fault: ending.fault, dueAtMs });
  }

  /** The call was what changed the circuit before its capability. Best effort. */
  circuitChanged(
    context: Pick<CallContext, 'invocation' | 'correlation' | 'plugin' | 'version' | 'capability'>,
    { state: circuit, atMs, untilMs }: CircuitChange,
  ): void {
    const { invocation, correlation, plugin, version, capability } = context;
    const what = { invocation, correlation, atMs, plugin, version, capability, circuit };
    this.#writer.note({ state: 'circuit', ...what, ...(untilMs !== undefined && { untilMs }) });
  }

  /** Best effort. */
  superseded(context: CallContext, ending: Ending): void {
    this.#writer.note({ ...endedRecord(context, ending), state: 'superseded' });
  }

  /** Best effort for synchronous calls; await `stored` for durable ones. Answers the correlation that the refusal is found by. */
  refused(refused: RefusedCall): { readonly correlation: string; readonly stored: Promise<void> } {
    const record = refusedRecord(refused);
    const { correlation } = record;
    if (refused.mode === 'durable') return { correlation, stored: this.#writer.record(record) };
    this.#writer.note(record);
    return { correlation, stored: Promise.resolve() };
  }

  /** Best effort. */
  ended(context: CallContext, ending: Ending): void {
    this.#writer.note(endedRecord(context, ending));
  }

  /** Resolves once it is stored. @throws Fault */
  endedStored(invocation: Pick<CallContext, 'invocation' | 'correlation'>, ending: Ending): Promise<void> {
    return this.#writer.record(endedRecord(invocation, ending));
  }

  /** That request asked for what had its result already. Resolves once it is stored. @throws Fault */
  repeatedStored(of: Pick<CallContext, 'invocation' | 'correlation'>, request: number): Promise<void> {
    const { invocation, correlation } = of;
    return this.#writer.record({ state: 'repeated', invocation, correlation, atMs: Date.now(), request });
  }

  /** The choreographer ended it itself: no instance did. Resolves once it is stored. @throws Fault */
  endedByChoreographer(
    admitted: Pick<AdmittedRecord, 'invocation' | 'correlation'>,
    endedAtMs: number,
    fault: FaultBody | undefined,
  ): Promise<void> {
    return this.endedStored(admitted, { attempt: 0, startedAtMs: undefined, endedAtMs, instance: undefined, fault });
  }

  /** Writes what still waits. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }
}
