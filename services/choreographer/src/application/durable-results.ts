/** Stored results of durable work, as they come in: each ends its invocation in the history, and makes its span. */
import { type Bus, type Delivery, Puller, type PullerOptions, type Requester, readResult } from '@orchestrator/bus';
import {
  type CallContext,
  decodeRun,
  Fault,
  type FaultBody,
  HEADERS,
  parseFault,
  parseResultAddress,
  type RunHeader,
  resultsConsumer,
} from '@orchestrator/protocol';
import type { Gate } from './gate.js';
import type { History } from './history.js';

const SLOTS = 1_000;

export interface DurableResultsParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly gate: Gate;
  readonly history: History;
  readonly onError: PullerOptions['onError'];
}

/** For a host that does not say how the run went: it ended, by now. */
function unknownRun(): RunHeader {
  const nowMs = Date.now();
  return { attempt: 1, startedAtMs: nowMs, endedAtMs: nowMs, instance: '' };
}

export class DurableResults {
  readonly #parts: DurableResultsParts;
  readonly #puller: Puller;

  constructor(parts: DurableResultsParts) {
    this.#parts = parts;
    this.#puller = new Puller(parts.bus, {
      stream: resultsConsumer.stream,
      consumer: resultsConsumer.name,
      slots: SLOTS,
      onDelivery: (delivery) => this.#onResult(delivery),
      onError: parts.onError,
    });
  }

  start(): void {
    this.#puller.start();
  }

  stop(): Promise<void> {
    return this.#puller.stop();
  }

  async #onResult(delivery: Delivery): Promise<void> {
    const context = this.#contextOf(delivery);
    if (context) {
      const run = decodeRun(delivery.headers?.get(HEADERS.run) ?? '') ?? unknownRun();
      const fault = delivery.headers?.get(HEADERS.fault) ? await this.#faultOf(context) : undefined;
      const { attempt, startedAtMs, endedAtMs, instance } = run;
      await this.#parts.history.endedStored(context, { attempt, startedAtMs, endedAtMs, instance, fault });
    }
    delivery.ack();
  }

  /** Undefined for faults that a choreographer stored itself (those are recorded by whoever did), and for what nobody admitted. */
  #contextOf(delivery: Delivery): CallContext | undefined {
    const receipt = delivery.headers?.get(HEADERS.receipt);
    if (!receipt) return undefined;
    try {
      const context = this.#parts.gate.verifyReceipt(receipt);
      const { caller, plugin, invocation } = parseResultAddress(delivery.subject, 'result');
      const isItsOwn = caller === context.caller && plugin === context.plugin && invocation === context.invocation;
      if (isItsOwn) return context;
      this.#parts.onError(
        new Fault('unauthenticated', `The result on ${delivery.subject} carries the receipt of another.`),
      );
    } catch (error) {
      this.#parts.onError(error);
    }
    return undefined;
  }

  /** The consumer delivers headers only; what a fault says stands in the body. */
  async #faultOf(context: CallContext): Promise<FaultBody> {
    const stored = await readResult(this.#parts.requester, context);
    const text = stored ? Buffer.from(stored.data).toString() : '';
    try {
      return parseFault(JSON.parse(text)).toJSON();
    } catch {
      return parseFault(undefined).toJSON();
    }
  }
}
