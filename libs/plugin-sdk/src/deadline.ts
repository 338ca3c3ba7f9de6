import { Fault } from '@orchestrator/protocol';

/** The end of an invocation's time: a promise that rejects, and a signal that aborts, with the same fault. */
export class Deadline {
  readonly #faultAtEnd: () => Fault;
  readonly #atMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #passed = Promise.withResolvers<never>();
  /** Made when first asked for: most capabilities never look. */
  #abort: AbortController | undefined;
  #fault: Fault | undefined;

  constructor(atMs: number, what: string) {
    this.#faultAtEnd = () => new Fault('deadline-exceeded', `${what} ran past its deadline.`, { deadlineMs: atMs });
    this.#atMs = atMs;
    this.#timer = setTimeout(() => this.#end(), Math.max(0, atMs - Date.now()));
  }

  /** Rejects with the fault when the time is over. */
  get passed(): Promise<never> {
    return this.#passed.promise;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#fault) this.#abort.abort(this.#fault);
    }
    return this.#abort.signal;
  }

  /** It is to end now, with this fault instead. */
  cancel(fault: Fault): void {
    clearTimeout(this.#timer);
    this.#end(fault);
  }

  /** What comes too late is not begun. @throws Fault `deadline-exceeded`, or the one that it was to end with */
  throwIfPassed(): void {
    if (this.#fault) throw this.#fault;
    if (Date.now() >= this.#atMs) throw this.#faultAtEnd();
  }

  /** It ended in time. */
  clear(): void {
    clearTimeout(this.#timer);
  }

  #end(fault = this.#faultAtEnd()): void {
    this.#fault = fault;
    this.#abort?.abort(this.#fault);
    this.#passed.promise.catch(() => {}); // it may end while nobody is waiting for that
    this.#passed.reject(this.#fault);
  }
}
