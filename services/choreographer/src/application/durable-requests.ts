/**
 * Durable requests: taken from the stream, decided, recorded and placed as work. A request is acknowledged only when
 * its admission is in the history and its work (or its refusal) is stored, so that a crash anywhere repeats it; ids are
 * derived, so that the repetition changes nothing.
 */
import {
  type Bus,
  type Delivery,
  OutgoingHeaders,
  Puller,
  type PullerOptions,
  type Requester,
  readResult,
  type StoredPublisher,
} from '@orchestrator/bus';
import {
  type Ask,
  bodyHash,
  type CallContext,
  Fault,
  HEADERS,
  type HostReport,
  invocationIdFromKey,
  invocationIdFromParent,
  invocationIdFromSequence,
  parseAsk,
  parseRequestHeaders,
  type RequestHeaders,
  requestsConsumer,
  STREAMS,
  subjects,
} from '@orchestrator/protocol';
import type { OpenInvocations } from '../adapters/open-invocations.js';
import { RecentMap } from '../domain/recent-map.js';
import type { Gate } from './gate.js';
import type { History } from './history.js';
import { storeFault } from './outcomes.js';

/** Requests that one replica works on at once. */
const SLOTS = 1_000;
/** Invocations that this replica admitted lately, and which the projection may not show yet. */
const RECENT = 20_000;

interface Request {
  readonly delivery: Delivery;
  readonly ask: Ask;
  readonly headers: RequestHeaders;
  readonly parent: CallContext | undefined;
  readonly invocation: string;
  readonly bodyHash: string;
}

export interface DurableRequestsParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly gate: Gate;
  readonly history: History;
  readonly invocations: OpenInvocations;
  readonly onError: PullerOptions['onError'];
}

interface RecentWork {
  readonly bodyHash: string;
  /** Undefined when it was refused. */
  readonly context: CallContext | undefined;
}

export class DurableRequests {
  readonly #parts: DurableRequestsParts;
  readonly #puller: Puller;
  readonly #recent = new RecentMap<RecentWork>(RECENT);

  constructor(parts: DurableRequestsParts) {
    this.#parts = parts;
    this.#puller = new Puller(parts.bus, {
      stream: requestsConsumer.stream,
      consumer: requestsConsumer.name,
      slots: SLOTS,
      onDelivery: (delivery) => this.#onRequest(delivery),
      onError: parts.onError,
    });
  }

  start(): void {
    this.#puller.start();
  }

  stop(): Promise<void> {
    return this.#puller.stop();
  }

  async #onRequest(delivery: Delivery): Promise<void> {
    const { gate } = this.#parts;
    let ask: Ask = { caller: 'unknown', plugin: 'unknown', capability: 'unknown' };
    let requestHeaders: RequestHeaders | undefined;
    let parent: CallContext | undefined;
    try {
      ask = parseAsk(delivery.subject, 'request');
      requestHeaders = parseRequestHeaders(delivery.headers && ((name) => delivery.headers?.get(name)));
      parent = gate.parentOf(requestHeaders);
    } catch (error) {
      const fault = Fault.from(error);
      await this.#refuse(delivery, { ask, headers: requestHeaders, parent, invocation: ownId(delivery) }, fault);
      return;
    }
    const invocation = invocationOf(delivery, ask, requestHeaders, parent);
    await this.#place({
      delivery,
      ask,
      headers: requestHeaders,
      parent,
      invocation,
      bodyHash: bodyHash(delivery.data),
    });
  }

  async #place(request: Request): Promise<void> {
    const { delivery, ask, headers: requestHeaders, parent, invocation } = request;
    const known = this.#recent.get(invocation)?.bodyHash ?? (await this.#parts.invocations.bodyHashOf(invocation));
    if (known !== undefined && known !== request.bodyHash) {
      const fault = new Fault('invalid-argument', 'This key was used before, with other arguments.', { invocation });
      await this.#refuse(delivery, { ask, headers: requestHeaders, parent, invocation: ownId(delivery) }, fault);
      return;
    }
    if (known !== undefined && (await readResult(this.#parts.requester, { ...ask, invocation }))) {
      delivery.ack();
      return;
    }
    const nowMs = Date.now();
    const { data } = delivery;
    const decision = { ask, mode: 'durable', invocation, headers: requestHeaders, parent, nowMs } as const;
    const admission = this.#parts.gate.decide({ ...decision, bodyBytes: data.length });
    if (!admission.ok) {
      await this.#refuse(delivery, request, admission.fault);
      this.#recent.set(invocation, { bodyHash: request.bodyHash, context: undefined });
      return;
    }
    const { context } = admission;
    this.#recent.set(invocation, { bodyHash: request.bodyHash, context });
    const work = new OutgoingHeaders().add(HEADERS.context, admission.token);
    const origin = { request: delivery.sequence, bodyHash: request.bodyHash };
    await Promise.all([
      this.#parts.history.admittedStored(context, requestHeaders.key, origin),
      this.#parts.publisher.store(subjects.work(context, invocation), data, work),
    ]);
    delivery.ack();
  }

  /** Refused: in the history, in the dead letters, and answered. */
  async #refuse(
    delivery: Delivery,
    of: Pick<Request, 'ask' | 'parent' | 'invocation'> & { readonly headers: RequestHeaders | undefined },
    fault: Fault,
  ): Promise<void> {
    const { ask, invocation } = of;
    const nowMs = Date.now();
    const origin = { request: delivery.sequence, bodyHash: bodyHash(delivery.data) };
    const { headers: sent, parent } = of;
    const refused = { ask, invocation, headers: sent, parent, mode: 'durable', fault, nowMs } as const;
    const refusal = this.#parts.history.refused({ ...refused, ...origin });
    await refusal.stored;
    const { correlation } = refusal;
    const original = { body: delivery.data, original: delivery.headers };
    await storeFault(this.#parts.publisher, { ask, invocation, correlation, fault, nowMs, ...original });
    delivery.ack();
  }

  /** Takes in what a host says of work that was placed from here lately. */
  onReport(plugin: string, report: HostReport): boolean {
    const context = this.#recent.get(report.invocation)?.context;
    if (context?.plugin !== plugin) return false;
    const { attempt = 1, instance, startedAtMs, endedAtMs, fault } = report;
    if (endedAtMs === undefined) this.#parts.history.started(context, report);
    else this.#parts.history.ended(context, { attempt, instance, startedAtMs, endedAtMs, fault });
    return true;
  }
}

function ownId(delivery: Delivery): string {
  return invocationIdFromSequence(STREAMS.requests.name, delivery.sequence, delivery.storedAt);
}

function invocationOf(
  delivery: Delivery,
  { caller, plugin, capability }: Ask,
  { key }: RequestHeaders,
  parent: CallContext | undefined,
): string {
  if (key === undefined) return ownId(delivery);
  if (parent) return invocationIdFromParent(parent.invocation, plugin, capability, key);
  return invocationIdFromKey(caller, plugin, capability, key);
}
