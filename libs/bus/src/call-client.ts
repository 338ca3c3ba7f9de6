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
  invocationIdFromStream,
  LIMITS,
  parseRequestHeaders,
  type ResultAddress,
  randomId,
  randomInvocationId,
  subjects,
} from '@orchestrator/protocol';
import { type Answer, bodyOf, parseJson, readAnswer } from './answers.js';
import type { Bus } from './connection.js';
import { type CallOutcome, followInvocation, type InvocationHandle } from './invocation-handle.js';
import { ObjectStore } from './object-store.js';
import { Requester } from './requester.js';
import { type ExpectedResult, ResultWaiter } from './results.js';
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
   * How long to wait for what is away, instead of ending in `unavailable`: a call for somebody who takes it; a durable request
   * until it is stored, under one key however often it is sent. @default a call not at all, a request 5 s; below another
   * invocation, a request until that one's deadline
   */
  readonly waitMs?: number | undefined;
  /** Narrower bounds for what is called, and all below it. */
  readonly limits?: CallLimits | undefined;
  /** The whole call tree uses one version of each plugin. Below an invocation it counts for nothing: the root's caller has said. */
  readonly sticky?: boolean | undefined;
  /** The invocation on whose behalf a plugin calls. */
  readonly parent?: CallingInvocation | undefined;
}

interface CallingInvocation {
  readonly invocation: string;
  readonly token: string;
  /** Unix time: no call below it goes on after that. */
  readonly deadlineMs: number;
}

/** A stored request: its result can be awaited here, or by anybody who knows the id. */
export interface RequestHandle extends InvocationHandle {
  /** Sequence of the request event in its stream. */
  readonly sequence: number;
}

const NOTHING = new Uint8Array();
/** How long a result is tried to be fetched that lies in the object store. */
const FETCH_MS = 30_000;

/** The choreographer answers at the deadline; a caller waits this much longer, so that the typed answer wins. */
const GRACE_MS = 500;

interface CallClientOptions {
  /** How long to wait for the answer to a call that says nothing of it. @default the default deadline of synchronous calls */
  readonly defaultTimeoutMs?: number;
}

export class CallClient {
  readonly requester: Requester;
  readonly objects: ObjectStore;
  readonly #bus: Bus;
  readonly #caller: string;
  readonly #defaultTimeoutMs: number;
  readonly #publisher: StoredPublisher;
  readonly #results: ResultWaiter;

