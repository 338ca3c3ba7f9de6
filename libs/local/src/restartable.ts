import type { RunningProcess } from './processes.js';

/** A server process that can be started again as it was. It starts or stops one at a time, in the order asked for. */
export class Restartable {
  readonly #begin: () => Promise<RunningProcess>;
  #process: RunningProcess;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(begin: () => Promise<RunningProcess>, process: RunningProcess) {
    this.#begin = begin;
    this.#process = process;
  }

  /** Starts it for the first time. @throws what `begin` throws */
  static async start(begin: () => Promise<RunningProcess>): Promise<Restartable> {
    return new Restartable(begin, await begin());
  }

  /** The latest process, which may have ended. */
  get process(): RunningProcess {
    return this.#process;
  }

  /** Ends the process if it still runs, and starts it again. @throws what `begin` throws; then it may be tried again */
  restart(): Promise<RunningProcess> {
    return this.#next(async () => {
      await this.#process.stop();
      this.#process = await this.#begin();
      return this.#process;
    });
  }

  async stop(): Promise<void> {
    await this.#next(() => this.#process.stop());
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine;
    return mine;
  }
}
