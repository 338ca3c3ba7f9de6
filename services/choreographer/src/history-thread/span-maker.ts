/**
 * Makes the spans of invocations from the records of their history: of each end and refusal that this replica wrote, so
 * that among replicas a span is made once. Whose call it was stands in the admission record, which came earlier.
 */
import type { AdmittedRecord, EndedRecord, InvocationRecord, RefusedRecord } from '@orchestrator/protocol';
import { type SpanQueue, type SpanSubject, spanFromInvocation } from '@orchestrator/telemetry';
import { RecentMap } from '../domain/recent-map.js';

/** Spans of calls that never reached a plugin are the choreographer's own. */
const SERVICE = 'choreographer';
/** Admissions remembered until their end; what is forgotten is looked up. */
const REMEMBERED = 50_000;

export class SpanMaker {
  readonly #spans: Pick<SpanQueue, 'offer'>;
  readonly #lookUp: (correlation: string) => Promise<readonly InvocationRecord[]>;
  readonly #admitted = new RecentMap<AdmittedRecord>(REMEMBERED);

  /** @param lookUp the stored records of a correlation */
  constructor(spans: Pick<SpanQueue, 'offer'>, lookUp: (correlation: string) => Promise<readonly InvocationRecord[]>) {
    this.#spans = spans;
    this.#lookUp = lookUp;
  }

  /**
   * @param isOwn was it written by this replica?
   * @returns a promise where a record from before this replica started has to be looked up
   */
  onRecord(record: InvocationRecord, isOwn: boolean): Promise<void> | undefined {
    if (record.state === 'admitted' && record.ended) this.#offer(record, record.ended, isOwn);
    else if (record.state === 'admitted') this.#admitted.set(record.invocation, record);
    else if (record.state === 'refused' && isOwn) this.#onRefused(record);
    else if (record.state === 'ended') return this.#onEnded(record, isOwn);
    return undefined;
  }

  #onRefused(record: RefusedRecord): void {
    const subject = { ...subjectOf(record), service: SERVICE, version: '' };
    const { atMs: endedAtMs, fault } = record;
    this.#spans.offer(
      spanFromInvocation(subject, { attempt: 0, startedAtMs: undefined, endedAtMs, instance: undefined, fault }),
    );
  }

  #onEnded(record: EndedRecord, isOwn: boolean): Promise<void> | undefined {
    const admitted = this.#admitted.get(record.invocation);
    this.#admitted.delete(record.invocation);
    if (admitted) this.#offer(admitted, record, isOwn);
    else if (isOwn) return this.#lookUpAndOffer(record);
    return undefined;
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

  async #lookUpAndOffer(record: EndedRecord): Promise<void> {
    const isIt = (one: InvocationRecord): one is AdmittedRecord =>
      one.state === 'admitted' && one.invocation === record.invocation;
    const admitted = (await this.#lookUp(record.correlation)).find(isIt);
    if (admitted) this.#offer(admitted, record, true);
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
