/**
 * Durable work that the history shows as open. Ends are told by hosts' reports, which are best effort; what no report has
 * told is found here: a result that is stored already, or a deadline that has passed with nobody to end the work (waiting
 * for a plugin that is not there, or held by one that hangs). Every replica sweeps its own projection, and the one-result
 * rule makes doubles harmless.
 */
import {
  type Answer,
  type Bus,
  isResult,
  type Requester,
  readAnswer,
  readResultPlace,
  type StoredPublisher,
} from '@orchestrator/bus';
import { purgeResultPlace, purgeWork, readWork } from '@orchestrator/bus/streams';
import { type AdmittedRecord, decodeRun, Fault, type FaultBody, HEADERS, subjects } from '@orchestrator/protocol';
import type { OpenInvocations } from '../adapters/open-invocations.js';
import type { Gate } from './gate.js';
import type { History } from './history.js';
import { storeFault } from './outcomes.js';

const SWEEP_MS = 500;
/** A host ends work at its deadline by itself; this much later the choreographer does. */
const DEADLINE_GRACE_MS = 1_000;
/** Work this old, and then each time it has doubled its age, is looked up among the results. */
const FIRST_LOOK_MS = 2_000;
const LOOKS_PER_SWEEP = 200;

export interface OpenWorkParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly gate: Gate;
  readonly history: History;
  readonly invocations: OpenInvocations;
  readonly onError: (error: unknown) => void;
}

export class OpenWork {
  readonly #parts: OpenWorkParts;
  /** When to look next for the result of work that had none. */
  readonly #nextLookMs = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(parts: OpenWorkParts) {
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
    const nowMs = Date.now();
    const open = this.#parts.invocations.before(nowMs - FIRST_LOOK_MS);
    const known = new Set(open.map((admitted) => admitted.invocation));
    for (const invocation of this.#nextLookMs.keys()) if (!known.has(invocation)) this.#nextLookMs.delete(invocation);
    const due = open.filter((admitted) => this.#isDue(admitted, nowMs)).slice(0, LOOKS_PER_SWEEP);
    for (const admitted of due) await this.#look(admitted, nowMs);
  }

  #isDue({ invocation, deadlineMs }: AdmittedRecord, nowMs: number): boolean {
    const lookMs = this.#nextLookMs.get(invocation) ?? 0;
    const endMs = deadlineMs + DEADLINE_GRACE_MS;
    // Once about its deadline, whatever was planned before that.
    return lookMs <= nowMs || (endMs <= nowMs && lookMs - nowMs > FIRST_LOOK_MS);
  }

  async #look(admitted: AdmittedRecord, nowMs: number): Promise<void> {
    const found = await readResultPlace(this.#parts.requester, admitted);
    const stored = found && isResult(found) ? found : undefined;
    if (found && !stored) await purgeResultPlace(this.#parts.bus, subjects.result(admitted));
    // Whatever is done here, the history thread shows it a moment later.
    this.#nextLookMs.set(admitted.invocation, nowMs + Math.max(FIRST_LOOK_MS, nowMs - admitted.atMs));
    if (stored) await this.#recordStored(admitted, stored);
    else if (admitted.deadlineMs + DEADLINE_GRACE_MS <= nowMs) await this.#end(admitted);
  }

  /** A result that nobody has recorded: its host's report was lost, or whoever should have heard it. */
  async #recordStored(admitted: AdmittedRecord, stored: Answer): Promise<void> {
    const { gate, history, onError } = this.#parts;
    const fault = faultOf(stored);
    const run = decodeRun(stored.headers?.get(HEADERS.run) ?? '');
    const endedAtMs = run?.endedAtMs ?? Date.now();
    const receipt = stored.headers?.get(HEADERS.receipt);
    try {
      if (receipt) {
        const ending = { attempt: run?.attempt ?? 1, startedAtMs: run?.startedAtMs, instance: run?.instance };
        const context = gate.verifyReceipt(receipt);
        if (context.invocation !== admitted.invocation)
          throw new Fault('unauthenticated', 'The receipt is of other work.');
        await history.endedStored(context, { ...ending, endedAtMs, fault });
      } else {
        await history.endedByChoreographer(admitted, endedAtMs, fault);
      }
    } catch (error) {
      onError(error);
      await history.endedByChoreographer(admitted, endedAtMs, fault);
    }
  }

  async #end(admitted: AdmittedRecord): Promise<void> {
    const { bus, publisher, history } = this.#parts;
    const { invocation, correlation, deadlineMs, plugin, capability } = admitted;
    const subject = subjects.work(admitted, invocation);
    const work = await readWork(bus, subject);
    const nowMs = Date.now();
    const message = `${plugin}.${capability} had no result before the deadline.`;
    const fault = new Fault('deadline-exceeded', message, { deadlineMs });
    const original = { body: work?.data, original: work?.headers };
    const isFirst = await storeFault(publisher, { ask: admitted, invocation, correlation, fault, nowMs, ...original });
    if (!isFirst) return; // its result came at the last moment: the next sweep finds it
    await history.endedByChoreographer(admitted, nowMs, fault.toJSON());
    if (work) await purgeWork(bus, subject);
  }
}

/** The fault that a stored result holds. */
function faultOf(stored: Answer): FaultBody | undefined {
  try {
    readAnswer(stored);
    return undefined;
  } catch (error) {
    return Fault.from(error).toJSON();
  }
}
