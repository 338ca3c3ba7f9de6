import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { Agent } from '@orchestrator/agent';
import { type CallContext, Fault } from '@orchestrator/protocol';
import type { AgentOptions } from './agent/agent-options.js';
import type { Deadline } from './deadline.js';
import type { Journal } from './journal.js';
import type { NestedCallOptions, NestedCalls, RequestedCall, StreamedCall } from './nested-calls.js';
import type { OutputStream } from './output-stream.js';

/** What something outside has cost: a model call, as a rule. */
export interface Spent {
  readonly tokens?: number;
  /** In USD; counted in millionths, rounded up. */
  readonly usd?: number;
}

/** What the host supplies; everything else of a context is derived. */
export interface InvocationSource {
  readonly context: CallContext;
  readonly token: string;
  readonly attempt: number;
  readonly deadline: Deadline;
  readonly client: NestedCalls;
  readonly publishProgress: (percent: number, message: string | undefined) => void;
  readonly reportSpending: (spent: Spent) => Promise<void>;
  readonly openJournal: (signal: AbortSignal) => Journal;
  readonly openAgent: (invocation: InvocationContext, options: AgentOptions) => Promise<Agent>;
  /** Undefined where the capability does not stream. */
  readonly output: OutputStream | undefined;
}

const storage = new AsyncLocalStorage<InvocationContext>();

/** The invocation that a capability is working on: who asked, until when, and the way to ask others in its name. */
export class InvocationContext implements NestedCalls {
  readonly invocation: string;
  /** The same for every invocation of the tree. */
  readonly correlation: string;
  /** 1 for a root. */
  readonly depth: number;
  /** 1 at first; higher when an earlier attempt was lost with its process. */
  readonly attempt: number;
  /** Who called: a plugin, or the name that an outside caller gave itself. */
  readonly caller: string;
  /** Who started the tree. */
  readonly onBehalfOf: string;
  readonly deadline: Date;
  readonly #source: InvocationSource;
  #logger: Logger | undefined;
  #journal: Journal | undefined;
  #calls = 0;
  readonly #names = new Set<string>();

  constructor(source: InvocationSource) {
    const { context } = source;
    this.#source = source;
    this.invocation = context.invocation;
    this.correlation = context.correlation;
    this.depth = context.depth;
    this.attempt = source.attempt;
    this.caller = context.caller;
    this.onBehalfOf = context.onBehalfOf;
    this.deadline = new Date(context.deadlineMs);
  }

  /** Aborts at the deadline; its reason is the fault. Pass it on to whatever can be aborted. */
  get signal(): AbortSignal {
    return this.#source.deadline.signal;
  }

  /** Lines are prefixed with capability and invocation. */
  get logger(): Logger {
    const { plugin, capability, invocation } = this.#source.context;
    this.#logger ??= new Logger(`${plugin}.${capability} ${invocation}`);
    return this.#logger;
  }

  /** The invocation that the running code belongs to; undefined outside of any. */
  static current(): InvocationContext | undefined {
    return storage.getStore();
  }

  /** Runs `work` as part of this invocation, wherever it is called from: for callbacks that have lost their context. */
  run<T>(work: () => T): T {
    return storage.run(this, work);
  }

  /** Signed by the choreographer; a plugin sends it back unread. */
  get token(): string {
    return this.#source.token;
  }

  /** Calls another capability in this invocation's name. See `CapabilityClient.call`. */
  call<Output = unknown>(capability: string, args: object, options?: NestedCallOptions): Promise<Output> {
    return this.run(() => this.#source.client.call<Output>(capability, args, options));
  }

  /** Requests another capability durably in this invocation's name. See `CapabilityClient.request`. */
  request<Output = unknown>(
    capability: string,
    args: object,
    options?: NestedCallOptions,
  ): Promise<RequestedCall<Output>> {
    return this.run(() => this.#source.client.request<Output>(capability, args, options));
  }

  /** Calls another capability, and follows what it streams. See `CapabilityClient.stream`. */
  stream<Output = unknown>(capability: string, args: object, options?: NestedCallOptions): StreamedCall<Output> {
    return this.run(() => this.#source.client.stream<Output>(capability, args, options));
  }

  /**
   * Sends a chunk of output to whoever reads it, now or later: any JSON value of at most 256 KiB. Resolves when it is stored,
   * which waits for a reader that is too far behind; await it before the next. When a chunk cannot be stored, the run ends in that fault.
   * @throws Fault `unimplemented` where the capability does not declare `streaming`, `exhausted` beyond a limit, the deadline's or the cancellation's
   */
  emit(value: unknown): Promise<void> {
    const { output, context } = this.#source;
    if (output) return output.emit(value);
    throw new Fault('unimplemented', `${context.plugin}.${context.capability} does not declare that it streams.`);
  }

  /**
   * Does a part of the work once: what it answered is kept, and an attempt that comes after a crash or a fault is given that
   * instead of doing it again. A step that is cut short is done again. Of a synchronous call nothing is kept.
   * @param name `[a-z0-9-]`, of this step alone in the run, and the same in each attempt
   * @param title for people who look at the call tree; null keeps the step out of it. @default the name
   * @returns what the work answered, as JSON has it
   * @throws Fault `invalid-argument` for such a name twice, `failed` for an answer that JSON cannot hold, and the work's own
   */
  step<T>(name: string, work: () => T | Promise<T>, title: string | null = name): Promise<T> {
    this.#journal ??= this.#source.openJournal(this.signal);
    return this.#journal.once(name, title, work);
  }

  /** Tells whoever follows how far it has come. @param percent 0 to 100 */
  progress(percent: number, message?: string): void {
    this.#source.publishProgress(Math.min(100, Math.max(0, percent)), message);
  }

  /**
   * An agent that works for this invocation: a language model, with capabilities as its tools. What it calls is called in
   * the invocation's name, what it uses is spent here, and it ends when the invocation does.
   * @throws Fault `unavailable` where no model is configured; `not-found` for a tool that is not installed
   */
  agent(options: AgentOptions = {}): Promise<Agent> {
    return this.#source.openAgent(this, options);
  }

  /**
   * Reports what this invocation has spent, to be counted in the budgets of its call tree. Await it before spending more.
   * With nothing to report it asks whether anything is left.
   * @throws Fault `budget-exhausted` when a budget was spent before; what is reported counts all the same
   */
  spend(spent: Spent): Promise<void> {
    return this.#source.reportSpending(spent);
  }

  /** Numbers the calls that it makes, so that a repeated run gives them the same ids. */
  nextOrdinal(): number {
    return this.#calls++;
  }

  /** Answers whether no synchronous call of this run has had that name before. */
  takeName(name: string): boolean {
    if (this.#names.has(name)) return false;
    this.#names.add(name);
    return true;
  }
}
