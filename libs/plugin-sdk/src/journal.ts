/**
 * The steps of one invocation that have finished, and what they answered: a later attempt is given that instead of doing them
 * again. Each is stored in a place of its own, which takes the first that comes: two attempts that overlap go on with the same.
 */
import {
  bodyOf,
  isResult,
  OutgoingHeaders,
  type Requester,
  readStoredOn,
  type StoredPublisher,
} from '@orchestrator/bus';
import { type CallContext, encodeDataRef, Fault, HEADERS, isName, STREAMS, subjects } from '@orchestrator/protocol';
import type { LargeValues } from './large-values.js';

/** How a step went that was done here. */
export interface StepEnd {
  readonly name: string;
  readonly title: string;
  readonly startedAtMs: number;
  readonly fault: Fault | undefined;
}

export interface JournalParts {
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly large: LargeValues;
}

export class Journal {
  readonly #parts: JournalParts;
  readonly #context: CallContext;
  readonly #attempt: number;
  readonly #signal: AbortSignal;
  readonly #onEnd: (end: StepEnd) => void;
  readonly #names = new Set<string>();

  /** @param attempt of the first, nothing can have finished before */
  constructor(
    parts: JournalParts,
    context: CallContext,
    attempt: number,
    signal: AbortSignal,
    onEnd: (end: StepEnd) => void,
  ) {
    this.#parts = parts;
    this.#context = context;
    this.#attempt = attempt;
    this.#signal = signal;
    this.#onEnd = onEnd;
  }

  /**
   * Does the work, unless it has finished before, and resolves with what it answered, as JSON has it. Of a synchronous call,
   * which nobody delivers again, nothing is stored.
   * @param title what it is told as; null tells nobody of it
   * @throws Fault `invalid-argument` for a name that is none or is taken, `failed` for an answer that JSON cannot hold, and the work's own
   */
  async once<T>(name: string, title: string | null, work: () => T | Promise<T>): Promise<T> {
    this.#takeName(name);
    const { mode } = this.#context;
    const earlier = mode === 'durable' && this.#attempt > 1 ? await this.#read(name) : undefined;
    if (earlier) return decode(earlier);
    const startedAtMs = Date.now();
    const tell = (fault?: Fault) => title !== null && this.#onEnd({ name, title, startedAtMs, fault });
    try {
      const answer = await this.#finish(name, work);
      tell();
      return decode(answer);
    } catch (error) {
      tell(Fault.from(error, 'failed'));
      throw error;
    }
  }

  /** Answers what is kept of it, where anything is. */
  async #finish(name: string, work: () => unknown): Promise<string> {
    const { large } = this.#parts;
    this.#signal.throwIfAborted();
    const text = encode(name, await work());
    this.#signal.throwIfAborted();
    const kept = this.#context.mode === 'durable' ? await this.#keep(name, text) : text;
    if (!large.fits(kept)) await large.beforeBusy();
    return kept;
  }

  #takeName(name: string): void {
    if (!isName(name)) {
      throw new Fault('invalid-argument', `"${name}" is no name for a step: lower case, digits and hyphens.`);
    }
    if (this.#names.has(name)) {
      throw new Fault('invalid-argument', `This run has a step "${name}" already: each needs a name of its own.`);
    }
    this.#names.add(name);
  }

  /** Answers what is kept: of two that finish the same step, what the first answered. */
  async #keep(name: string, text: string): Promise<string> {
    const { publisher, large } = this.#parts;
    const context = this.#context;
    const { deadlineMs, invocation } = context;
    const headers = new OutgoingHeaders().add(HEADERS.id, invocation);
    const fits = large.fits(text);
    if (!fits) headers.add(HEADERS.dataRef, encodeDataRef(await large.store(text, context, this.#signal)));
    const store = () => publisher.store(this.#subjectOf(name), fits ? text : '', headers);
    const { stored } = await publisher.keepTrying(deadlineMs, store, this.#signal);
    if (stored) return text;
    const first = await this.#read(name);
    if (first === undefined)
      throw new Fault('unavailable', `The place of the step ${name} is taken by something else.`);
    return first;
  }

  async #read(name: string): Promise<string | undefined> {
    const { requester, publisher, large } = this.#parts;
    const { deadlineMs } = this.#context;
    const read = () => readStoredOn(requester, STREAMS.steps.name, this.#subjectOf(name));
    const stored = await publisher.keepTrying(deadlineMs, read, this.#signal);
    // A server can be made to put other messages there: see `isResult`.
    if (!stored || !isResult(stored) || stored.headers?.get(HEADERS.id) !== this.#context.invocation) return undefined;
    const { data, dataRef } = bodyOf(stored);
    const bytes = dataRef ? await large.fetchStored(dataRef, this.#context, this.#signal) : data;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  }

  #subjectOf(name: string): string {
    return subjects.step(this.#context.plugin, this.#context.invocation, name);
  }
}

/** Empty for a step that answers nothing. */
function encode(name: string, value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (cause) {
    const message = `What the step "${name}" answered cannot be written as JSON: ${(cause as Error).message}`;
    throw new Fault('failed', message, undefined, { cause });
  }
}

function decode<T>(text: string): T {
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
