import type { Bus } from '@orchestrator/bus';
import { encodeReports, type HostReport, LIMITS, splitFrame, subjects } from '@orchestrator/protocol';

/** A host's reports on its runs, gathered for a few milliseconds into one message. Best effort. */
export class ReportFrames {
  readonly #bus: Bus;
  readonly #subject: string;
  #gathered = new Map<string, HostReport>();
  #timer: NodeJS.Timeout | undefined;

  constructor(bus: Bus, plugin: string) {
    this.#bus = bus;
    this.#subject = subjects.report(plugin);
  }

  /** A later report on the same invocation, or the same step of it, takes the place of an earlier one that has not left yet. */
  add(report: HostReport): void {
    const { invocation, step } = report;
    const key = step ? `${invocation} ${step.name}` : invocation;
    this.#gathered.delete(key); // an end comes after the steps that were reported before it
    this.#gathered.set(key, report);
    this.#timer ??= setTimeout(() => this.flush(), LIMITS.reportFrameMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.size === 0) return;
    const reports = [...this.#gathered.values()];
    this.#gathered = new Map();
    for (const frame of splitFrame(encodeReports(reports))) this.#bus.nc.publish(this.#subject, frame);
  }
}
