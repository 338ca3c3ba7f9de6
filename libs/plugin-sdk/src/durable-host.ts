/**
 * Works on durable invocations: one pull consumer per capability, shared by all instances of the version.
 *
 * Invariants: (1) what is held is renewed until it is acknowledged. (2) Work is acknowledged only once a result is
 * stored, by whomever. (3) Work that is delivered again is run again only when no result is stored yet.
 */

import { Logger } from '@nestjs/common';
import {
  type Bus,
  type Delivery,
  faultHeaders,
  headers,
  type MicroService,
  Puller,
  type Requester,
  readResult,
  StoredPublisher,
} from '@orchestrator/bus';
import {
  type CallContext,
  encodeRun,
  HEADERS,
  LIMITS,
  readContextToken,
  receiptFromToken,
  subjects,
  workConsumer,
} from '@orchestrator/protocol';
import type { HostedPlugin } from './hosted-plugin.js';
import type { RunOutcome } from './invocation-runner.js';
import type { ReportFrames } from './report-frames.js';

export interface DurableHostOptions {
  /** How many invocations of one capability run at once in this process. @default 64 */
  readonly slots?: number;
  /** How long work is held without renewal before another instance gets it. @default LIMITS.leaseMs */
  readonly leaseMs?: number | undefined;
}

export class DurableHost {
  readonly #plugin: HostedPlugin;
  readonly #reports: ReportFrames;
  readonly #micro: MicroService;
  readonly #requester: Requester;
  readonly #publisher: StoredPublisher;
  readonly #pullers: readonly Puller[];
  readonly #held = new Set<Delivery>();
  readonly #logger = new Logger('DurableHost');
  readonly #renewal: NodeJS.Timeout;

  constructor(
    bus: Bus,
    requester: Requester,
    plugin: HostedPlugin,
    reports: ReportFrames,
    micro: MicroService,
    options: DurableHostOptions = {},
  ) {
    this.#plugin = plugin;
    this.#reports = reports;
    this.#micro = micro;
    this.#requester = requester;
    this.#publisher = new StoredPublisher(bus);
    const { name, version, capabilities } = plugin.manifest;
    this.#pullers = capabilities.map((capability) => {
      const consumer = workConsumer({ plugin: name, version, capability: capability.name });
      return new Puller(bus, {
        stream: consumer.stream,
        consumer: consumer.name,
        slots: options.slots ?? 64,
        onDelivery: (delivery) => this.#work(delivery),
        onError: (error) => this.#logger.warn(error instanceof Error ? error.message : String(error)),
      });
    });
    this.#renewal = setInterval(() => this.#renew(), (options.leaseMs ?? LIMITS.leaseMs) / 3);
  }

  start(): void {
    for (const puller of this.#pullers) puller.start();
  }

  /** Takes no more work, and resolves when what it holds has ended. */
  async stop(): Promise<void> {
    await Promise.all(this.#pullers.map((puller) => puller.stop()));
    clearInterval(this.#renewal);
  }

  #renew(): void {
    for (const delivery of this.#held) delivery.renew();
  }

  async #work(delivery: Delivery): Promise<void> {
    this.#held.add(delivery);
    try {
      const token = delivery.headers?.get(HEADERS.context) ?? '';
      const context = readContextToken(token);
      const attempt = delivery.deliveries;
      if (attempt === 1 || !(await readResult(this.#requester, context))) {
        await this.#runAndStore(delivery, context, token, attempt);
      }
      delivery.ack();
    } finally {
      this.#held.delete(delivery);
    }
  }

  async #runAndStore(delivery: Delivery, context: CallContext, token: string, attempt: number): Promise<void> {
    const { instance } = this.#plugin;
    const startedAtMs = Date.now();
    const report = { invocation: context.invocation, instance, startedAtMs };
    this.#reports.add(report);
    const outcome = await this.#plugin.run({ context, token, attempt, body: delivery.data });
    const endedAtMs = Date.now();
    const run = encodeRun({ attempt, startedAtMs, endedAtMs, instance });
    await this.#publisher.store(subjects.result(context), outcome.body, resultHeaders(context, token, run, outcome));
    this.#micro.count(context.capability, endedAtMs - startedAtMs, outcome.ok ? undefined : outcome.fault.code);
  }
}

/** A stored result is a CloudEvent; the receipt lets the choreographer tell whose work it was. */
function resultHeaders(context: CallContext, token: string, run: string, outcome: RunOutcome) {
  const result = headers();
  result.set(HEADERS.specVersion, '1.0');
  result.set(HEADERS.id, context.invocation);
  result.set(HEADERS.type, 'orc.v1.result');
  result.set(HEADERS.source, `/plugins/${context.plugin}`);
  result.set(HEADERS.subject, `${context.plugin}.${context.capability}`);
  result.set(HEADERS.correlationId, context.correlation);
  if (context.parent) result.set(HEADERS.causationId, context.parent);
  result.set(HEADERS.receipt, receiptFromToken(token));
  result.set(HEADERS.run, run);
  return outcome.ok ? result : faultHeaders(outcome.fault, result);
}
