/**
 * Works on durable invocations: one pull consumer per capability, shared by all instances of the version.
 *
 * Invariants: (1) what is held is renewed until it is acknowledged. (2) Work is acknowledged only once a result is
 * stored, by whomever, or an attempt that may be followed by another. (3) Work that is delivered again is run again only
 * when no result is stored yet. (4) A fault is in the dead letters before it is the result. (5) What is not idempotent runs
 * only after its claim was stored, and a claim is stored once. (6) One invocation runs once at a time here: what is delivered
 * again meanwhile is left alone. (7) How a run ended is stored whatever it takes, until its deadline: no run is wasted because
 * NATS was away when it ended.
 */

import { Logger } from '@nestjs/common';
import {
  type Bus,
  bodyOf,
  type Delivery,
  type MicroService,
  OutgoingHeaders,
  Puller,
  type Requester,
  readResult,
  resultHeaders,
  type StoredPublisher,
  storeDeadLetter,
} from '@orchestrator/bus';
import {
  type Body,
  encodeDataRef,
  encodeRun,
  Fault,
  type FaultCode,
  type FaultDetails,
  HEADERS,
  LIMITS,
  type RunHeader,
  receiptFromToken,
  subjects,
  workConsumer,
} from '@orchestrator/protocol';
import { type AdmittedToken, readAdmitted } from './admitted.js';
import { Claims } from './claims.js';
import type { HostedPlugin } from './hosted-plugin.js';
import type { RunOutcome } from './invocation-runner.js';
import type { ReportFrames } from './report-frames.js';

/** How many invocations of one capability run at once in this process. */
const SLOTS = 64;

export interface DurableHostParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly plugin: HostedPlugin;
  readonly reports: ReportFrames;
  readonly micro: MicroService;
}

export class DurableHost {
  readonly #plugin: HostedPlugin;
  readonly #reports: ReportFrames;
  readonly #micro: MicroService;
  readonly #requester: Requester;
  readonly #publisher: StoredPublisher;
  readonly #pullers: readonly Puller[];
  /** The capabilities that must not start twice for one invocation. */
  readonly #startedOnce: ReadonlySet<string>;
  readonly #claims: Claims;
  readonly #held = new Set<Delivery>();
  readonly #running = new Set<string>();
  readonly #logger = new Logger('DurableHost');
  #renewal: NodeJS.Timeout | undefined;

