/**
 * Durable work past its deadline that nobody has ended: waiting for a plugin that is not there, or held by one that hangs.
 * Every replica sweeps its own projection; the one-result rule makes doubles harmless.
 */
import { type Bus, type Requester, readResult, type StoredPublisher } from '@orchestrator/bus';
import { purgeWork, readWork } from '@orchestrator/bus/streams';
import { type AdmittedRecord, Fault, HEADERS, subjects } from '@orchestrator/protocol';
import type { HistoryProjection } from '../adapters/history-projection.js';
import type { History } from './history.js';
import { storeFault } from './outcomes.js';

const SWEEP_MS = 500;
/** A host ends work at its deadline by itself; this much later the choreographer does. */
const GRACE_MS = 1_000;

export interface OverdueWorkParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly history: History;
  readonly projection: HistoryProjection;
  readonly onError: (error: unknown) => void;
}

export class OverdueWork {
  readonly #parts: OverdueWorkParts;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(parts: OverdueWorkParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#sweeping = this.#sweep().catch(this.#parts.onError);
      void this.#sweeping.then(() => this.#timer && this.start());
    }, SWEEP_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    for (const admitted of this.#parts.projection.overdue(Date.now() - GRACE_MS)) await this.#end(admitted);
  }

  async #end(admitted: AdmittedRecord): Promise<void> {
    const { bus, requester, publisher, history, projection } = this.#parts;
    const { invocation, correlation, deadlineMs, plugin, capability } = admitted;
    const subject = subjects.work(admitted, invocation);
    const work = await readWork(bus, subject);
    const nowMs = Date.now();
    const fault = new Fault('deadline-exceeded', `${plugin}.${capability} had no result before the deadline.`, {
      deadlineMs,
    });
    const original = { body: work?.data, original: work?.headers };
    const first = await storeFault(publisher, { ask: admitted, invocation, correlation, fault, nowMs, ...original });
    if (first || (await this.#isOurs(requester, admitted))) {
      await history.endedByChoreographer(admitted, nowMs, fault.toJSON());
    }
    projection.markEnded(invocation);
    if (work) await purgeWork(bus, subject);
  }

  /** Was the stored result written by a choreographer, which may have died before it recorded it? */
  async #isOurs(requester: Requester, admitted: AdmittedRecord): Promise<boolean> {
    const stored = await readResult(requester, admitted);
    return stored !== undefined && !stored.headers?.get(HEADERS.receipt);
  }
}
