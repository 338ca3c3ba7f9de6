/**
 * Synchronous calls: decided, signed, and forwarded with the caller's reply subject, so that the host answers the
 * caller itself. Nothing is stored before the answer, except below durable work.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Bus,
  faultHeaders,
  headersOf,
  isInbox,
  type Msg,
  OutgoingHeaders,
  type Requester,
  readResult,
} from '@orchestrator/bus';
import {
  type Ask,
  type CallContext,
  type Cancellations,
  encodeDataRef,
  Fault,
  HEADERS,
  type HostReport,
  invocationIdFromParent,
  invocationIdFromStream,
  parseAsk,
  parseRequestHeaders,
  patterns,
  type RequestHeaders,
  randomInvocationId,
  readableAsk,
  subjects,
} from '@orchestrator/protocol';
import { type EndedCall, EndedCalls } from '../domain/ended-calls.js';
import { type Abandoned, ForwardedCalls, type LostInstance } from '../domain/forwarded-calls.js';
import { type Gate, type GateRequest, isOfInstalled } from './gate.js';
import type { History } from './history.js';
import type { StickyTrees } from './sticky-trees.js';
import type { TreeCounts } from './tree-counts.js';

const SWEEP_MS = 50;
const TABLE_FULL_MS = 500;
const STOP_WAIT_MS = 3_000;
const STOP_POLL_MS = 20;
/** By then callers are back, too, and listen. */
const BACK_MS = 3_000;

/** A call as far as it could be read. */
interface Call {
  readonly msg: Msg;
  readonly nowMs: number;
  readonly ask: Ask | undefined;
  readonly headers: RequestHeaders | undefined;
  readonly parent: CallContext | undefined;
  /** Empty before it has one. */
  readonly invocation: string;
}

type Reading = { -readonly [key in keyof Call]: Call[key] };

export interface SyncCallsParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly gate: Gate;
  readonly sticky: StickyTrees;
  readonly counts: TreeCounts;
  readonly history: History;
  /** Resolves with whether something was installed, or removed, that was not known here; by then it is. */
  readonly news: () => Promise<boolean>;
  /** Calls that are kept track of at once. */
  readonly maxForwarded: number;
}

export class SyncCalls {
  readonly #bus: Bus;
  readonly #requester: Requester;
  readonly #gate: Gate;
  readonly #counts: TreeCounts;
  readonly #history: History;
  readonly #sticky: StickyTrees;
  readonly #forwarded: ForwardedCalls;
  readonly #ended = new EndedCalls();
  readonly #news: () => Promise<boolean>;
  /** Calls of which it is being asked what their tree is bound to, or what is installed. */
  #asking = 0;
  #sweep: NodeJS.Timeout | undefined;
  #unsubscribe: (() => Promise<void>) | undefined;

