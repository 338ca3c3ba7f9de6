/** What this replica admitted lately, which the projection may not show yet; and what hosts say of it. */
import type { CallContext, HostReport } from '@orchestrator/protocol';
import { RecentMap } from '../domain/recent-map.js';
import type { Gate } from './gate.js';
import type { History } from './history.js';

/** What a replica remembers of a request that it has taken. */
export interface RecentWork {
  readonly correlation: string;
  /** Undefined until the history has its admission: before, it is not certain either that this body was the first with its key. */
  readonly bodyHash: string | undefined;
  /** Undefined when it was refused. */
  readonly context: CallContext | undefined;
}

/** Invocations that are remembered. */
const RECENT = 20_000;

export class RecentlyPlaced {
  readonly #gate: Gate;
  readonly #history: History;
  readonly #work = new RecentMap<RecentWork>(RECENT);

  constructor(gate: Gate, history: History) {
    this.#gate = gate;
    this.#history = history;
  }

  get(invocation: string): RecentWork | undefined {
    return this.#work.get(invocation);
  }

  set(invocation: string, work: RecentWork): void {
    this.#work.set(invocation, work);
  }

  /** Work that was placed again: what its host says of it is taken in here. */
  onPlaced(context: CallContext): void {
    const { invocation, correlation } = context;
    this.#work.set(invocation, { correlation, bodyHash: this.#work.get(invocation)?.bodyHash, context });
  }

  /** Takes in what a host says of work that was placed from here lately. */
  onReport(plugin: string, report: HostReport): boolean {
    const context = this.#work.get(report.invocation)?.context;
    if (context?.plugin !== plugin) return false;
    const { attempt = 1, instance, startedAtMs, endedAtMs, fault, resultAt, step } = report;
    if (step) {
      this.#history.step(context, { ...report, step });
      return true;
    }
    if (endedAtMs !== undefined) this.#gate.runEnded(context, report.superseded ? 'cancelled' : fault?.code);
    if (endedAtMs === undefined) this.#history.started(context, report);
    else if (report.superseded) this.#history.superseded(context, { attempt, instance, startedAtMs, endedAtMs, fault });
    else this.#history.ended(context, { attempt, instance, startedAtMs, endedAtMs, fault, resultAt });
    return true;
  }
}
