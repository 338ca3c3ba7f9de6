/** What the hosts of one process share: which plugin it is, what it can do, and how one of its capabilities is run. */
import type { Agent } from '@orchestrator/agent';
import { type Bus, type Requester, reportSpending, type StoredPublisher } from '@orchestrator/bus';
import type { Manifest } from '@orchestrator/manifest';
import {
  type Body,
  type CallContext,
  type CancelNotice,
  cancelledFault,
  Fault,
  sendableFault,
  subjects,
} from '@orchestrator/protocol';
import type { AgentOptions } from './agent/agent-options.js';
import type { InvocationAgents } from './agent/invocation-agents.js';
import { AttachedReaders } from './attached-readers.js';
import type { CapabilityClient } from './capability-client.js';
import { Deadline } from './deadline.js';
import type { InvocationContext } from './invocation-context.js';
import { type HostedCapability, type RunOutcome, runInvocation } from './invocation-runner.js';
import { Journal, type StepEnd } from './journal.js';
import type { LargeValues } from './large-values.js';
import { OutputStream } from './output-stream.js';
import type { ReportFrames } from './report-frames.js';
import { RunSlots } from './run-slots.js';

export interface HostedPluginParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly large: LargeValues;
  readonly reports: ReportFrames;
  readonly manifest: Manifest;
  /** Names this process among the instances of the plugin. */
  readonly instance: string;
  readonly capabilities: ReadonlyMap<string, HostedCapability>;
  readonly client: CapabilityClient;
}

/** One admitted invocation as it reached this process. */
export interface Admitted {
  readonly context: CallContext;
  readonly token: string;
  readonly attempt: number;
  readonly body: Body;
}

/** An invocation that runs here, or waits until it may, and when it is to end. */
interface Running {
  readonly context: CallContext;
  readonly deadline: Deadline;
}

export class HostedPlugin {
  readonly #running = new Map<string, Running>();
  readonly #slots: RunSlots;
  readonly manifest: Manifest;
  readonly instance: string;
  readonly #parts: HostedPluginParts;
  #agents: Promise<InvocationAgents> | undefined;
  /** Undefined in a plugin that streams nothing. */
  readonly #readers: AttachedReaders | undefined;

  constructor(parts: HostedPluginParts) {
    this.#parts = parts;
    this.manifest = parts.manifest;
    this.instance = parts.instance;
    this.#slots = new RunSlots(parts.manifest.capabilities);
    const streams = parts.manifest.capabilities.some((capability) => capability.streaming);
    this.#readers = streams ? new AttachedReaders(parts.bus, parts.manifest.name) : undefined;
  }

  /** Never throws: what goes wrong is the outcome. */
  async run(admitted: Admitted): Promise<RunOutcome> {
    const { context } = admitted;
    const capability = this.#parts.capabilities.get(context.capability);
    if (!capability) {
      const fault = new Fault('unimplemented', `This instance of ${context.plugin} has no ${context.capability}.`);
      return { ok: false, fault, body: JSON.stringify(fault) };
    }
    const deadline = new Deadline(context.deadlineMs, `${context.plugin}.${context.capability}`);
    this.#running.set(context.invocation, { context, deadline });
    try {
      if (context.mode === 'durable') await this.#slots.wait(context.capability, deadline);
      else this.#slots.take(context.capability);
      return await this.#runInSlot(admitted, capability, deadline);
    } catch (error) {
      const fault = Fault.from(error);
      return { ok: false, fault, body: JSON.stringify(fault) };
    } finally {
      this.#running.delete(context.invocation);
      deadline.clear();
    }
  }

  async #runInSlot(admitted: Admitted, capability: HostedCapability, deadline: Deadline): Promise<RunOutcome> {
    const { context, token, attempt } = admitted;
    const { bus, requester, large, client } = this.#parts;
    const progress = subjects.progress(context);
    const outcome = await runInvocation({
      ...{ ...admitted, deadline, capability, client, large },
      publishProgress: (percent, message) => {
        bus.nc.publish(progress, JSON.stringify({ percent, ...(message !== undefined && { message }) }));
      },
      openOutput: this.#outputOf(admitted, capability),
      openJournal: (signal) => new Journal(this.#parts, context, attempt, signal, this.#tellOfStep(context, attempt)),
      reportSpending: (spent) => reportSpending(requester, context.plugin, token, spent),
      openAgent: (invocation, options) =>
        this.#openAgent(invocation, `${context.plugin}.${context.capability}`, options),
    });
    this.#slots.release(context.capability);
    return outcome;
  }

  #tellOfStep({ invocation }: CallContext, attempt: number) {
    const { instance, reports } = this.#parts;
    return ({ name, title, startedAtMs, fault }: StepEnd) =>
      reports.add({
        ...{ invocation, attempt, instance, startedAtMs, endedAtMs: Date.now(), step: { name, title } },
        ...(fault && { fault: sendableFault(fault).toJSON() }),
      });
  }

  /** Loads what agents need with the first one. */
  async #openAgent(invocation: InvocationContext, self: string, options: AgentOptions): Promise<Agent> {
    const { requester, manifest } = this.#parts;
    this.#agents ??= import('./agent/invocation-agents.js').then(
      ({ InvocationAgents }) => new InvocationAgents(requester, manifest, process.env),
    );
    return (await this.#agents).open(invocation, self, options);
  }

  #outputOf({ context, attempt }: Admitted, { options }: HostedCapability) {
    const { publisher, requester } = this.#parts;
    const readers = this.#readers;
    if (!readers || !options.streaming) return undefined;
    return (signal: AbortSignal) => new OutputStream({ publisher, requester, readers }, context, attempt, signal);
  }

  /** Ends what runs here of a call tree, or of these invocations and what they called. */
  cancel(correlation: string, { invocations }: CancelNotice): void {
    for (const { context, deadline } of this.#running.values()) {
      const isMeant =
        invocations === 'all' ||
        invocations.includes(context.invocation) ||
        (context.parent !== undefined && invocations.includes(context.parent));
      if (context.correlation === correlation && isMeant) deadline.cancel(cancelledFault());
    }
  }
}
