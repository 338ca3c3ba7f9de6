/** What is found when all is quiet: in the streams, in the history, in the effect log, and in the caller's own log. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type Bus, Requester, readPlugins, readTree } from '@orchestrator/bus';
import {
  type CallTree,
  decodeFrame,
  decodeRun,
  Fault,
  flattenTree,
  HEADERS,
  type InvocationNode,
  parseWork,
  STREAMS,
  workConsumer,
} from '@orchestrator/protocol';
import type { Effect } from '@orchestrator/testing';
import type { SentEntry } from './sent-log.js';

/** What is stored as the result of an invocation. */
export interface StoredResult {
  readonly invocation: string;
  readonly caller: string;
  readonly plugin: string;
  /** The code of the fault that it is; undefined for success. */
  readonly fault: string | undefined;
  readonly message: string | undefined;
  readonly correlation: string;
  /** Of the run that it is of; 0 when a choreographer ended it. */
  readonly attempt: number;
}

interface DeadLetter {
  readonly invocation: string;
  readonly fault: string;
}

export interface Evidence {
  readonly sent: readonly SentEntry[];
  readonly effects: readonly Effect[];
  readonly results: ReadonlyMap<string, StoredResult>;
  readonly dead: ReadonlyMap<string, DeadLetter>;
  /** Messages that were once in the stream of results and are no longer there. */
  readonly removedResults: number;
  /** By invocation: the history of every tree with durable work in it. */
  readonly history: ReadonlyMap<string, InvocationNode>;
  /** Invocations whose admission or refusal is in the stream of events, whatever the services tell of it. */
  readonly recorded: ReadonlySet<string>;
  /** By the sequence of the request. */
  readonly byRequest: ReadonlyMap<number, InvocationNode>;
  /** Why the history did not tell, where it did not. */
  readonly unanswered: readonly string[];
  /** Messages that still wait. */
  readonly waiting: { readonly requests: number; readonly work: number };
  /** What the consumers of work that still waits say of it. */
  readonly held: readonly string[];
  /** `plugin.capability` of those whose manifest says that they must not run twice. */
  readonly notIdempotent: ReadonlySet<string>;
}

/** The name of the consumer that should get this work, and a colon. */
function consumerOf(subject: string): string {
  const { plugin, version, capability } = parseWork(subject);
  return `${workConsumer({ plugin, version, capability }).name}:`;
}

const QUERIES_AT_ONCE = 16;
const NEVER_ENDED = new Set(['admitted', 'running']);

export class EvidenceReader {
  readonly #bus: Bus;
  readonly #requester: Requester;
  /** Trees in which nothing can change any more, by correlation. */
  readonly #settled = new Map<string, CallTree>();
  readonly #unanswered = new Set<string>();

  /**
   * @param bus of a user that may read streams
   * @param asking of a user that may ask the services
   */
  constructor(bus: Bus, asking: Bus) {
    this.#bus = bus;
    this.#requester = new Requester(asking);
  }

