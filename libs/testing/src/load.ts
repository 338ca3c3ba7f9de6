/** Durable requests and synchronous calls without a pause, as some callers make them side by side, until they are told to end. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@orchestrator/protocol';
import type { TestSystem } from './test-system.js';

/** Callers of each kind. */
const AT_ONCE = 8;
/** How long a request may take to be stored while NATS is in trouble. */
const WAIT_MS = 60_000;
const CALL_TIMEOUT_MS = 5_000;
const RUN_MS = 5;
/** Of a caller whose call or request ended in a fault. */
const REST_MS = 100;

/** What one request or call was answered. */
export interface LoadAnswer {
  /** Of its effects, and of its result. */
  readonly name: string;
  readonly fault: Fault | undefined;
  readonly tookMs: number;
}

export class Load {
  /** In the order in which they were answered. */
  readonly requests: LoadAnswer[] = [];
  readonly calls: LoadAnswer[] = [];
  readonly #system: TestSystem;
  readonly #prefix: string;
  readonly #callers: readonly Promise<void>[];
  #isEnding = false;
  #asked = 0;
  #onAnswer: () => void = () => {};

  /** @param prefix tells the effects of one load from those of another: `<prefix>-durable-<n>`, `<prefix>-sync-<n>` */
  constructor(system: TestSystem, prefix: string) {
    this.#system = system;
    this.#prefix = prefix;
    this.#callers = Array.from({ length: AT_ONCE }, () => [
      this.#repeat(this.requests, (name) => this.#request(name)),
      this.#repeat(this.calls, (name) => this.#call(name)),
    ]).flat();
  }

  /** Resolves once so many more of each kind have been answered with success. */
  async goOn(times: number): Promise<void> {
    const wanted = [this.requests, this.calls].map((answers) => ({ answers, until: succeeded(answers) + times }));
    while (wanted.some(({ answers, until }) => succeeded(answers) < until)) {
      await new Promise<void>((resolve) => (this.#onAnswer = resolve));
    }
  }

  /** Asks for nothing more, and resolves when all that was asked for has been answered. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#callers);
  }

  async #repeat(answers: LoadAnswer[], ask: (name: string) => Promise<Fault | undefined>): Promise<void> {
    const kind = answers === this.requests ? 'durable' : 'sync';
    while (!this.#isEnding) {
      const name = `${this.#prefix}-${kind}-${this.#asked++}`;
      const askedAtMs = performance.now();
      const fault = await ask(name).catch((error) => Fault.from(error));
      answers.push({ name, fault, tookMs: performance.now() - askedAtMs });
      this.#onAnswer();
      if (fault) await delay(REST_MS);
    }
  }

  async #request(name: string): Promise<Fault | undefined> {
    const options = { key: name, waitMs: WAIT_MS };
    const handle = await this.#system.client.request(WORK, { name, ms: RUN_MS }, options);
    const { result } = await handle.outcome();
    return result.ok ? undefined : result.fault;
  }

  async #call(name: string): Promise<Fault | undefined> {
    const options = { timeoutMs: CALL_TIMEOUT_MS };
    const { result } = await this.#system.client.call(WORK, { name, ms: RUN_MS }, options);
    return result.ok ? undefined : result.fault;
  }
}

const WORK = { plugin: 'probe', capability: 'work' };

function succeeded(answers: readonly LoadAnswer[]): number {
  return answers.filter(({ fault }) => fault === undefined).length;
}
