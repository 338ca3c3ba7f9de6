/**
 * Further attempts of durable work. A host that gives an attempt up stores it; whether and when there is another is decided
 * here, and the waiting is done by the stream: a timer in `ORC_TIMERS` outlives every process.
 */
import {
  type Bus,
  bodyOf,
  type Delivery,
  OutgoingHeaders,
  Puller,
  type Requester,
  type StoredPublisher,
} from '@orchestrator/bus';
import {
  attemptsConsumer,
  type CallContext,
  decodeRun,
  dueConsumer,
  encodeDataRef,
  Fault,
  HEADERS,
  parseAttempt,
  parseDueWait,
  parseFault,
  type RunHeader,
  subjects,
} from '@orchestrator/protocol';
import { decide } from '../domain/invocation-lifecycle.js';
import { onDueAttempt, placedOrEnded } from './due-attempts.js';
import type { Gate } from './gate.js';
import type { History } from './history.js';
import { storeFault } from './outcomes.js';

const SLOTS = 1_000;

export interface RetriesParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly gate: Gate;
  readonly history: History;
  /** Told of a request that was set aside, by its sequence then, when its time to wait is over. */
  readonly onOverdue: (sequence: number) => Promise<void>;
  /** Told of work that was placed from here, whose reports are then its own. */
  readonly onPlaced: (context: CallContext) => void;
  readonly onError: (error: unknown) => void;
}

/** A run that its host gave up, as its message says. */
interface FailedAttempt {
  readonly context: CallContext;
  readonly run: RunHeader;
  readonly fault: Fault;
}

export class Retries {
  readonly #parts: RetriesParts;
  readonly #pullers: readonly Puller[];

  constructor(parts: RetriesParts) {
    this.#parts = parts;
    const pull = (consumer: typeof dueConsumer, handle: (delivery: Delivery) => Promise<void>) =>
      new Puller(parts.bus, {
        stream: consumer.stream,
        consumer: consumer.name,
        slots: SLOTS,
        onDelivery: handle,
        onError: parts.onError,
      });
    this.#pullers = [
      pull(attemptsConsumer, (delivery) => this.#onFailed(delivery)),
      pull(dueConsumer, (delivery) => this.#onDue(delivery)),
    ];
  }

  start(): void {
    for (const puller of this.#pullers) puller.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#pullers.map((puller) => puller.stop()));
  }

  async #onFailed(delivery: Delivery): Promise<void> {
    const { gate, history, publisher } = this.#parts;
    const attempt = this.#read(delivery);
    if (!attempt) return delivery.ack();
    const { context, run, fault } = attempt;
    gate.runEnded(context, fault.code);
    const nowMs = Date.now();
    const decision = decide(await placedOrEnded(this.#parts.requester, context), {
      kind: 'attempt-failed',
      attempt: run.attempt,
      fault,
      policy: gate.retryPolicyOf(context),
      ...{ deadlineMs: context.deadlineMs, nowMs, random: Math.random() },
    });
    const failure = { ...run, fault: fault.toJSON() };
    if (decision.do === 'end') {
      const { caller, plugin, capability, invocation, correlation } = context;
      const outcome = { ask: { caller, plugin, capability }, invocation, correlation, fault: decision.fault, nowMs };
      const proof = { [HEADERS.receipt]: delivery.headers?.get(HEADERS.receipt) ?? '' };
      await storeFault(publisher, { ...outcome, body: bodyOf(delivery), original: undefined, proof });
      await history.endedStored(context, failure);
    }
    if (decision.do === 'wait') {
      const token = gate.tokenForAttempt(context, run.attempt + 1);
      await history.retryingStored(context, failure, decision.untilMs);
      const timer = new OutgoingHeaders()
        .add('Nats-Schedule', `@at ${new Date(decision.untilMs).toISOString()}`)
        .add('Nats-Schedule-Target', subjects.due('retry', context.invocation))
        .add(HEADERS.context, token);
      const { dataRef } = bodyOf(delivery);
      if (dataRef) timer.add(HEADERS.dataRef, encodeDataRef(dataRef));
      await publisher.store(subjects.timer('retry', context.invocation), delivery.data, timer);
    }
    delivery.ack();
  }

  async #onDue(delivery: Delivery): Promise<void> {
    const waited = parseDueWait(delivery.subject);
    if (waited === undefined) await onDueAttempt(this.#parts, delivery);
    else {
      await this.#parts.onOverdue(waited);
      delivery.ack();
    }
  }

  /** Undefined for what is no attempt of the plugin that published it: that is dropped, as nothing could be done with it. */
  #read(delivery: Delivery): FailedAttempt | undefined {
    try {
      const { plugin, invocation } = parseAttempt(delivery.subject);
      const context = this.#parts.gate.verifyReceipt(delivery.headers?.get(HEADERS.receipt) ?? '');
      const run = decodeRun(delivery.headers?.get(HEADERS.run) ?? '');
      const fault = parseFault(JSON.parse(delivery.headers?.get(HEADERS.faultBody) ?? ''));
      if (run && context.plugin === plugin && context.invocation === invocation) return { context, run, fault };
      throw new Fault('unauthenticated', `${delivery.subject} is not the attempt that its receipt is of.`);
    } catch (error) {
      this.#parts.onError(error);
      return undefined;
    }
  }
}
