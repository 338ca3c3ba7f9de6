/** Asking for capabilities: what the CLI, the demo and the plugin SDK share. */
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import {
  type Body,
  type CallLimits,
  type CapabilityRef,
  type DataRef,
  encodeDataRef,
  Fault,
  formatCallLimits,
  HEADERS,
  hashOfBody,
  inlineLimit,
  invocationIdFromKey,
  invocationIdFromParent,
  LIMITS,
  parseRequestHeaders,
  randomInvocationId,
  subjects,
} from '@orchestrator/protocol';
import { type Answer, bodyOf, parseJson, readAnswer } from './answers.js';
import type { Bus } from './connection.js';
import { ObjectStore } from './object-store.js';
import { Requester } from './requester.js';
import { ResultWaiter } from './results.js';
import { StoredPublisher } from './stored-publisher.js';

export interface CallOptions {
  /** The semver range of the plugin that is acceptable. @default any */
  readonly range?: string | undefined;
  /**
   * How long it may take. @default the capability's own deadline; a synchronous root call is not waited for longer than the
   * default of the protocol, 30 s: for a capability that may take longer, say how long
   */
  readonly timeoutMs?: number | undefined;
  /** How often a durable call may be tried: fewer times than the capability's own policy allows. */
  readonly maxAttempts?: number | undefined;
  /** The idempotency key. @default a random one, or the ordinal of a nested call */
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to go on trying until a durable request is stored, while NATS is away or its stream is full; it is stored under
   * one key however often it is sent. @default once, for 5 s; below another invocation, until that one's deadline
   */
  readonly storeWithinMs?: number | undefined;
  /** Narrower bounds for what is called, and all below it. */
  readonly limits?: CallLimits | undefined;
  /** The invocation on whose behalf a plugin calls. */
  readonly parent?: CallingInvocation | undefined;
}

interface CallingInvocation {
  readonly invocation: string;
  readonly token: string;
  /** Unix time: no call below it goes on after that. */
  readonly deadlineMs: number;
}

/** How a call ended, with what finds it again in history. */
export interface CallOutcome {
  readonly result: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: Fault };
  readonly invocation: string | undefined;
  readonly correlation: string | undefined;
}

/** A stored request: its result can be awaited here, or by anybody who knows the id. */
export interface RequestHandle {
  readonly invocation: string;
  /** Sequence of the request event in its stream. */
  readonly sequence: number;
  outcome(signal?: AbortSignal): Promise<CallOutcome>;
}

const NOTHING = new Uint8Array();

/** The choreographer answers at the deadline; a caller waits this much longer, so that the typed answer wins. */
const GRACE_MS = 500;

interface CallClientOptions {
  /** How long to wait for the answer to a call that says nothing of it. @default the default deadline of synchronous calls */
  readonly defaultTimeoutMs?: number;
}

export class CallClient {
  readonly requester: Requester;
  readonly objects: ObjectStore;
  readonly #caller: string;
  readonly #defaultTimeoutMs: number;
  readonly #publisher: StoredPublisher;
  readonly #results: ResultWaiter;

