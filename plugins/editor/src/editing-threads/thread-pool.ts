/**
 * Runs work that takes the processor long on threads, so that the process goes on serving and keeps its heartbeat.
 *
 * Invariants: (1) a thread works on one piece at a time. (2) At least one thread is never given a large piece, so that
 * small ones do not wait for it. (3) What is given up, or runs too long, ends with its thread: nothing else stops code
 * that does not yield. (4) Every piece ends, with its value or a fault.
 */
import { Worker } from 'node:worker_threads';
import { Fault } from '@orchestrator/plugin-sdk';

type Work = Readonly<Record<string, (...args: never[]) => unknown>>;

export interface ToThread {
  readonly name: string;
  readonly args: readonly unknown[];
}

export type FromThread = { readonly value: unknown } | { readonly problem: string };

export interface ThreadPoolOptions {
  /** Threads at most, each started when there is work for it and kept. */
  readonly threads: number;
  /** How long one piece may run, whatever its deadline. */
  readonly maxRunMs: number;
  readonly maxHeapMb: number;
}

export interface PieceOptions {
  /** Gives the piece up; it rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Whether it may take long. */
  readonly isLarge: boolean;
}

interface Piece extends PieceOptions {
  readonly message: ToThread;
  readonly settle: (outcome: FromThread | { readonly fault: unknown }) => void;
}

interface Thread {
  readonly worker: Worker;
  piece?: Piece | undefined;
  overrun?: NodeJS.Timeout | undefined;
}

export class ThreadPool<W extends Work> {
  readonly #entry: URL;
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Piece[] = [];

  /** @param entry a module that answers every `ToThread` with one `FromThread` */
  constructor(entry: URL, options: ThreadPoolOptions) {
    this.#entry = entry;
    this.#options = options;
  }

  run<Name extends keyof W & string>(
    name: Name,
    args: Parameters<W[Name]>,
    options: PieceOptions,
  ): Promise<ReturnType<W[Name]>> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => this.#giveUp(piece, signal.reason);
      const piece: Piece = {
        ...options,
        message: { name, args },
        settle: (outcome) => {
          signal.removeEventListener('abort', onAbort);
          if ('fault' in outcome) reject(outcome.fault);
          else if ('problem' in outcome) reject(new Fault('failed', outcome.problem));
          else resolve(outcome.value as ReturnType<W[Name]>);
        },
      };
      signal.addEventListener('abort', onAbort);
      this.#waiting.push(piece);
      this.#assign();
    });
  }

  /** Ends all threads, and with them what they work on. */
  async close(): Promise<void> {
    const fault = new Fault('unavailable', 'The process ends.');
    for (const piece of this.#waiting.splice(0)) piece.settle({ fault });
    const ended = [...this.#threads].map((thread) => {
      this.#end(thread, fault);
      return thread.worker.terminate();
    });
    await Promise.all(ended);
  }

  #assign(): void {
    for (;;) {
      const large = [...this.#threads].filter(({ piece }) => piece?.isLarge).length;
      const next = this.#waiting.findIndex(({ isLarge }) => !isLarge || large < this.#options.threads - 1);
      const thread = next < 0 ? undefined : this.#idleThread();
      if (!thread) return;
      const [piece] = this.#waiting.splice(next, 1);
      if (piece) this.#start(thread, piece);
    }
  }

  #idleThread(): Thread | undefined {
    const idle = [...this.#threads].find(({ piece }) => piece === undefined);
    return idle ?? (this.#threads.size < this.#options.threads ? this.#newThread() : undefined);
  }

  #newThread(): Thread {
    const resourceLimits = { maxOldGenerationSizeMb: this.#options.maxHeapMb };
    const worker = new Worker(this.#entry, { resourceLimits });
    worker.unref();
    const thread: Thread = { worker };
    worker.on('message', (outcome: FromThread) => this.#finish(thread, outcome));
    worker.on('error', (cause: Error) => this.#end(thread, broken(cause.message, cause)));
    worker.on('exit', (code) => this.#end(thread, broken(`exit code ${code}`)));
    this.#threads.add(thread);
    return thread;
  }

  #start(thread: Thread, piece: Piece): void {
    const { maxRunMs } = this.#options;
    thread.piece = piece;
    thread.overrun = setTimeout(() => {
      this.#end(thread, new Fault('failed', `The work takes longer than ${maxRunMs / 1_000} s; try it in parts.`));
    }, maxRunMs);
    thread.worker.postMessage(piece.message);
  }

  #finish(thread: Thread, outcome: Parameters<Piece['settle']>[0]): void {
    clearTimeout(thread.overrun);
    const { piece } = thread;
    thread.piece = undefined;
    piece?.settle(outcome);
    this.#assign();
  }

  #end(thread: Thread, fault: unknown): void {
    if (!this.#threads.delete(thread)) return;
    void thread.worker.terminate();
    this.#finish(thread, { fault });
  }

  #giveUp(piece: Piece, reason: unknown): void {
    const at = this.#waiting.indexOf(piece);
    const thread = [...this.#threads].find((one) => one.piece === piece);
    if (thread) this.#end(thread, reason);
    else if (at >= 0) {
      this.#waiting.splice(at, 1);
      piece.settle({ fault: reason });
    }
  }
}

function broken(why: string, cause?: Error): Fault {
  return new Fault('failed', `The thread that worked on it broke down (${why}).`, undefined, { cause });
}