  constructor(bus: Bus, caller: string, options: CallClientOptions = {}) {
    this.#bus = bus;
    this.#caller = caller;
    this.#defaultTimeoutMs = options.defaultTimeoutMs ?? LIMITS.syncDeadlineMs;
    this.requester = new Requester(bus);
    this.#publisher = new StoredPublisher(bus);
    this.#results = new ResultWaiter(bus, this.requester);
    this.objects = new ObjectStore(this.requester, this.#publisher);
  }

  /** Calls and waits for the answer. Throws only when no call could be made at all. @throws Fault */
  async call(ref: CapabilityRef, args: unknown, options: CallOptions = {}): Promise<CallOutcome> {
    return this.#outcomeOf(await this.#call(ref, args, options), options.signal);
  }

  /** Calls, and follows the call while it runs: for a capability that streams its output. */
  stream(ref: CapabilityRef, args: unknown, options: CallOptions = {}): InvocationHandle {
    const { plugin, capability } = ref;
    const { parent, key = randomId() } = options;
    const stream = parent ? undefined : randomId();
    const invocation =
      stream === undefined
        ? invocationIdFromParent(parent?.invocation ?? '', plugin, capability, key)
        : invocationIdFromStream(this.#caller, plugin, capability, stream);
    const address = { caller: this.#caller, plugin, invocation };
    // The host hears that there is a reader before it begins.
    this.#bus.nc.publish(subjects.read(address), JSON.stringify({ acknowledged: 0 }));
    const answer = this.#call(ref, args, parent ? { ...options, key } : options, stream);
    answer.catch(() => {}); // whoever asks for the outcome hears of it
    const outcomeOf = (is: Answer, signal = options.signal) => this.#outcomeOf(is, signal);
    return followInvocation({ bus: this.#bus, address, answer: () => answer, outcomeOf });
  }

  /** Follows a durable invocation that somebody else has asked for, or this caller before it was started again. */
  attach(address: ResultAddress): InvocationHandle {
    const answer = (signal: AbortSignal | undefined) => this.#results.wait(address, undefined, signal);
    const outcomeOf = (is: Answer, signal: AbortSignal | undefined) => this.#outcomeOf(is, signal);
    return followInvocation({ bus: this.#bus, address, answer, outcomeOf });
  }

  /** @param stream names the output of a root call */
  async #call(ref: CapabilityRef, args: unknown, options: CallOptions, stream?: string): Promise<Answer> {
    const { data, dataRef } = await this.handOver(args, options);
    const giveUpAtMs = Date.now() + this.#timeoutOf(options) + GRACE_MS;
    const headers = headersFor(options, { key: options.key, dataRef, stream });
    const call = () =>
      this.requester.request(subjects.call({ caller: this.#caller, ...ref }), data, {
        headers,
        timeoutMs: giveUpAtMs - Date.now(),
        signal: options.signal,
      });
    // What nobody has taken, as NATS itself says, can be sent again: it has not run.
    const waitUntilMs = Math.min(Date.now() + (options.waitMs ?? 0), giveUpAtMs);
    return this.#publisher.keepTrying(waitUntilMs, call, options.signal);
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
    const waitMs = options.waitMs ?? (options.parent ? options.parent.deadlineMs - Date.now() : 0);
    const body = await this.handOver(args, { waitMs, signal: options.signal });
    const sent = headersFor(options, { key, dataRef: body.dataRef });
    parseRequestHeaders(sent && ((name) => sent.get(name))); // the refusal of a malformed one could not be awaited
    const expected = this.#results.expect(address);
    const subject = options.parent ? subjects.nested(ask) : subjects.request(ask);
    const store = () => this.#publisher.store(subject, body.data, sent);
    const storing = this.#publisher.keepTrying(Date.now() + waitMs, store, options.signal);
    const stored = await storing.catch((error) => {
      expected.forget();
      throw error;
    });
    const hash = hashOfBody(body);
    let caught: ExpectedResult | undefined = expected;
    const handle = followInvocation({
      bus: this.#bus,
      address,
      answer: (signal) => {
        const first = caught; // it is forgotten when the first wait ends, however that does
        caught = undefined;
        return this.#results.wait(address, first, signal ?? options.signal);
      },
      outcomeOf: async (answer, signal) => {
        const answeredHash = answer.headers?.get(HEADERS.bodyHash);
        if (!answeredHash || answeredHash === hash) return this.#outcomeOf(answer, signal ?? options.signal);
        const fault = new Fault('invalid-argument', 'This key was used before, with other arguments.', { invocation });
        return { ...foundBy(answer), result: { ok: false, fault } };
      },
    });
    return { ...handle, sequence: stored.stored ? stored.sequence : 0 };
  }

  /** The arguments as they travel: in the message, or in the object store. @throws Fault */
  async handOver(args: unknown, { waitMs = 0, signal }: Pick<CallOptions, 'waitMs' | 'signal'> = {}): Promise<Body> {
    const text = toJson(args ?? {});
    const isInline = Buffer.byteLength(text) <= inlineLimit(this.#publisher.maxBytes);
    if (isInline) return { data: Buffer.from(text) };
    const put = () => this.objects.put(text, 'arguments', signal);
    return { data: NOTHING, dataRef: await this.#publisher.keepTrying(Date.now() + waitMs, put, signal) };
  }

  /** NATS may be away for a while: the result is there. */
  #fetch(dataRef: DataRef, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const get = () => this.objects.get(dataRef, 'result', signal);
    return this.#publisher.keepTrying(Date.now() + FETCH_MS, get, signal);
  }

  async #outcomeOf(answer: Answer, signal: AbortSignal | undefined): Promise<CallOutcome> {
    const found = foundBy(answer);
    try {
      const dataRef = answer.headers?.get(HEADERS.fault) ? undefined : bodyOf(answer).dataRef;
      const value = dataRef ? parseJson(await this.#fetch(dataRef, signal)) : readAnswer(answer);
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

/** What one call says besides its options. */
interface OwnHeaders {
  readonly key: string | undefined;
  readonly dataRef: DataRef | undefined;
  readonly stream?: string | undefined;
}

/** Undefined when there is nothing to say: a message without headers costs least. @throws Fault `invalid-argument` */
function headersFor(options: CallOptions, own: OwnHeaders): MsgHdrs | undefined {
  try {
    return encodeHeaders(options, own);
  } catch (error) {
    throw Fault.from(error, 'invalid-argument'); // a line end in a value, or a time that no calendar has
  }
}

function encodeHeaders(options: CallOptions, { key, dataRef, stream }: OwnHeaders): MsgHdrs | undefined {
  const { parent, range, timeoutMs, maxAttempts } = options;
  const limits = options.limits && formatCallLimits(options.limits);
  const sticky = options.sticky || undefined;
  const said = [key, parent, range, timeoutMs, maxAttempts, limits || undefined, sticky, dataRef, stream];
  if (said.every((one) => one === undefined)) return undefined;
  const result = headers();
  if (key !== undefined) result.set(HEADERS.id, key);
  if (stream !== undefined) result.set(HEADERS.stream, stream);
  if (parent) result.set(HEADERS.context, parent.token);
  if (range !== undefined) result.set(HEADERS.version, range);
  if (dataRef) result.set(HEADERS.dataRef, encodeDataRef(dataRef));
  if (limits) result.set(HEADERS.limits, limits);
  if (sticky) result.set(HEADERS.sticky, 'true');
  if (maxAttempts !== undefined) result.set(HEADERS.attempts, String(maxAttempts));
  if (timeoutMs !== undefined) result.set(HEADERS.expiryTime, new Date(Date.now() + timeoutMs).toISOString());
  return result;
}

function foundBy({ headers: sent }: Answer): Pick<CallOutcome, 'invocation' | 'correlation'> {
  return { invocation: sent?.get(HEADERS.id) || undefined, correlation: sent?.get(HEADERS.correlationId) || undefined };
}