  constructor(bus: Bus, caller: string, options: CallClientOptions = {}) {
    this.#caller = caller;
    this.#defaultTimeoutMs = options.defaultTimeoutMs ?? LIMITS.syncDeadlineMs;
    this.requester = new Requester(bus);
    this.#publisher = new StoredPublisher(bus);
    this.#results = new ResultWaiter(bus, this.requester);
    this.objects = new ObjectStore(this.requester, this.#publisher);
  }

  /** Calls and waits for the answer. Throws only when no call could be made at all. @throws Fault */
  async call(ref: CapabilityRef, args: unknown, options: CallOptions = {}): Promise<CallOutcome> {
    const { data, dataRef } = await this.handOver(args, options.signal);
    const answer = await this.requester.request(subjects.call({ caller: this.#caller, ...ref }), data, {
      headers: headersFor(options, options.key, dataRef),
      timeoutMs: this.#timeoutOf(options) + GRACE_MS,
      signal: options.signal,
    });
    return this.#outcomeOf(answer, options.signal);
  }

  /** Below another invocation its deadline is known, and the capability may have a longer one than the default. */
  #timeoutOf({ timeoutMs, parent }: CallOptions): number {
    return timeoutMs ?? (parent ? Math.max(0, parent.deadlineMs - Date.now()) : this.#defaultTimeoutMs);
  }

  /** Stores a request event; resolves when NATS has acknowledged it. @throws Fault */
  async request(ref: CapabilityRef, args: unknown, options: CallOptions = {}): Promise<RequestHandle> {
    const ask = { caller: this.#caller, ...ref };
    const key = options.key === undefined ? randomInvocationId() : checkedKey(options.key);
    const invocation = options.parent
      ? invocationIdFromParent(options.parent.invocation, ref.plugin, ref.capability, key)
      : invocationIdFromKey(ask.caller, ref.plugin, ref.capability, key);
    const address = { caller: ask.caller, plugin: ref.plugin, invocation };
    const body = await this.handOver(args, options.signal);
    const sent = headersFor(options, key, body.dataRef);
    parseRequestHeaders(sent && ((name) => sent.get(name))); // the refusal of a malformed one could not be awaited
    const hint = this.#results.expect(address);
    const storeWithinMs = options.storeWithinMs ?? (options.parent ? options.parent.deadlineMs - Date.now() : 0);
    const store = () => this.#publisher.store(subjects.request(ask), body.data, sent);
    const storing = this.#publisher.keepTrying(Date.now() + storeWithinMs, store, options.signal);
    const stored = await storing.catch((error) => {
      this.#results.forget(address);
      throw error;
    });
    const hash = hashOfBody(body);
    return {
      invocation,
      sequence: stored.stored ? stored.sequence : 0,
      outcome: async (signal) => {
        const answer = await this.#results.wait(address, hint, signal ?? options.signal);
        const answeredHash = answer.headers?.get(HEADERS.bodyHash);
        if (!answeredHash || answeredHash === hash) return this.#outcomeOf(answer, signal ?? options.signal);
        const fault = new Fault('invalid-argument', 'This key was used before, with other arguments.', { invocation });
        return { ...foundBy(answer), result: { ok: false, fault } };
      },
    };
  }

  /** The arguments as they travel: in the message, or in the object store. @throws Fault */
  async handOver(args: unknown, signal?: AbortSignal): Promise<Body> {
    const text = toJson(args ?? {});
    const isInline = Buffer.byteLength(text) <= inlineLimit(this.#publisher.maxBytes);
    if (isInline) return { data: Buffer.from(text) };
    return { data: NOTHING, dataRef: await this.objects.put(text, 'arguments', signal) };
  }

  async #outcomeOf(answer: Answer, signal: AbortSignal | undefined): Promise<CallOutcome> {
    const found = foundBy(answer);
    try {
      const dataRef = answer.headers?.get(HEADERS.fault) ? undefined : bodyOf(answer).dataRef;
      const value = dataRef ? parseJson(await this.objects.get(dataRef, 'result', signal)) : readAnswer(answer);
      return { result: { ok: true, value }, ...found };
    } catch (error) {
      return { result: { ok: false, fault: Fault.from(error) }, ...found };
    }
  }
}

/** NATS trims header values: the key as it arrives is what ids are derived from. @throws Fault when nothing is left of it */
function checkedKey(key: string): string {
  const trimmed = key.trim();
  if (trimmed === '') throw new Fault('invalid-argument', 'The key is empty.', { header: HEADERS.id });
  return trimmed;
}

function toJson(args: unknown): string {
  let body: string | undefined;
  try {
    body = JSON.stringify(args);
  } catch (error) {
    throw new Fault('invalid-argument', 'The arguments cannot be written as JSON.', undefined, { cause: error });
  }
  if (body === undefined) throw new Fault('invalid-argument', 'The arguments cannot be written as JSON.');
  return body;
}

/** Undefined when there is nothing to say: a message without headers costs least. @throws Fault `invalid-argument` */
function headersFor(options: CallOptions, key: string | undefined, dataRef?: DataRef): MsgHdrs | undefined {
  try {
    return encodeHeaders(options, key, dataRef);
  } catch (error) {
    throw Fault.from(error, 'invalid-argument'); // a line end in a value, or a time that no calendar has
  }
}

function encodeHeaders(
  options: CallOptions,
  key: string | undefined,
  dataRef: DataRef | undefined,
): MsgHdrs | undefined {
  const { parent, range, timeoutMs, maxAttempts } = options;
  const limits = options.limits && formatCallLimits(options.limits);
  const said = [key, parent, range, timeoutMs, maxAttempts, limits || undefined, dataRef];
  if (said.every((one) => one === undefined)) return undefined;
  const result = headers();
  if (key !== undefined) result.set(HEADERS.id, key);
  if (parent) result.set(HEADERS.context, parent.token);
  if (range !== undefined) result.set(HEADERS.version, range);
  if (dataRef) result.set(HEADERS.dataRef, encodeDataRef(dataRef));
  if (limits) result.set(HEADERS.limits, limits);
  if (maxAttempts !== undefined) result.set(HEADERS.attempts, String(maxAttempts));
  if (timeoutMs !== undefined) result.set(HEADERS.expiryTime, new Date(Date.now() + timeoutMs).toISOString());
  return result;
}

function foundBy({ headers: sent }: Answer): Pick<CallOutcome, 'invocation' | 'correlation'> {
  return { invocation: sent?.get(HEADERS.id) || undefined, correlation: sent?.get(HEADERS.correlationId) || undefined };
}