  async read(sent: readonly SentEntry[], effects: readonly Effect[]): Promise<Evidence> {
    this.#unanswered.clear();
    const results = new Map<string, StoredResult>();
    await this.#each(STREAMS.results.name, (subject, header, body) => {
      const [, , , caller = '', plugin = '', invocation = ''] = subject.split('.');
      const run = decodeRun(header(HEADERS.run));
      const fault = header(HEADERS.fault) || undefined;
      const message = fault && ((JSON.parse(body) as { message?: string }).message ?? '');
      const found = { invocation, caller, plugin, fault, message };
      results.set(invocation, { ...found, correlation: header(HEADERS.correlationId), attempt: run?.attempt ?? 0 });
    });
    const dead = new Map<string, DeadLetter>();
    await this.#each(STREAMS.dead.name, (subject, header) => {
      const invocation = subject.split('.').at(-1) ?? '';
      dead.set(invocation, { invocation, fault: header(HEADERS.fault) });
    });
    const recorded = new Set<string>();
    await this.#each(STREAMS.events.name, (_subject, _header, body) => {
      for (const record of decodeFrame(body)) {
        if (record.state === 'admitted' || record.state === 'refused') recorded.add(record.invocation);
      }
    });
    const { history, byRequest } = await this.#history([...results.values()], sent);
    const jsm = await jetstreamManager(this.#bus.nc);
    const stateOf = async (stream: string) => (await jsm.streams.info(stream)).state;
    const { last_seq, messages } = await stateOf(STREAMS.results.name);
    const [requests, nested, work] = await Promise.all([
      stateOf(STREAMS.requests.name),
      stateOf(STREAMS.nested.name),
      stateOf(STREAMS.work.name),
    ]);
    return {
      ...{ sent, effects, results, dead, recorded, history, byRequest },
      unanswered: [...this.#unanswered],
      removedResults: last_seq - messages,
      waiting: { requests: requests.messages + nested.messages, work: work.messages },
      held: work.messages > 0 ? await this.#held() : [],
      notIdempotent: await this.#notIdempotent(),
    };
  }

  async #held(): Promise<string[]> {
    const jsm = await jetstreamManager(this.#bus.nc);
    const consumers = await jsm.consumers.list(STREAMS.work.name).next();
    const ofConsumers = consumers.map(
      ({ name, num_pending, num_ack_pending, num_redelivered, num_waiting, delivered, ack_floor }) =>
        `${name}: ${num_pending} not delivered, ${num_ack_pending} not acknowledged, ${num_redelivered} redelivered, ${num_waiting} pulls wait, delivered to ${delivered.stream_seq}, acknowledged to ${ack_floor.stream_seq}`,
    );
    const { state } = await jsm.streams.info(STREAMS.work.name, { subjects_filter: '>' });
    const left = Object.keys(state.subjects ?? {});
    const ofStream = `${STREAMS.work.name}: ${state.messages} messages, sequences ${state.first_seq} to ${state.last_seq}`;
    const isConcerned = (line: string) => left.some((subject) => line.startsWith(consumerOf(subject)));
    return [ofStream, ...left, ...ofConsumers.filter(isConcerned)];
  }

  async #each(
    stream: string,
    take: (subject: string, header: (name: string) => string, body: string) => void,
  ): Promise<void> {
    const js = jetstream(this.#bus.nc);
    const { state } = await (await js.jetstreamManager()).streams.info(stream);
    if (state.messages === 0) return;
    const messages = await (await js.consumers.get(stream)).consume({ max_messages: 1_000 });
    for await (const msg of messages) {
      take(msg.subject, (name) => msg.headers?.get(name) ?? '', msg.string());
      if (msg.seq >= state.last_seq || msg.info.pending === 0) break;
    }
    await messages.close();
  }

  /** Asks for the tree of every result, and of every request that none of these holds. */
  async #history(results: readonly StoredResult[], sent: readonly SentEntry[]) {
    const history = new Map<string, InvocationNode>();
    const byRequest = new Map<number, InvocationNode>();
    const take = (tree: CallTree | undefined) => {
      for (const node of tree ? flattenTree(tree) : []) {
        history.set(node.invocation, node);
        if (node.request !== undefined) byRequest.set(node.request, node);
      }
    };
    await this.#inParallel([...new Set(results.map((result) => result.correlation))], async (correlation) => {
      take(this.#settled.get(correlation) ?? (await this.#tree({ correlation })));
    });
    const stored = sent.flatMap((entry) => (entry.what === 'stored' ? [entry.sequence] : []));
    const missing = stored.filter((sequence) => !byRequest.has(sequence));
    await this.#inParallel(missing, async (request) => take(await this.#tree({ request })));
    return { history, byRequest };
  }

  /** Undefined for what the history does not hold, or does not tell. */
  async #tree(query: { correlation: string } | { request: number }): Promise<CallTree | undefined> {
    try {
      const tree = await readTree(this.#requester, query);
      const open = flattenTree(tree).some((node) => NEVER_ENDED.has(node.state));
      if (!open) this.#settled.set(tree.correlation, tree);
      return tree;
    } catch (error) {
      if (!Fault.is(error)) throw error;
      if (error.code !== 'not-found') this.#unanswered.add(error.message);
      return undefined;
    }
  }

  async #notIdempotent(): Promise<Set<string>> {
    const plugins = await readPlugins(this.#requester);
    const names = plugins.flatMap(({ name, capabilities }) =>
      capabilities
        .filter((capability) => 'idempotent' in capability && capability.idempotent === false)
        .map((capability) => `${name}.${capability.name}`),
    );
    return new Set(names);
  }

  async #inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const rest = items.values();
    const worker = async () => {
      for (const item of rest) await work(item);
    };
    await Promise.all(Array.from({ length: QUERIES_AT_ONCE }, worker));
  }
}