  constructor({ bus, requester, gate, sticky, counts, history, news, maxForwarded }: SyncCallsParts) {
    this.#bus = bus;
    this.#requester = requester;
    this.#gate = gate;
    this.#sticky = sticky;
    this.#counts = counts;
    this.#history = history;
    this.#news = news;
    this.#forwarded = new ForwardedCalls(maxForwarded);
    bus.life.onBack(() => {
      const ended = this.#ended.takeAll();
      setTimeout(() => this.#answerOnceMore(ended, 'NATS was away when the call had ended'), BACK_MS).unref();
    });
  }

  start(): void {
    const calls = this.#bus.nc.subscribe(patterns.calls, {
      queue: 'choreographer',
      callback: (error, msg) => {
        if (!error) this.#onCall(msg);
      },
    });
    this.#sweep = setInterval(() => this.#giveUp(this.#forwarded.takeOverdue(Date.now())), SWEEP_MS);
    this.#unsubscribe = () => calls.drain();
  }

  /** Takes no more, and hears how those under way end, as long as that does not take too long: nobody else will. */
  async stop(): Promise<void> {
    await this.#unsubscribe?.();
    const giveUpAtMs = Date.now() + STOP_WAIT_MS;
    while (this.#forwarded.size + this.#asking > 0 && Date.now() < giveUpAtMs) await delay(STOP_POLL_MS);
    clearInterval(this.#sweep);
  }

  /** Calls that were forwarded from here and have not ended. */
  get underWay(): number {
    return this.#forwarded.size;
  }

  /** Takes in what a host says of a call that was forwarded from here. */
  onReport(plugin: string, report: HostReport): boolean {
    const call = this.#forwarded.find(plugin, report.invocation);
    if (!call) return false;
    const { attempt = 1, instance, startedAtMs, endedAtMs, fault, resultAt, step } = report;
    if (step) {
      this.#history.step(call.context, { ...report, step });
      return true;
    }
    if (endedAtMs === undefined) {
      call.instance = instance;
      call.startedAtMs = startedAtMs;
      this.#history.started(call.context, report);
    } else {
      this.#forwarded.remove(report.invocation);
      this.#ended.add(call, instance, Date.now());
      this.#gate.callEnded(call, fault?.code, endedAtMs - startedAtMs);
      if (call.context.depth === 1) this.#counts.ended(call.context);
      this.#history.ended(call.context, { attempt, startedAtMs, endedAtMs, instance, fault, resultAt });
    }
    return true;
  }

  /** Answers for instances that fell silent, and for calls that none seems to have got. */
  onLost(lost: readonly LostInstance[]): void {
    const nowMs = Date.now();
    this.#giveUp([...this.#forwarded.takeLost(lost, nowMs), ...this.#forwarded.takeUnreported(nowMs)]);
    this.#answerOnceMore(this.#ended.takeLost(lost), 'The instance went when it had ended the call');
  }

  /** Answers for what was cancelled, whether its host heeds it or not. */
  onCancelled(cancellations: Cancellations): void {
    this.#giveUp(this.#forwarded.takeCancelled(cancellations));
  }

  #onCall(msg: Msg): void {
    const call: Reading = {
      msg,
      nowMs: Date.now(),
      ask: undefined,
      headers: undefined,
      parent: undefined,
      invocation: '',
    };
    try {
      const ask = parseAsk(msg.subject, 'call');
      call.ask = ask;
      const sent = headersOf(msg);
      const headers = parseRequestHeaders(sent && ((name) => sent.get(name)));
      call.headers = headers;
      if (msg.reply && !isInbox(msg.reply)) {
        throw new Fault('permission-denied', 'The reply subject is not an inbox, and nothing is answered elsewhere.');
      }
      const parent = this.#gate.parentOf(headers);
      call.parent = parent;
      const named = invocationOf(ask, headers, parent);
      if (this.#forwarded.has(named)) throw underWay(named);
      call.invocation = named;
      this.#admit(call, ask, headers);
    } catch (error) {
      const fault = Fault.from(error);
      const { ask, headers } = call;
      if (ask && headers && isOfInstalled(fault)) void this.#admitIfNews(call, ask, headers, fault);
      else this.#refuse(call, fault);
    }
  }

  /** It is refused, unless something has been installed of which this replica had not heard. */
  async #admitIfNews(call: Call, ask: Ask, headers: RequestHeaders, fault: Fault): Promise<void> {
    this.#asking++;
    try {
      if (!(await this.#news())) this.#refuse(call, fault);
      else if (this.#forwarded.has(call.invocation))
        this.#refuse({ ...call, invocation: '' }, underWay(call.invocation));
      else this.#admitAgain(call, ask, headers);
    } finally {
      this.#asking--;
    }
  }

  #refuse({ msg, nowMs, ask, headers, parent, invocation }: Call, fault: Fault): void {
    const refused = {
      ask: ask ?? readableAsk(msg.subject, 'call'),
      mode: 'sync',
      invocation: invocation || randomInvocationId(),
      parent,
      fault,
      nowMs,
    } as const;
    const { correlation } = this.#history.refused({ ...refused, headers });
    answer(this.#bus, msg.reply, refused.invocation, correlation, fault);
  }

  /** @param bound the version that its tree is bound to, where that was asked for. @throws Fault when it may not happen */
  #admit(call: Call, ask: Ask, headers: RequestHeaders, bound?: string): void {
    if (this.#forwarded.isFull) throw tooMany();
    const { msg, invocation, parent, nowMs } = call;
    const request = { ask, mode: 'sync', invocation, headers, parent, nowMs, bodyBytes: msg.data.length } as const;
    const isSticky = this.#sticky.isSticky(request);
    const known = isSticky ? (bound ?? this.#sticky.known(request)) : undefined;
    const admission = this.#gate.decide({ ...request, bound: known });
    const isUnbound = isSticky && known === undefined;
    if (!admission.ok) {
      if (!isUnbound) throw admission.fault;
      void this.#admitIfBound(call, request, admission.fault);
      return;
    }
    const { context, token, slot } = admission;
    this.#forwarded.add({ context, reply: msg.reply, slot });
    if (!isUnbound) this.#count(call, context, token);
    else
      this.#bind(call, request, context, token).catch((error) => {
        if (this.#takeBack(invocation)) this.#refuse(call, Fault.from(error));
      });
  }

  /** Settles which version the tree is bound to. Where that is another one than was chosen, all is decided again. @throws Fault */
  async #bind(call: Call, { ask, headers }: GateRequest, context: CallContext, token: string): Promise<void> {
    const { invocation } = call;
    const bound = await this.#sticky.bind(context);
    if (!this.#forwarded.has(invocation)) return; // it was given up meanwhile, and answered
    if (bound === context.version) return this.#count(call, context, token);
    this.#takeBack(invocation);
    const { correlation } = context;
    this.#admitAgain(call, ask, { ...headers, correlation }, bound);
  }

  /** It is refused, unless its tree is bound to a version that this replica has not heard of. */
  async #admitIfBound(call: Call, request: GateRequest, fault: Fault): Promise<void> {
    this.#asking++;
    try {
      const bound = await this.#sticky.boundInstead(request, fault);
      if (bound === undefined) this.#refuse(call, fault);
      else if (this.#forwarded.has(call.invocation))
        this.#refuse({ ...call, invocation: '' }, underWay(call.invocation));
      else this.#admitAgain(call, request.ask, request.headers, bound);
    } catch (error) {
      this.#refuse(call, Fault.from(error));
    } finally {
      this.#asking--;
    }
  }

  #admitAgain(call: Call, ask: Ask, headers: RequestHeaders, bound?: string): void {
    try {
      this.#admit({ ...call, nowMs: Date.now() }, ask, headers, bound);
    } catch (error) {
      this.#refuse(call, Fault.from(error));
    }
  }

  #count(call: Call, context: CallContext, token: string): void {
    const { invocation, parent } = call;
    const counted = parent && this.#mayCall(parent);
    if (!counted) this.#place(call, context, token);
    counted?.then(
      // What was given up meanwhile has been answered.
      () => this.#forwarded.has(invocation) && this.#place(call, context, token),
      (error) => this.#takeBack(invocation) && this.#refuse(call, Fault.from(error)),
    );
  }

  /** Undefined when the answer is known at once. @throws Fault, by the promise, when it may call nothing more */
  #mayCall(parent: CallContext): Promise<unknown> | undefined {
    const counted = this.#counts.take(parent);
    return parent.mode === 'durable' ? Promise.all([counted, this.#checkNotEnded(parent)]) : counted;
  }

  /** An attempt of durable work that goes on when there is a result already has been superseded. */
  async #checkNotEnded(parent: CallContext): Promise<void> {
    if (!(await readResult(this.#requester, parent))) return;
    throw new Fault(
      'cancelled',
      'The calling invocation has its result already: whoever still works on it is too late.',
    );
  }

  #place({ msg, headers }: Call, context: CallContext, token: string): void {
    if (!context.durableTree) {
      this.#history.admitted(context, headers);
      this.#forward(msg, headers, context, token);
      return;
    }
    this.#history.admittedStored(context, headers).then(
      () => this.#forwarded.has(context.invocation) && this.#forward(msg, headers, context, token),
      (error) => {
        this.#takeBack(context.invocation);
        answer(this.#bus, msg.reply, context.invocation, context.correlation, Fault.from(error, 'unavailable'));
      },
    );
  }

  /** It is not handed on after all. Answers whether it was still there. */
  #takeBack(invocation: string): boolean {
    const call = this.#forwarded.get(invocation);
    if (call) this.#gate.callEnded(call, 'cancelled', undefined);
    return this.#forwarded.remove(invocation);
  }

  #forward(msg: Msg, sent: RequestHeaders | undefined, context: CallContext, token: string): void {
    const headers = new OutgoingHeaders().add(HEADERS.context, token);
    if (sent?.dataRef) headers.add(HEADERS.dataRef, encodeDataRef(sent.dataRef));
    this.#bus.outbox.send(subjects.exec(context), msg.data, { headers, reply: msg.reply });
  }

  /** Who has its answer drops a second one; who has not would wait until its deadline. */
  #answerOnceMore(ended: readonly EndedCall[], why: string): void {
    if (this.#bus.nc.isClosed()) return;
    const fault = new Fault('unavailable', `${why}: its answer may be lost.`);
    for (const { reply, invocation, correlation } of ended) answer(this.#bus, reply, invocation, correlation, fault);
  }

  #giveUp(abandoned: readonly Abandoned[]): void {
    for (const { call, fault } of abandoned) {
      const { context, reply, instance, startedAtMs } = call;
      this.#gate.callEnded(call, fault.code, startedAtMs === undefined ? undefined : Date.now() - startedAtMs);
      const attempt = startedAtMs === undefined ? 0 : 1;
      this.#history.ended(context, { attempt, startedAtMs, endedAtMs: Date.now(), instance, fault: fault.toJSON() });
      answer(this.#bus, reply, context.invocation, context.correlation, fault);
    }
  }
}

function underWay(invocation: string): Fault {
  return new Fault('invalid-argument', 'A call with this key, or this name of a stream, is under way.', { invocation });
}

function tooMany(): Fault {
  return new Fault('exhausted', 'Too many calls are under way at the moment.', { retryAfterMs: TABLE_FULL_MS });
}

/** Random, unless its caller is to know it: the same call is not made again. */
function invocationOf({ caller, plugin, capability }: Ask, headers: RequestHeaders, parent: CallContext | undefined) {
  const { key, stream } = headers;
  if (parent && key !== undefined) return invocationIdFromParent(parent.invocation, plugin, capability, key);
  if (!parent && stream !== undefined) return invocationIdFromStream(caller, plugin, capability, stream);
  return randomInvocationId();
}

/** Answers only on an inbox: elsewhere, a caller would make the choreographer publish what it may not itself. */
function answer(bus: Bus, reply: string | undefined, invocation: string, correlation: string, fault: Fault): void {
  if (!reply || !isInbox(reply)) return;
  const ids = new OutgoingHeaders().add(HEADERS.id, invocation).add(HEADERS.correlationId, correlation);
  bus.outbox.send(reply, JSON.stringify(fault), { headers: faultHeaders(fault, ids) });
}
