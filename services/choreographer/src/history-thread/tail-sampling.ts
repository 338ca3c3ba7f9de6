/**
 * Which invocations get a span. A trace is sampled by its id alone, so that every process decides the same; of the others
 * those are kept, whole, in which something failed, was tried again, was refused, or was slow. All replicas read the same
 * stream in the same order: the one that wrote the first such record gives what came before it, each gives its own after it.
 */
import type { AdmittedRecord, RefusedRecord, RetryingRecord, StepRecord } from '@orchestrator/protocol';
import { RecentMap } from '../domain/recent-map.js';

/** An invocation that has come to its end. */
export interface Finished {
  readonly asked: AdmittedRecord | RefusedRecord;
  /** Attempts that were followed by another. */
  readonly failed: readonly RetryingRecord[];
  /** What it has done in steps. */
  readonly steps: readonly StepRecord[];
  readonly outcome: NonNullable<AdmittedRecord['ended']>;
}

export interface Sampling {
  readonly isSampled: (traceId: string) => boolean;
  /** What takes longer is kept. */
  readonly slowMs: number;
}

/** Trees whose ends are remembered, in case that something in them fails yet; those of others are looked up. */
const REMEMBERED_TREES = 5_000;
/** Ends remembered of one tree. */
const REMEMBERED_ENDS = 64;

interface Undecided {
  readonly finished: Finished[];
  /** From the root's admission on, nothing of it is missing. */
  isWhole: boolean;
}

interface Kept {
  /** While the tree is looked up: whose spans were given meanwhile. */
  meanwhile: Set<string> | undefined;
}

export class TailSampling {
  readonly #sampling: Sampling;
  readonly #lookUp: (correlation: string) => Promise<readonly Finished[]>;
  readonly #undecided = new RecentMap<Undecided>(REMEMBERED_TREES);
  readonly #kept = new RecentMap<Kept>(REMEMBERED_TREES);

  /** @param lookUp what has finished in a tree, as far as the history tells */
  constructor(sampling: Sampling, lookUp: (correlation: string) => Promise<readonly Finished[]>) {
    this.#sampling = sampling;
    this.#lookUp = lookUp;
  }

  /** From its root on, a tree can be remembered whole. */
  onRoot(asked: AdmittedRecord): void {
    if (this.#isSampled(asked) || this.#undecided.get(asked.correlation)) return;
    this.#undecided.set(asked.correlation, { finished: [], isWhole: true });
  }

  /**
   * What to make spans of, now that this invocation has finished.
   * @param isOwn was its end written by this replica?
   */
  take(one: Finished, isOwn: boolean): readonly Finished[] | Promise<readonly Finished[]> {
    const { correlation, invocation } = one.asked;
    const kept = this.#kept.get(correlation);
    if (kept || this.#isSampled(one.asked)) {
      if (isOwn) kept?.meanwhile?.add(invocation);
      return isOwn ? [one] : [];
    }
    const undecided = this.#undecided.get(correlation);
    if (!this.#isRemarkable(one)) {
      this.#remember(one, undecided);
      return [];
    }
    this.#undecided.delete(correlation);
    const keeping: Kept = { meanwhile: undefined };
    this.#kept.set(correlation, keeping);
    if (!isOwn) return [];
    // Nothing comes before a root that was refused.
    if (one.asked.state === 'refused' && one.asked.parent === undefined && !undecided) return [one];
    return undecided?.isWhole ? [...undecided.finished, one] : this.#lookedUp(one, keeping);
  }

  #remember(one: Finished, undecided: Undecided | undefined): void {
    if (!undecided?.isWhole) return; // it would have to be looked up all the same
    if (undecided.finished.length < REMEMBERED_ENDS) undecided.finished.push(one);
    else undecided.isWhole = false;
  }

  async #lookedUp(one: Finished, keeping: Kept): Promise<readonly Finished[]> {
    const meanwhile = new Set([one.asked.invocation]);
    keeping.meanwhile = meanwhile;
    const found = await this.#lookUp(one.asked.correlation);
    keeping.meanwhile = undefined;
    return [one, ...found.filter(({ asked }) => !meanwhile.has(asked.invocation))];
  }

  #isSampled(asked: AdmittedRecord | RefusedRecord): boolean {
    const isWanted = asked.state === 'refused' || asked.sampled !== false;
    return isWanted && this.#sampling.isSampled(asked.traceId ?? asked.correlation);
  }

  #isRemarkable({ asked, failed, outcome }: Finished): boolean {
    return outcome.fault !== undefined || failed.length > 0 || outcome.atMs - asked.atMs > this.#sampling.slowMs;
  }
}