  constructor({ bus, requester, publisher, plugin, reports, micro }: DurableHostParts) {
    this.#plugin = plugin;
    this.#reports = reports;
    this.#micro = micro;
    this.#requester = requester;
    this.#publisher = publisher;
    this.#claims = new Claims(requester, publisher, plugin.instance);
    const { name, version, capabilities } = plugin.manifest;
    this.#startedOnce = new Set(capabilities.filter((one) => one.idempotent === false).map((one) => one.name));
    this.#pullers = capabilities.map((capability) => {
      const consumer = workConsumer({ plugin: name, version, capability: capability.name });
      return new Puller(bus, {
        stream: consumer.stream,
        consumer: consumer.name,
        slots: Math.min(SLOTS, capability.concurrency ?? SLOTS),
        onDelivery: (delivery) => this.#work(delivery),
        onError: (error) => this.#logger.warn(error instanceof Error ? error.message : String(error)),
      });
    });
  }

  /** @param leaseMs how long work is held without renewal before another instance gets it: the registry says */
  start({ leaseMs }: { readonly leaseMs: number }): void {
    this.#renewal = setInterval(() => this.#renew(), leaseMs / 3);
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
    const admitted = readAdmitted(delivery.headers, this.#plugin.manifest, 'durable');
    if (!admitted) {
      this.#logger.warn(`${delivery.subject} holds nothing that was admitted; it is dropped.`);
      delivery.ack();
      return;
    }
    const { invocation } = admitted.context;
    if (this.#running.has(invocation)) return;
    this.#running.add(invocation);
    this.#held.add(delivery);
    try {
      const isDone = delivery.deliveries > 1 && (await readResult(this.#requester, admitted.context));
      if (isDone || (await this.#runAndStore(delivery, admitted))) delivery.ack();
    } finally {
      this.#held.delete(delivery);
      this.#running.delete(invocation);
    }
  }

  /** Answers whether the work may go; it may not while another attempt has taken it over. */
  async #runAndStore(delivery: Delivery, admitted: AdmittedToken): Promise<boolean> {
    const { context } = admitted;
    const { instance } = this.#plugin;
    const attempt = context.attempt + delivery.deliveries - 1;
    const startedAtMs = Date.now();
    const report = { invocation: context.invocation, attempt, instance, startedAtMs };
    this.#reports.add(report);
    const outcome = await this.#run(delivery, admitted, attempt);
    const endedAtMs = Date.now();
    const fault = outcome.ok ? undefined : outcome.fault;
    const run = { attempt, startedAtMs, endedAtMs, instance };
    this.#micro.count(context.capability, endedAtMs - startedAtMs, fault?.code);
    if (outcome.output?.isSuperseded) {
      this.#reports.add({ ...report, endedAtMs, ...(fault && { fault: fault.toJSON() }), superseded: true });
      return false;
    }
    const store = () => this.#store(delivery, admitted, outcome, run);
    const stored = await this.#publisher.keepTrying(context.deadlineMs, store);
    if (stored === 'attempt') return true;
    this.#reports.add({
      ...report,
      endedAtMs,
      ...(fault && { fault: fault.toJSON() }),
      ...(outcome.ok && outcome.dataRef && { resultAt: encodeDataRef(outcome.dataRef) }),
      ...(stored === 'superseded' && { superseded: true }),
    });
    if (stored === 'result') await outcome.output?.end(fault);
    return true;
  }

  /** Stores how a run ended: as an attempt, or as the result, unless there is one. Doing it again changes nothing. */
  async #store(delivery: Delivery, { context, token }: AdmittedToken, outcome: RunOutcome, run: RunHeader) {
    const fault = outcome.ok ? undefined : outcome.fault;
    const receipt = receiptFromToken(token);
    if (fault?.meaning.retryable && run.attempt < context.maxAttempts) {
      const headers = attemptHeaders(receipt, run, fault, bodyOf(delivery));
      await this.#publisher.store(subjects.attempt(context.plugin, context.invocation), delivery.data, headers);
      return 'attempt';
    }
    // A letter of what has succeeded meanwhile would lie there for nothing.
    if (fault && (await readResult(this.#requester, context))) return 'superseded';
    const ended = { ...context, source: `/plugins/${context.plugin}`, atMs: run.endedAtMs, body: bodyOf(delivery) };
    if (fault) await storeDeadLetter(this.#publisher, { ...ended, proof: { [HEADERS.receipt]: receipt } }, fault);
    const result = resultHeaders(ended, encodeRun(run), fault).add(HEADERS.receipt, receipt);
    if (outcome.ok && outcome.dataRef) result.add(HEADERS.dataRef, encodeDataRef(outcome.dataRef));
    if (outcome.output?.last) result.add(HEADERS.chunks, String(outcome.output.last));
    const { stored } = await this.#publisher.store(subjects.result(context), outcome.body, result);
    if (stored) return 'result';
    const first = await readResult(this.#requester, context);
    if (!first) {
      throw new Fault('unavailable', `The place of the result of ${context.invocation} is taken by something else.`);
    }
    if (outcome.ok && first.headers?.get(HEADERS.fault) === ('unknown-outcome' satisfies FaultCode)) {
      const late = subjects.late(context.plugin, context.capability, context.invocation);
      await this.#publisher.store(late, outcome.body, result); // now it is known
    }
    // Refused because of itself, where the acknowledgement of its first try was lost.
    return first.headers?.get(HEADERS.run) === encodeRun(run) ? 'result' : 'superseded';
  }

  async #run(delivery: Delivery, { context, token }: AdmittedToken, attempt: number): Promise<RunOutcome> {
    if (delivery.deliveries > LIMITS.deliveries) {
      const times = delivery.deliveries - 1;
      // It may well be the work that ends its hosts: the next one shall live.
      return unknownOutcome(`${times} hosts that held this work fell silent.`, { deliveries: times });
    }
    if (this.#startedOnce.has(context.capability)) {
      const isClaimed = await this.#claims.take(context, attempt);
      if (!isClaimed) return unknownOutcome('It was started before, and how that ended is not known.');
    }
    return this.#plugin.run({ context, token, attempt, body: bodyOf(delivery) });
  }
}

function attemptHeaders(receipt: string, run: RunHeader, fault: Fault, { dataRef }: Body): OutgoingHeaders {
  const result = new OutgoingHeaders()
    .add(HEADERS.receipt, receipt)
    .add(HEADERS.run, encodeRun(run))
    .add(HEADERS.faultBody, JSON.stringify(fault));
  return dataRef ? result.add(HEADERS.dataRef, encodeDataRef(dataRef)) : result;
}

function unknownOutcome(message: string, details?: FaultDetails): RunOutcome {
  const fault = new Fault('unknown-outcome', message, details);
  return { ok: false, fault, body: JSON.stringify(fault) };
}
