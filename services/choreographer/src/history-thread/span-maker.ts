/**
 * Makes the spans of invocations from the records of their history: of each end and refusal that this replica wrote, so
 * that among replicas a span is made once. Whose call it was stands in the admission record, which came earlier.
 */
import type { AdmittedRecord, EndedRecord, InvocationRecord, RefusedRecord } from '@orchestrator/protocol';
import { type SpanQueue, type SpanSubject, spanFromInvocation } from '@orchestrator/telemetry';

/** Spans of calls that never reached a plugin are the choreographer's own. */
const SERVICE = 'choreographer';
/** Admissions remembered until their end; what is forgotten is looked up. */
const REMEMBERED = 50_000;

export class SpanMaker {
  readonly #spans: Pick<SpanQueue, 'offer'>;
  readonly #lookUp: (correlation: string) => readonly InvocationRecord[];
  readonly #admitted = new Map<string, AdmittedRecord>();

  /** @param lookUp the stored records of a correlation */
  constructor(spans: Pick<SpanQueue, 'offer'>, lookUp: (correlation: string) => readonly InvocationRecord[]) {
    this.#spans = spans;
    this.#lookUp = lookUp;
  }

  /** @param isOwn was it written by this replica? */
  onRecord(record: InvocationRecord, isOwn: boolean): void {
    if (record.state === 'admitted' && record.ended) this.#offer(record, record.ended, isOwn);
    else if (record.state === 'admitted') this.#remember(record);
    else if (record.state === 'refused' && isOwn) this.#onRefused(record);
    else if (record.state === 'ended') this.#onEnded(record, isOwn);
  }

  #onRefused(record: RefusedRecord): void {
    const subject = { ...subjectOf(record), service: SERVICE, version: '' };
    const { atMs: endedAtMs, fault } = record;
    this.#spans.offer(
      spanFromInvocation(subject, { attempt: 0, startedAtMs: undefined, endedAtMs, instance: undefined, fault }),
    );
  }

  #onEnded(record: EndedRecord, isOwn: boolean): void {
    const admitted = this.#admitted.get(record.invocation) ?? (isOwn ? this.#find(record) : undefined);
    this.#admitted.delete(record.invocation);
    if (admitted) this.#offer(admitted, record, isOwn);
  }

  #offer(
    admitted: AdmittedRecord,
    ended: Omit<EndedRecord, 'state' | 'invocation' | 'correlation'>,
    isOwn: boolean,
  ): void {
    // Sampling is the caller's wish, but what went wrong is always kept.
    if (!isOwn || (admitted.sampled === false && !ended.fault)) return;
    const { attempt, startedAtMs, atMs: endedAtMs, instance, fault } = ended;
    const subject = { ...subjectOf(admitted), service: admitted.plugin, version: admitted.version };
    this.#spans.offer(spanFromInvocation(subject, { attempt, startedAtMs, endedAtMs, instance, fault }));
  }

  #find({ correlation, invocation }: EndedRecord): AdmittedRecord | undefined {
    const isIt = (record: InvocationRecord) => record.state === 'admitted' && record.invocation === invocation;
    return this.#lookUp(correlation).find(isIt) as AdmittedRecord | undefined;
  }

  #remember(record: AdmittedRecord): void {
    this.#admitted.set(record.invocation, record);
    if (this.#admitted.size <= REMEMBERED) return;
    const oldest = this.#admitted.keys().next().value;
    if (oldest !== undefined) this.#admitted.delete(oldest);
  }
}

function subjectOf(record: AdmittedRecord | RefusedRecord): Omit<SpanSubject, 'service' | 'version'> {
  const { invocation, correlation, parent, mode, depth, caller, plugin, capability, atMs, remoteSpan } = record;
  return {
    ...{ invocation, correlation, parent, mode, depth, caller, plugin, capability },
    traceId: record.traceId ?? correlation,
    remoteSpan,
    sampled: true,
    admittedAtMs: atMs,
  };
}
