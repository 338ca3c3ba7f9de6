/** Starts the history thread, and ends it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SeenInvocations } from '../domain/seen-invocations.js';
import type { FromHistoryThread, HistoryThreadData, ToHistoryThread } from '../history-thread/protocol.js';

export interface HistoryThreadOptions extends Omit<HistoryThreadData, 'file' | 'seen'> {
  /** Where the projection is kept; undefined keeps it in a private folder until the end. */
  readonly dataDir: string | undefined;
  readonly onProblem: (problem: string) => void;
  /** The thread has broken down: nothing is lost, but only a new process brings it back. */
  readonly onBroken: (error: Error) => void;
}

export class HistoryThreadHandle {
  /** The projection's file, to read from. */
  readonly file: string;
  /** What the thread has read of durable invocations. */
  readonly seen: SeenInvocations;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #privateDir: string | undefined;
  #spansDropped = 0;

  private constructor(worker: Worker, { file, seen }: HistoryThreadData, privateDir: string | undefined) {
    this.#worker = worker;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    this.file = file;
    this.seen = new SeenInvocations(seen);
    this.#privateDir = privateDir;
  }

  /** Resolves when all that was stored has been read. */
  static async start(options: HistoryThreadOptions): Promise<HistoryThreadHandle> {
    const { dataDir, onProblem, onBroken, ...rest } = options;
    const privateDir = dataDir === undefined ? mkdtempSync(join(tmpdir(), 'orchestrator-history-')) : undefined;
    const folder = dataDir ?? privateDir ?? '';
    mkdirSync(folder, { recursive: true });
    const seen = SeenInvocations.allocate();
    const workerData: HistoryThreadData = { ...rest, seen, file: join(folder, 'history.sqlite') };
    const worker = new Worker(new URL('../history-thread/thread.js', import.meta.url), { workerData });
    const handle = new HistoryThreadHandle(worker, workerData, privateDir);
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromHistoryThread) => {
        if ('problem' in message) onProblem(message.problem);
        else if ('spansDropped' in message) handle.#spansDropped = message.spansDropped;
        else resolve();
      });
      worker.on('error', (error) => {
        reject(error);
        onBroken(error as Error);
      });
    });
    return handle;
  }

  /** Spans that were lost, because too many waited for a receiver; a second old. */
  get spansDropped(): number {
    return this.#spansDropped;
  }

  /** Sends what spans still wait, and ends. */
  async close(): Promise<void> {
    this.#worker.postMessage('close' satisfies ToHistoryThread);
    await this.#exited;
    if (this.#privateDir !== undefined) rmSync(this.#privateDir, { recursive: true, force: true });
  }
}
