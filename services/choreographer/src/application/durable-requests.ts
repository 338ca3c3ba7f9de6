/**
 * Durable requests: taken from the stream, decided, recorded and placed as work. A request is acknowledged only when
 * its admission is in the history and its work (or its refusal) is stored, so that a crash anywhere repeats it; ids are
 * derived, so that the repetition changes nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Bus,
  bodyOf,
  type Delivery,
  OutgoingHeaders,
  type PullerOptions,
  type Requester,
  type StoredPublisher,
  type StoreOutcome,
} from '@orchestrator/bus';
import { readStoredAt, readWork, removeStored, type StoredBody } from '@orchestrator/bus/streams';
import {
  type Ask,
  type CallContext,
  encodeDataRef,
  Fault,
  HEADERS,
  hashOfBody,
  invocationIdOfRedrive,
  isAside,
  isNested,
  LIMITS,
  parseAsk,
  parseRequestHeaders,
  type Redrive,
  type RequestHeaders,
  readableAsk,
  readContextToken,
  requestSubject,
  STREAMS,
  subjects,
} from '@orchestrator/protocol';
import type { DeadLetterBox } from '../adapters/dead-letter-box.js';
import type { OpenInvocations } from '../adapters/open-invocations.js';
import type { RequestOrigin } from '../domain/records-of.js';
import { EarlierRequests } from './earlier-requests.js';
import { type Gate, type GateDecision, isOfInstalled } from './gate.js';
import type { History } from './history.js';
import type { RecentlyPlaced } from './recent-work.js';
import { Refusals } from './refusals.js';
import type { RequestBacklog } from './request-backlog.js';
import { invocationOf, ownId, sequenceOf } from './request-identity.js';
import { RequestQueues } from './request-queues.js';
import { asRequested } from './set-aside.js';
import type { StickyTrees } from './sticky-trees.js';
import type { TreeCounts } from './tree-counts.js';
import type { WorkRoom } from './work-room.js';

/** How often work is offered to a stream that is full. */
const WORK_FULL_MS = 500;

/** JetStream stores a second message with the same one not at all, for `LIMITS.workMsgIdMs`. */
const MSG_ID = 'Nats-Msg-Id';

interface Request {
  readonly delivery: Delivery;
  readonly ask: Ask;
  readonly headers: RequestHeaders;
  readonly parent: CallContext | undefined;
  readonly invocation: string;
  readonly bodyHash: string;
  /** The dead invocation that this is a redrive of. */
  readonly redriveOf: string | undefined;
}

export interface DurableRequestsParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly gate: Gate;
  readonly sticky: StickyTrees;
  readonly counts: TreeCounts;
  readonly history: History;
  readonly invocations: OpenInvocations;
  readonly workRoom: WorkRoom;
  readonly backlog: Pick<RequestBacklog, 'refusal'>;
  /** How long a request that has no deadline waits for room. */
  readonly maxWaitMs: number;
  /** See `SyncCallsParts`. */
  readonly news: () => Promise<boolean>;
  readonly recent: RecentlyPlaced;
  readonly letters: Pick<DeadLetterBox, 'removeOf'>;
  readonly onError: PullerOptions['onError'];
}

export class DurableRequests {
  readonly #parts: DurableRequestsParts;
  readonly #queues: RequestQueues;
  readonly #earlier: EarlierRequests;
  readonly #refusals: Refusals;
  #isStopping = false;

