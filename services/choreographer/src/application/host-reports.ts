/**
 * What hosts report about the runs that they start and end: best effort. Every replica hears every report, and whoever
 * placed the invocation from here takes it in.
 */
import type { Bus, Msg } from '@orchestrator/bus';
import { decodeReports, type HostReport, parsePluginOf, patterns } from '@orchestrator/protocol';

/** Answers whether the report was about an invocation of its own. */
export type ReportTaker = (plugin: string, report: HostReport) => boolean;

export class HostReports {
  readonly #bus: Bus;
  readonly #takers: readonly ReportTaker[];

  constructor(bus: Bus, takers: readonly ReportTaker[]) {
    this.#bus = bus;
    this.#takers = takers;
  }

  start(): void {
    this.#bus.nc.subscribe(patterns.reports, {
      callback: (error, msg) => {
        if (!error) this.#onFrame(msg);
      },
    });
  }

  #onFrame(msg: Msg): void {
    const plugin = parsePluginOf(msg.subject, 'report');
    for (const report of decodeReports(msg.string())) this.#takers.some((take) => take(plugin, report));
  }
}
