/**
 * Makes the spans of invocations from the records of their history: of each end and refusal that this replica wrote, so
 * that among replicas a span is made once. Whose call it was stands in the admission record, which came earlier.
 */
import {
  type AdmittedRecord,
  type EndedRecord,
  expandRecord,
  type InvocationRecord,
  type RefusedRecord,
  type RetryingRecord,
  type StepRecord,
} from '@orchestrator/protocol';
import {
  type InvocationRun,
  type SpanQueue,
  type SpanSubject,
  spanFromInvocation,
  spanFromStep,
} from '@orchestrator/telemetry';
import { RecentMap } from '../domain/recent-map.js';
import { type Finished, type Sampling, TailSampling } from './tail-sampling.js';

/** Spans of calls that never reached a plugin are the choreographer's own. */
const SERVICE = 'choreographer';
/** Admissions remembered until their end; what is forgotten is looked up. */
const REMEMBERED = 50_000;

interface Unfinished {
  readonly asked: AdmittedRecord;
  /** None, as a rule. */
  readonly failed: readonly RetryingRecord[];
  /** None, where it is no pipeline. */
  readonly steps: readonly StepRecord[];
}

const NONE = { failed: [], steps: [] };
/** Steps that an invocation has spans of; of more, the first. */
const STEPS = 1_000;

export class SpanMaker {
  readonly #spans: Pick<SpanQueue, 'offer'>;
  readonly #lookUp: (correlation: string) => Promise<readonly InvocationRecord[]>;
  readonly #sampling: TailSampling;
  readonly #unfinished = new RecentMap<Unfinished>(REMEMBERED);

  /** @param lookUp the stored records of a correlation */
  constructor(
    spans: Pick<SpanQueue, 'offer'>,
    sampling: Sampling,
    lookUp: (correlation: string) => Promise<readonly InvocationRecord[]>,
  ) {
    this.#spans = spans;
    this.#lookUp = lookUp;
    this.#sampling = new TailSampling(sampling, async (correlation) => finishedOf(await lookUp(correlation)));
  }

  /**
   * @param isOwn was it written by this replica?
   * @returns a promise where records from before have to be looked up
   */
  onRecord(record: InvocationRecord, isOwn: boolean): Promise<void> | undefined {
    switch (record.state) {
      case 'admitted':
        if (record.parent === undefined) this.#sampling.onRoot(record);
        if (record.ended) return this.#finish({ asked: record, ...NONE, outcome: record.ended }, isOwn);
        this.#unfinished.set(record.invocation, { asked: record, ...NONE });
        return undefined;
      case 'retrying':
        this.#onRetrying(record);
        return undefined;
      case 'step':
        this.#onStep(record);
        return undefined;
      case 'refused':
        return this.#finish({ asked: record, ...NONE, outcome: refusal(record) }, isOwn);
      case 'ended':
        return this.#onEnded(record, isOwn);
      default:
        return undefined;
    }
  }

  #onRetrying(record: RetryingRecord): void {
    const known = this.#unfinished.get(record.invocation);
    if (!known) return;
    this.#unfinished.set(record.invocation, { ...known, failed: withoutDoubles([...known.failed, record]) });
  }

  #onStep(record: StepRecord): void {
    const known = this.#unfinished.get(record.invocation);
    if (!known || known.steps.length >= STEPS) return;
    this.#unfinished.set(record.invocation, { ...known, steps: [...known.steps, record] });
  }

  #onEnded(record: EndedRecord, isOwn: boolean): Promise<void> | undefined {
    const unfinished = this.#unfinished.get(record.invocation);
    this.#unfinished.delete(record.invocation);
    if (unfinished) return this.#finish({ ...unfinished, outcome: record }, isOwn);
    return isOwn ? this.#lookUpAndFinish(record) : undefined;
  }

  async #lookUpAndFinish({ invocation, correlation }: EndedRecord): Promise<void> {
    const one = finishedOf(await this.#lookUp(correlation)).find(({ asked }) => asked.invocation === invocation);
    if (one) await this.#finish(one, true);
  }

  #finish(one: Finished, isOwn: boolean): Promise<void> | undefined {
    const taken = this.#sampling.take(one, isOwn);
    if (taken instanceof Promise) return taken.then((looked) => this.#offer(looked));
    this.#offer(taken);
    return undefined;
  }

  #offer(finished: readonly Finished[]): void {
    for (const one of finished) {
      const subject = subjectOf(one);
      this.#spans.offer(spanFromInvocation(subject, runOf(one)));
      for (const step of one.steps) this.#spans.offer(spanFromStep(subject, step));
    }
  }
}

/** What has finished among the records of a correlation. */
function finishedOf(records: readonly InvocationRecord[]): Finished[] {
  return [...Map.groupBy(records, ({ invocation }) => invocation).values()].flatMap((written) => {
    const of = written.flatMap(expandRecord);
    const asked = of.find((record) => record.state === 'admitted') ?? of.find((record) => record.state === 'refused');
    const outcome = asked?.state === 'refused' ? refusal(asked) : of.find((record) => record.state === 'ended');
    const failed = withoutDoubles(of.filter((record) => record.state === 'retrying'));
    const steps = of.filter((record) => record.state === 'step').slice(0, STEPS);
    return asked && outcome ? [{ asked, failed, steps, outcome }] : [];
  });
}

function refusal({ atMs, fault }: RefusedRecord): Finished['outcome'] {
  return { attempt: 0, atMs, fault };
}

/** Records may stand in the stream twice. */
function withoutDoubles(failed: readonly RetryingRecord[]): RetryingRecord[] {
  return failed.filter((one, at) => failed.findIndex(({ attempt }) => attempt === one.attempt) === at);
}

function subjectOf({ asked }: Finished): SpanSubject {
  const { invocation, correlation, parent, mode, depth, caller, plugin, capability, atMs, remoteSpan } = asked;
  return {
    ...{ invocation, correlation, parent, mode, depth, caller, plugin, capability },
    traceId: asked.traceId ?? correlation,
    remoteSpan,
    sampled: true,
    admittedAtMs: atMs,
    service: asked.state === 'refused' ? SERVICE : plugin,
    version: asked.state === 'refused' ? '' : asked.version,
  };
}

function runOf({ outcome, failed }: Finished): InvocationRun {
  const { attempt, startedAtMs, atMs: endedAtMs, instance, fault } = outcome;
  return { attempt, startedAtMs, endedAtMs, instance, fault, failed };
}
