/**
 * Durable work that the history shows as open. Ends are told by hosts' reports, which are best effort; what no report has
 * told is found here: a result that is stored already, or a deadline that has passed with nobody to end the work (waiting
 * for a plugin that is not there, or held by one that hangs). Every replica sweeps its own projection, and the one-result
 * rule makes doubles harmless.
 */
import {
  type Answer,
  type Bus,
  bodyOf,
  isResult,
  type Requester,
  readAnswer,
  readResultPlace,
  type StoredPublisher,
} from '@orchestrator/bus';
import { clearResultPlace, readWaiting, readWork, removeWork } from '@orchestrator/bus/streams';
import {
  type AdmittedRecord,
  decodeRun,
  encodeDataRef,
  Fault,
  type FaultBody,
  HEADERS,
  receiptFromToken,
  subjects,
} from '@orchestrator/protocol';
import type { OpenCursor, OpenInvocations, OpenPage } from '../adapters/open-invocations.js';
import { decide } from '../domain/invocation-lifecycle.js';
import { RecentMap } from '../domain/recent-map.js';
import type { Gate } from './gate.js';
import type { History } from './history.js';
import { storeFault } from './outcomes.js';

const SWEEP_MS = 500;
/** A host ends work at its deadline by itself; this much later the choreographer does. */
const DEADLINE_GRACE_MS = 1_000;
/** Work that was placed so long ago, and then each time it has doubled that, is looked up among the results; and as often once it is overdue. */
const FIRST_LOOK_MS = 2_000;
/** The last of these is older than any deadline. */
const LOOK_AGES_MS = Array.from({ length: 17 }, (_, n) => FIRST_LOOK_MS * 2 ** n);
/** Of each age, and of what is overdue. */
const LOOKS_PER_SWEEP = 200;
/** What was recorded as ended from here is not looked at again for so long: until then the index knows it. */
const REST_MS = 10_000;
/** How much of that is remembered. */
const RECENTLY_ENDED = 10_000;
const START: OpenCursor = { ms: 0, term: 0 };

export interface OpenWorkParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly gate: Gate;
  readonly history: History;
  readonly invocations: OpenInvocations;
  readonly onError: (error: unknown) => void;
}

/** What is needed to end one. */
export type OpenInvocation = Pick<
  AdmittedRecord,
  'invocation' | 'correlation' | 'caller' | 'plugin' | 'version' | 'capability'
>;

export class OpenWork {
  readonly #parts: OpenWorkParts;
  /** How far each age has been looked at. What is open at the start is looked at once, whatever its age. */
  readonly #looked = LOOK_AGES_MS.map((ageMs, n) => ({
    ageMs,
    to: n === 0 ? START : { ms: Date.now() - ageMs, term: 0 },
  }));
  #overdue = { to: START, sinceMs: 0 };
  readonly #endedAtMs = new RecentMap<number>(RECENTLY_ENDED);
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(parts: OpenWorkParts) {
    this.#parts = parts;
    const [all] = this.#looked;
    // Reports are lost with NATS: all that is open is looked at once more.
    parts.bus.life.onBack(() => {
      if (all) all.to = START;
    });
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
    const { invocations } = this.#parts;
    const nowMs = Date.now();
    const overdue = invocations.overdue(this.#overdue.to, nowMs - DEADLINE_GRACE_MS, LOOKS_PER_SWEEP);
    this.#overdue.to = await this.#lookAt(overdue, nowMs);
    const isThrough = overdue.open.length < LOOKS_PER_SWEEP;
    if (isThrough && nowMs - this.#overdue.sinceMs >= FIRST_LOOK_MS) this.#overdue = { to: START, sinceMs: nowMs };
    for (const looked of this.#looked) {
      const page = invocations.placed(looked.to, nowMs - looked.ageMs, LOOKS_PER_SWEEP);
      looked.to = await this.#lookAt(page, nowMs);
    }
  }

  /** Answers where to go on; throws, and so stays where it was, when something cannot be looked at. */
  async #lookAt({ open, next }: OpenPage, nowMs: number): Promise<OpenCursor> {
    for (const admitted of open) {
      const endedAtMs = this.#endedAtMs.get(admitted.invocation) ?? 0;
      if (nowMs - endedAtMs >= REST_MS) await this.#look(admitted, nowMs);
    }
    return next;
  }

  async #look(admitted: AdmittedRecord, nowMs: number): Promise<void> {
    const found = await readResultPlace(this.#parts.requester, admitted);
    const stored = found && isResult(found) ? found : undefined;
    if (found && !stored) await clearResultPlace(this.#parts.bus, subjects.result(admitted));
    if (stored) await this.#recordStored(admitted, stored);
    else {
      const clock = { deadlineMs: admitted.deadlineMs, nowMs: nowMs - DEADLINE_GRACE_MS };
      const decision = decide('placed', { kind: 'looked-at', ...clock });
      if (decision.do !== 'end' || !(await this.end(admitted, decision.fault))) return;
    }
    this.#endedAtMs.set(admitted.invocation, nowMs);
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
        const { dataRef } = bodyOf(stored);
        const resultAt = dataRef && encodeDataRef(dataRef);
        await history.endedStored(context, { ...ending, endedAtMs, fault, resultAt });
      } else {
        await history.endedByChoreographer(admitted, endedAtMs, fault);
      }
    } catch (error) {
      onError(error);
      await history.endedByChoreographer(admitted, endedAtMs, fault);
    }
  }

  /** Ends it from here. Answers whether it did: not when a result came at the last moment, which the next look finds. */
  async end(admitted: OpenInvocation, fault: Fault): Promise<boolean> {
    const { bus, publisher, history } = this.#parts;
    const { invocation, correlation } = admitted;
    const subject = subjects.work(admitted, invocation);
    const work = (await readWork(bus, subject)) ?? (await readWaiting(bus, admitted.plugin, invocation));
    const nowMs = Date.now();
    const token = work?.headers?.get(HEADERS.context);
    const proof = token ? { [HEADERS.receipt]: receiptFromToken(token) } : undefined;
    const original = { body: work && bodyOf(work), original: work?.headers, proof };
    const isFirst = await storeFault(publisher, { ask: admitted, invocation, correlation, fault, nowMs, ...original });
    if (!isFirst) return false;
    await history.endedByChoreographer(admitted, nowMs, fault.toJSON());
    if (work) await removeWork(bus, admitted);
    return true;
  }
}

/** The fault that a stored result holds. */
function faultOf(stored: Answer): FaultBody | undefined {
  if (!stored.headers?.get(HEADERS.fault)) return undefined; // what it is, or names, is for its caller to read
  try {
    readAnswer(stored);
    return undefined;
  } catch (error) {
    return Fault.from(error).toJSON();
  }
}