  constructor(parts: DurableRequestsParts) {
    this.#parts = parts;
    this.#earlier = new EarlierRequests(parts);
    this.#refusals = new Refusals(parts);
    const { bus, publisher, maxWaitMs, onError } = parts;
    this.#queues = new RequestQueues({
      bus,
      publisher,
      maxWaitMs,
      onRequest: (delivery) => this.#onRequest(delivery),
      onOld: (stored) => this.#onStored(stored),
      onError,
    });
  }

  /** Resolves when there is something to pull from. */
  provision(): Promise<void> {
    return this.#queues.provision();
  }

  start(): void {
    this.#parts.workRoom.start();
    this.#queues.start();
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    this.#parts.workRoom.stop();
    return this.#queues.stop();
  }

  async #onRequest(delivery: Delivery): Promise<void> {
    const { gate } = this.#parts;
    let ask: Ask | undefined;
    let requestHeaders: RequestHeaders | undefined;
    let parent: CallContext | undefined;
    let redrive: Redrive | undefined;
    try {
      ask = parseAsk(requestSubject(delivery.subject), 'request');
      if (delivery.unreadable) throw delivery.unreadable;
      requestHeaders = parseRequestHeaders(delivery.headers && ((name) => delivery.headers?.get(name)));
      const redriveToken = delivery.headers?.get(HEADERS.redrive);
      redrive = redriveToken ? gate.redriveOf(redriveToken, ask) : undefined;
      parent = redrive ? redrive.parent : gate.parentOf(requestHeaders);
      if (!parent && isNested(delivery.subject)) {
        throw new Fault('permission-denied', 'Only running work may ask here, with its call context.');
      }
    } catch (error) {
      const fault = Fault.from(error);
      ask ??= readableAsk(requestSubject(delivery.subject), 'request');
      await this.#refusals.refuse(
        delivery,
        { ask, headers: requestHeaders, parent, invocation: ownId(delivery) },
        fault,
      );
      return;
    }
    // Its request is stored: from here on it is not lost, and its letter is not wanted any more.
    if (redrive) await this.#parts.letters.removeOf(ask, redrive.of);
    const invocation = redrive
      ? invocationIdOfRedrive(redrive.of)
      : invocationOf(delivery, ask, requestHeaders, parent);
    await this.#place({
      delivery,
      ask,
      headers: requestHeaders,
      parent,
      invocation,
      bodyHash: hashOfBody(bodyOf(delivery)),
      redriveOf: redrive?.of,
    });
  }

  /** @param mayBePlaced whoever got the request before may have placed its work, and not lived to tell: then there may be a result */
  async #place(request: Request, mayBePlaced = request.delivery.deliveries > 1 || this.#isAfterBreak()): Promise<void> {
    const { delivery, headers: requestHeaders, invocation } = request;
    const { history } = this.#parts;
    const earlier = await this.#earlier.lookUp(request, this.#parts.recent.get(invocation), mayBePlaced);
    if (earlier?.decision.do === 'refuse-reuse') return this.#refusals.refuseReuse(delivery, request);
    if (earlier?.decision.do === 'nothing') {
      const { known, untold } = earlier;
      const sequence = sequenceOf(delivery);
      if (known && sequence !== undefined) await history.repeatedStored({ ...known, invocation }, sequence);
      else if (untold) await history.admittedStored(untold, requestHeaders, originOf(request));
      delivery.ack();
      return;
    }
    const admission = await this.#decide(request);
    if (admission === 'stopped') return delivery.giveBack();
    if (admission === 'set-aside') return;
    if (!admission.ok) {
      const correlation = await this.#refusals.refuse(delivery, request, admission.fault);
      this.#parts.recent.set(invocation, { correlation, bodyHash: request.bodyHash, context: undefined });
      return;
    }
    try {
      await this.#placeAdmitted(
        request,
        admission,
        mayBePlaced,
        earlier?.isCounted ?? this.#parts.recent.get(invocation)?.context !== undefined,
      );
    } catch (error) {
      this.#parts.workRoom.leave(invocation);
      throw error;
    }
  }

  /** Asks the gate, again and again while there is no room: its answer may be another one then. */
  async #decide({
    delivery,
    ask,
    headers,
    parent,
    invocation,
    redriveOf,
  }: Request): Promise<GateDecision | 'stopped' | 'set-aside'> {
    const { sticky, workRoom, backlog, maxWaitMs, news } = this.#parts;
    const asked = { ask, mode: 'durable', invocation, headers, parent, isRedrive: redriveOf !== undefined } as const;
    const bodyBytes = delivery.data.length;
    const waitsUntilMs = storedAtMs(delivery) + maxWaitMs;
    const deadlineMs = Math.min(
      headers.expiryMs ?? Number.POSITIVE_INFINITY,
      parent?.deadlineMs ?? Number.POSITIVE_INFINITY,
    );
    let isNew = !parent && redriveOf === undefined && !isAside(delivery.subject);
    for (;;) {
      const decision = await sticky.decide({ ...asked, bodyBytes, nowMs: Date.now() });
      if (!decision.ok && isOfInstalled(decision.fault) && (await news())) continue;
      if (decision.ok || !decision.full) return decision;
      const { full } = decision;
      const untilMs = Math.min(waitsUntilMs, deadlineMs);
      if (Date.now() >= waitsUntilMs) return { ok: false, fault: waitedTooLong(maxWaitMs) };
      const fault = isNew ? await backlog.refusal(ask.caller, bodyBytes, delivery.sequence) : undefined;
      if (fault) return { ok: false, fault };
      isNew = false;
      const outcome = await this.#queues.wait(delivery, deadlineMs, () => workRoom.wait(full, delivery, untilMs));
      if (outcome !== 'decide') return outcome;
    }
  }

  async #placeAdmitted(
    request: Request,
    admission: Extract<GateDecision, { ok: true }>,
    mayBePlaced: boolean,
    isCounted: boolean,
  ): Promise<void> {
    const { delivery, parent, invocation, headers: requestHeaders } = request;
    const { history, workRoom } = this.#parts;
    // What was admitted before was counted before: a caller that runs again finds its children, and pays for none twice.
    const unpaid = parent && !isCounted ? await this.#count(parent) : undefined;
    if (unpaid) {
      workRoom.leave(invocation);
      await this.#refusals.refuse(delivery, request, unpaid);
      return;
    }
    let { context } = admission;
    this.#parts.recent.set(invocation, { correlation: context.correlation, bodyHash: undefined, context }); // a host may report before it is known to be placed
    const work = new OutgoingHeaders().add(HEADERS.context, admission.token);
    const { dataRef } = requestHeaders;
    if (dataRef) work.add(HEADERS.dataRef, encodeDataRef(dataRef));
    // Work that was done and acknowledged before any replica reads of it in the history is not placed again.
    if (!mayBePlaced) work.add(MSG_ID, invocation);
    const placed = await this.#storeWork(delivery, context, work);
    if (!placed.stored) {
      const first = await readWork(this.#parts.bus, subjects.work(context, invocation));
      if (!first) return this.#place(request, true);
      context = readContextToken(first.headers?.get(HEADERS.context) ?? '');
      this.#parts.recent.set(invocation, { correlation: context.correlation, bodyHash: undefined, context });
      if (hashOfBody(bodyOf(first)) !== request.bodyHash) return this.#refusals.refuseReuse(delivery, request);
    }
    // Only now: the admission of a body that was not the first would hide the real one.
    await history.admittedStored(context, requestHeaders, originOf(request));
    // Not before: a request that comes again, as while NATS is away, must not pass for one whose admission has been told.
    this.#parts.recent.set(invocation, { correlation: context.correlation, bodyHash: request.bodyHash, context });
    delivery.ack();
  }

  /** While the stream of work is full, the request waits here. @throws Fault */
  async #storeWork(delivery: Delivery, context: CallContext, headers: OutgoingHeaders): Promise<StoreOutcome> {
    for (;;) {
      try {
        return await this.#parts.publisher.store(subjects.work(context, context.invocation), delivery.data, headers);
      } catch (error) {
        const isFull = Fault.is(error) && error.code === 'exhausted';
        if (!isFull || this.#isStopping || Date.now() >= context.deadlineMs) throw error;
        delivery.renew();
        await delay(WORK_FULL_MS);
      }
    }
  }

  /** A server that was killed has forgotten which work was placed lately: then nobody is kept from placing it again. */
  #isAfterBreak(): boolean {
    return this.#parts.bus.life.hearsForMs(Date.now()) < LIMITS.workMsgIdMs;
  }

  /** The fault of a budget that has nothing left. @throws Fault when that cannot be known at the moment */
  async #count(parent: CallContext): Promise<Fault | undefined> {
    try {
      await this.#parts.counts.take(parent);
      return undefined;
    } catch (error) {
      const fault = Fault.from(error);
      if (fault.code === 'budget-exhausted') return fault;
      throw fault;
    }
  }

  /** A request that was set aside has no time left to wait: it is decided now, which ends it. Another replica may do so, too. */
  async onOverdue(sequence: number): Promise<void> {
    const { bus } = this.#parts;
    const stored = await readStoredAt(bus, STREAMS.requests.name, sequence);
    if (stored && isAside(stored.subject)) await this.#onStored(stored);
  }

  /** A request that is read where it is stored, and not delivered. Another replica may do so at the same time. */
  async #onStored(stored: StoredBody): Promise<void> {
    const { promise: removed, resolve, reject } = Promise.withResolvers<unknown>();
    const read = {
      ...stored,
      ...{ storedAt: `${stored.storedAtMs}000000`, deliveries: 2, unreadable: undefined },
      ...{ renew: () => {}, giveBack: () => resolve(undefined) },
      ack: () => void removeStored(this.#parts.bus, STREAMS.requests.name, stored.sequence).then(resolve, reject),
    };
    await this.#onRequest(asRequested(read));
    await removed;
  }
}

function storedAtMs({ storedAt }: Delivery): number {
  return Number(storedAt) / 1e6;
}

function waitedTooLong(maxWaitMs: number): Fault {
  const message = `There was no room for its work for ${maxWaitMs} ms, or a circuit was open. Nothing was begun.`;
  return new Fault('exhausted', message, { limit: 'wait', maxWaitMs });
}

function originOf({ delivery, bodyHash, redriveOf }: Request): RequestOrigin {
  return { request: sequenceOf(delivery), bodyHash, redriveOf };
}
