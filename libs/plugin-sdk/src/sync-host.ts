/** Serves admitted synchronous calls: takes them from the queue group of its version, answers on the caller's inbox. */
import {
  type Bus,
  bodyOf,
  faultHeaders,
  type MicroService,
  type Msg,
  OutgoingHeaders,
  type Subscription,
} from '@orchestrator/bus';
import { encodeDataRef, Fault, HEADERS, LIMITS, patterns } from '@orchestrator/protocol';
import { type AdmittedToken, readAdmitted } from './admitted.js';
import type { HostedPlugin } from './hosted-plugin.js';
import type { RunOutcome } from './invocation-runner.js';
import type { ReportFrames } from './report-frames.js';

/** Calls that one host works on at once; more are refused, so that nothing queues up out of sight. */
const MAX_CALLS = LIMITS.callsPerInstance;
/** What those are told to wait. */
const RETRY_AFTER_MS = 100;

export class SyncHost {
  readonly #bus: Bus;
  readonly #plugin: HostedPlugin;
  readonly #reports: ReportFrames;
  readonly #micro: MicroService;
  /** The capabilities of which no more than so many run at once. */
  readonly #narrow: ReadonlySet<string>;
  #subscription: Subscription | undefined;
  #running = 0;
  #whenIdle: (() => void) | undefined;

  constructor(bus: Bus, plugin: HostedPlugin, reports: ReportFrames, micro: MicroService) {
    this.#bus = bus;
    this.#plugin = plugin;
    this.#reports = reports;
    this.#micro = micro;
    const narrow = plugin.manifest.capabilities.filter(({ concurrency }) => concurrency !== undefined);
    this.#narrow = new Set(narrow.map(({ name }) => name));
  }

  start(): void {
    const { name, version } = this.#plugin.manifest;
    this.#subscription = this.#bus.nc.subscribe(patterns.execOf(name, version), {
      queue: 'host',
      callback: (error, msg) => {
        const admitted = error ? undefined : readAdmitted(msg.headers, this.#plugin.manifest, 'sync');
        if (admitted) void this.#serve(msg, admitted);
      },
    });
  }

  /** Takes no more calls, and resolves when those that run have been answered. */
  async stop(): Promise<void> {
    await this.#subscription?.drain();
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  async #serve(msg: Msg, { token, context }: AdmittedToken): Promise<void> {
    const { invocation, correlation } = context;
    const report = { invocation, instance: this.#plugin.instance, startedAtMs: Date.now() };
    this.#reports.add(report);
    this.#running++;
    const outcome =
      this.#running > MAX_CALLS ? full() : await this.#plugin.run({ context, token, attempt: 1, body: bodyOf(msg) });
    const base = new OutgoingHeaders().add(HEADERS.id, invocation).add(HEADERS.correlationId, correlation);
    const resultAt = outcome.ok && outcome.dataRef ? encodeDataRef(outcome.dataRef) : undefined;
    if (resultAt) base.add(HEADERS.dataRef, resultAt);
    if (outcome.output?.last) base.add(HEADERS.chunks, String(outcome.output.last));
    const answer = { headers: outcome.ok ? base : faultHeaders(outcome.fault, base) };
    const endedAtMs = Date.now();
    this.#reports.add({
      ...report,
      endedAtMs,
      ...(!outcome.ok && { fault: outcome.fault.toJSON() }),
      ...(resultAt && { resultAt }),
    });
    // Whoever calls again at once, where few may run, finds its slot free: its answer comes after the report.
    if (this.#narrow.has(context.capability)) this.#reports.flush();
    if (msg.reply) this.#bus.outbox.send(msg.reply, outcome.body, answer);
    this.#micro.count(context.capability, endedAtMs - report.startedAtMs, outcome.ok ? undefined : outcome.fault.code);
    if (outcome.output) await outcome.output.end(outcome.ok ? undefined : outcome.fault);
    if (--this.#running === 0) this.#whenIdle?.();
  }
}

function full(): RunOutcome {
  const fault = new Fault('exhausted', `This instance works on ${MAX_CALLS} calls already.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
  return { ok: false, fault, body: JSON.stringify(fault) };
}
