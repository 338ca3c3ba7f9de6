/**
 * Writes history by group commit: a record that somebody waits for leaves at once when no frame is outstanding, else with
 * all that gathers until the outstanding one is acknowledged. Best-effort records wait some milliseconds for company,
 * and the end of a call that comes meanwhile joins its admission in one record.
 * Frames of one writer share a subject, whatever correlations they hold.
 */
import { type StoredPublisher } from '@orchestrator/bus';
import { encodeFrame, type InvocationRecord, splitFrame, subjects } from '@orchestrator/protocol';

/** Records that are encoded and acknowledged together. */
const MAX_FRAME_RECORDS = 500;
/** Records that wait while NATS is away; best-effort ones beyond it are dropped and counted. */
const MAX_WAITING = 100_000;

/** How long best-effort records gather. */
const GATHER_MS = 20;
/** How long best-effort records rest when a frame could not be stored. */
const REST_MS = 250;

interface Waiting {
  record: InvocationRecord;
  readonly settle: ((error?: unknown) => void) | undefined;
}

export class HistoryWriter {
  readonly #publisher: Pick<StoredPublisher, 'store'>;
  readonly #subject: string;
  #waiting: Waiting[] = [];
  /** Admissions among those that wait, for an end that comes before they leave. */
  readonly #noted = new Map<string, Waiting>();
  #outstanding: Promise<void> | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #dropped = 0;
  #failedFrames = 0;

  /** @param shard 0 to 63: the subject that this writer's frames go to */
  constructor(publisher: Pick<StoredPublisher, 'store'>, shard: number) {
    this.#publisher = publisher;
    this.#subject = subjects.event(shard);
  }

  /** Best-effort records that were lost because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Best effort: for synchronous calls. */
  note(record: InvocationRecord): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    const admitted = record.state === 'ended' ? this.#noted.get(record.invocation) : undefined;
    if (admitted?.record.state === 'admitted' && record.state === 'ended') {
      const { state: _state, invocation, correlation: _correlation, ...ended } = record;
      admitted.record = { ...admitted.record, ended };
      this.#noted.delete(invocation);
      return;
    }
    const waiting = { record, settle: undefined };
    this.#waiting.push(waiting);
    if (record.state === 'step') this.#noted.delete(record.invocation); // its end stands after it
    if (record.state === 'admitted') this.#noted.set(record.invocation, waiting);
    if (!this.#outstanding) this.#sendIn(GATHER_MS);
  }

  /** Resolves when the record is stored. @throws Fault when it is not known to be */
  record(record: InvocationRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, settle: (error) => (error ? reject(error) : resolve()) });
      this.#send();
    });
  }

  /** Resolves when nothing waits any more, or when a frame could not be stored: then more attempts help nobody. */
  async flush(): Promise<void> {
    const failedBefore = this.#failedFrames;
    this.#send();
    while (this.#outstanding && this.#failedFrames === failedBefore) {
      await this.#outstanding;
      if (this.#failedFrames === failedBefore) this.#send();
    }
  }

  #sendIn(delayMs: number): void {
    this.#gathering ??= setTimeout(() => this.#send(), delayMs);
  }

  #send(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#outstanding || this.#waiting.length === 0) return;
    const frame = this.#waiting.splice(0, MAX_FRAME_RECORDS);
    for (const { record } of frame) this.#noted.delete(record.invocation);
    const texts = splitFrame(encodeFrame(frame.map((waiting) => waiting.record)));
    let pauseMs = GATHER_MS;
    this.#outstanding = Promise.all(texts.map((text) => this.#publisher.store(this.#subject, text)))
      .then(
        () => {
          for (const waiting of frame) waiting.settle?.();
        },
        (error) => {
          pauseMs = REST_MS;
          this.#retry(frame, error);
        },
      )
      .finally(() => {
        this.#outstanding = undefined;
        if (this.#waiting.some((waiting) => waiting.settle)) this.#send();
        else if (this.#waiting.length > 0) this.#sendIn(pauseMs);
      });
  }

  /** Whoever waits for a record learns that it failed, and repeats its own message; best-effort records go again. */
  #retry(frame: readonly Waiting[], error: unknown): void {
    this.#failedFrames++;
    for (const waiting of frame) waiting.settle?.(error);
    this.#waiting.unshift(...frame.filter((waiting) => !waiting.settle));
  }
}
