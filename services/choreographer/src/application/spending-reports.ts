/** What invocations report that they have spent: counted in the budgets of their trees, and answered. */
import { type Bus, faultHeaders, headersOf, isInbox, type Msg } from '@orchestrator/bus';
import { Fault, HEADERS, parsePluginOf, parseSpending, patterns } from '@orchestrator/protocol';
import type { Gate } from './gate.js';
import type { TreeCounts } from './tree-counts.js';

export class SpendingReports {
  readonly #bus: Bus;
  readonly #gate: Gate;
  readonly #counts: TreeCounts;

  constructor(bus: Bus, gate: Gate, counts: TreeCounts) {
    this.#bus = bus;
    this.#gate = gate;
    this.#counts = counts;
  }

  start(): void {
    this.#bus.nc.subscribe(patterns.spends, {
      queue: 'choreographer',
      callback: (error, msg) => {
        if (!error) void this.#onSpending(msg);
      },
    });
  }

  async #onSpending(msg: Msg): Promise<void> {
    let fault: Fault | undefined;
    try {
      const token = headersOf(msg)?.get(HEADERS.context);
      if (!token) throw new Fault('unauthenticated', 'There is no call context: whose budget is it?');
      const context = this.#gate.contextOf(token);
      const plugin = parsePluginOf(msg.subject, 'spend');
      if (context.plugin !== plugin) {
        throw new Fault('unauthenticated', `The call context belongs to ${context.plugin}, not to ${plugin}.`);
      }
      await this.#counts.spend(context, parseSpending(msg.string()));
    } catch (error) {
      fault = Fault.from(error);
    }
    if (!msg.reply || !isInbox(msg.reply)) return;
    this.#bus.outbox.send(msg.reply, fault ? JSON.stringify(fault) : '{}', fault && { headers: faultHeaders(fault) });
  }
}
