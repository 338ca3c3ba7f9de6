/**
 * Every stream, consumer and bucket, as plain data; `libs/bus` provisions them. A stream that callers may publish to
 * allows no schedules, per-message TTL, rollup or counters.
 */
import { LIMITS } from './limits.js';
import { isName, isVersion, versionFromToken, versionToToken } from './names.js';
import { type AsideQueue, type CounterName, OBJECTS_BUCKET, patterns, type Target } from './subjects.js';

export interface StreamDefinition {
  readonly name: string;
  readonly description: string;
  readonly subjects: readonly string[];
  /** Under which subject a message is stored, where that is not the one that it was published to. */
  readonly storedAs?: { readonly from: string; readonly to: string };
  /** Where the server itself tells of each message, once it is stored: nobody else may publish there. */
  readonly toldOn?: { readonly from: string; readonly to: string };
  readonly retention: 'limits' | 'workqueue';
  /** A second message on a subject that holds one is refused with error 10077: the rule behind "one result". */
  readonly onePerSubject: boolean;
  /** Messages hold sums that the server adds to: `Nats-Incr`. The last of a subject is kept, as long as the stream says. */
  readonly counts?: true;
  /** May its messages say when they are to be moved to another of its subjects? Only where nobody but choreographers publishes. */
  readonly schedules?: boolean;
  /** 0 keeps messages until they are consumed. */
  readonly maxAgeMs: number;
  /** Whatever is configured, its messages are kept for at least as long. */
  readonly minAgeMs?: number;
  /** Its messages are kept so much longer than its age says, which is that of messages that name them. */
  readonly slackMs?: number;
  /** How many bytes it takes; what would be more is refused. Configurable, also where there is no bound otherwise. */
  readonly maxBytes?: number;
  /** Facts for whoever uses it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How long a `Nats-Msg-Id` is remembered, where one is sent. */
  readonly msgIdMs?: number;
  /** Where it takes more than the server lets a stream have by itself: 1,000 as of nats-server 2.15. */
  readonly maxConsumers?: number;
}

/** In the metadata of its stream: the largest value that is taken. */
export const MAX_OBJECT_BYTES = 'orc-max-object-bytes';

export const STREAMS = {
  requests: {
    name: 'ORC_REQUESTS',
    description: 'Durable request events, until they are admitted or refused.',
    subjects: [patterns.requests, patterns.aside],
    storedAs: { from: patterns.requests, to: patterns.queuedFrom(LIMITS.requestPartitions) },
    maxBytes: LIMITS.requestsBytes,
    retention: 'workqueue',
    onePerSubject: false,
    maxAgeMs: 0,
    maxConsumers: LIMITS.workConsumers,
  },
  nested: {
    name: 'ORC_NESTED',
    description: 'Durable requests of running work, until they are admitted or refused.',
    subjects: [patterns.nested],
    maxBytes: LIMITS.nestedBytes,
    retention: 'workqueue',
    onePerSubject: false,
    maxAgeMs: 0,
  },
  work: {
    name: 'ORC_WORK',
    description: 'Admitted durable work, until its result is stored.',
    subjects: [patterns.work],
    retention: 'workqueue',
    onePerSubject: true,
    maxAgeMs: 0,
    msgIdMs: LIMITS.workMsgIdMs,
    maxConsumers: LIMITS.workConsumers,
  },
  attempts: {
    name: 'ORC_ATTEMPTS',
    description: 'Runs that failed, until it is decided whether they are tried again.',
    subjects: [patterns.attempts],
    retention: 'workqueue',
    onePerSubject: false,
    maxAgeMs: 0,
  },
  timers: {
    name: 'ORC_TIMERS',
    description: 'Work that waits for its next attempt.',
    subjects: [patterns.timers, patterns.due],
    retention: 'workqueue',
    onePerSubject: false,
    schedules: true,
    maxAgeMs: 0,
  },
  claims: {
    name: 'ORC_CLAIMS',
    description: 'Who has started work that must not start twice.',
    subjects: [patterns.claims],
    retention: 'limits',
    onePerSubject: true,
    maxAgeMs: LIMITS.retentionMs,
    minAgeMs: LIMITS.guardMs,
  },
  steps: {
    name: 'ORC_STEPS',
    description: 'What finished steps of durable work answered, for the attempts that come after them.',
    subjects: [patterns.steps],
    retention: 'limits',
    onePerSubject: true,
    maxAgeMs: LIMITS.retentionMs,
    minAgeMs: LIMITS.guardMs,
  },
  bound: {
    name: 'ORC_BOUND',
    description: 'Which versions of plugins call trees are bound to, whose callers want one of each.',
    subjects: [patterns.bound],
    retention: 'limits',
    onePerSubject: true,
    maxAgeMs: LIMITS.retentionMs,
    minAgeMs: LIMITS.guardMs,
  },
  results: {
    name: 'ORC_RESULTS',
    description: 'One result or fault per durable invocation.',
    subjects: [patterns.results],
    toldOn: { from: patterns.results, to: patterns.resultStoredFrom },
    retention: 'limits',
    onePerSubject: true,
    maxAgeMs: LIMITS.retentionMs,
    minAgeMs: LIMITS.guardMs,
  },
  events: {
    name: 'ORC_EVENTS',
    description: 'History: frames of invocation records.',
    subjects: [patterns.events],
    retention: 'limits',
    onePerSubject: false,
    maxAgeMs: LIMITS.retentionMs,
  },
  chunks: {
    name: 'ORC_CHUNKS',
    description: 'Streamed output, chunk by chunk.',
    subjects: [patterns.chunks],
    toldOn: { from: patterns.chunks, to: patterns.chunkStoredFrom },
    retention: 'limits',
    onePerSubject: false,
    maxAgeMs: LIMITS.chunksMs,
    maxBytes: LIMITS.chunkStoreBytes,
  },
  dead: {
    name: 'ORC_DEAD',
    description: 'Dead letters: durable requests that ended in a fault, with what a redrive needs.',
    subjects: [patterns.dead, patterns.late],
    retention: 'limits',
    onePerSubject: true,
    maxAgeMs: 4 * LIMITS.retentionMs,
  },
  objects: {
    name: `OBJ_${OBJECTS_BUCKET}`,
    description: 'Arguments and results that are too large for a message, in the layout of a NATS Object Store.',
    subjects: [patterns.objectChunks, patterns.objectInfos],
    retention: 'limits',
    onePerSubject: false,
    maxAgeMs: 4 * LIMITS.retentionMs,
    slackMs: LIMITS.objectSlackMs,
    maxBytes: LIMITS.objectStoreBytes,
    metadata: { [MAX_OBJECT_BYTES]: String(LIMITS.objectBytes) },
  },
  registryEvents: {
    name: 'ORC_REGISTRY',
    description: 'What happened to plugins: registered, refused, ready, waiting, gone.',
    subjects: [patterns.registryEvents],
    retention: 'limits',
    onePerSubject: false,
    maxAgeMs: LIMITS.retentionMs,
  },
  shortCounts: {
    name: 'ORC_COUNTS_SHORT',
    description: 'What call trees of a few minutes have used of their budgets.',
    subjects: [patterns.shortCounts],
    retention: 'limits',
    onePerSubject: false,
    counts: true,
    maxAgeMs: LIMITS.shortCountsMs,
  },
  longCounts: {
    name: 'ORC_COUNTS',
    description: 'What longer call trees have used of their budgets.',
    subjects: [patterns.longCounts],
    retention: 'limits',
    onePerSubject: false,
    counts: true,
    maxAgeMs: LIMITS.countsMs,
  },
} as const satisfies Record<string, StreamDefinition>;

/** How long it keeps its messages, where this is configured; 0 for until they are consumed. */
export function keptForMs(
  { maxAgeMs, minAgeMs = 0, slackMs = 0 }: Pick<StreamDefinition, 'maxAgeMs' | 'minAgeMs' | 'slackMs'>,
  configuredMs: number | undefined,
): number {
  return (maxAgeMs && Math.max(configuredMs ?? maxAgeMs, minAgeMs)) + slackMs;
}

export function countersStream({ id }: CounterName): StreamDefinition {
  return id.startsWith('s') ? STREAMS.shortCounts : STREAMS.longCounts;
}

export interface ConsumerDefinition {
  readonly stream: string;
  readonly name: string;
  readonly filter?: string;
  /** After this time without acknowledgement or renewal a message is delivered again. */
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
  /** The server removes it when nobody has pulled for so long. */
  readonly inactiveMs?: number;
}

/** The choreographers' shared consumer of what running work asks for. It has no filter: so it gets all that hosts may send. */
export const nestedConsumer: ConsumerDefinition = {
  stream: STREAMS.nested.name,
  name: 'choreographer',
  ackWaitMs: 10_000,
  maxAckPending: 5_000,
};

/** The choreographers' shared consumers of request events: one for each partition of the callers. */
export const requestsConsumers: readonly ConsumerDefinition[] = Array.from(
  { length: LIMITS.requestPartitions },
  (_, partition) => requestsConsumer(`choreographer-${partition}`, patterns.queued(partition)),
);

/** Consumers that an earlier version had, which would take what those of `asideConsumer` take. */
export const formerRequestsConsumers: readonly string[] = [...requestsConsumers.keys(), 'nested'].map(
  (partition) => `choreographer-aside-${partition}`,
);

/** The choreographers' shared consumer of what is set aside of a partition for one capability, while there is any. */
export function asideConsumer({ partition, plugin, capability }: AsideQueue): ConsumerDefinition {
  return {
    ...requestsConsumer(
      `aside-${partition}__${plugin}__${capability}`,
      patterns.asideOf({ partition, plugin, capability }),
    ),
    inactiveMs: LIMITS.asideConsumerMs,
  };
}

function requestsConsumer(name: string, filter: string): ConsumerDefinition {
  return { stream: STREAMS.requests.name, name, filter, ackWaitMs: 10_000, maxAckPending: 5_000 };
}

/**
 * The choreographers' shared consumer of request events that have no partition: those with a wildcard where a name should be,
 * which the server stores under the subject that they were published to, and what was stored before there were partitions.
 */
export const unpartitionedConsumer: ConsumerDefinition = requestsConsumer('choreographer', patterns.unqueued);

/** The choreographers' shared consumer of failed attempts. */
export const attemptsConsumer: ConsumerDefinition = {
  stream: STREAMS.attempts.name,
  name: 'choreographer',
  ackWaitMs: 10_000,
  maxAckPending: 5_000,
};

/** The choreographers' shared consumer of timers whose time has come. */
export const dueConsumer: ConsumerDefinition = {
  stream: STREAMS.timers.name,
  name: 'choreographer',
  filter: patterns.due,
  ackWaitMs: 10_000,
  maxAckPending: 5_000,
};

/** The consumer that the hosts of one capability of one version share. */
export function workConsumer(target: Target, leaseMs: number = LIMITS.leaseMs): ConsumerDefinition {
  return {
    stream: STREAMS.work.name,
    // Neither names nor versions hold two underscores: no two targets share a consumer.
    name: `${target.plugin}__${versionToToken(target.version)}__${target.capability}`,
    filter: patterns.workOf(target),
    ackWaitMs: leaseMs,
    maxAckPending: 10_000,
  };
}

/** The bucket of accepted manifests, one per plugin version. Written by the registry, watched by choreographers. */
export const CATALOGUE_BUCKET = 'ORC_CATALOGUE';

export function catalogueKey(plugin: string, version: string): string {
  return `${plugin}.${versionToToken(version)}`;
}

/** Whose manifest has that key; undefined for one that is of no plugin. */
export function parseCatalogueKey(key: string): { readonly plugin: string; readonly version: string } | undefined {
  const [plugin = '', token = ''] = key.split('.');
  const version = versionFromToken(token);
  const isKey = isName(plugin) && isVersion(version) && catalogueKey(plugin, version) === key;
  return isKey ? { plugin, version } : undefined;
}

/** Whose work a consumer of `ORC_WORK` is for, by its name; undefined for one that is of no capability. */
export function parseWorkConsumer(name: string): Target | undefined {
  const [plugin = '', token = '', capability = ''] = name.split('__');
  const target = { plugin, version: versionFromToken(token), capability };
  const isOne = isName(plugin) && isVersion(target.version) && isName(capability);
  return isOne && workConsumer(target).name === name ? target : undefined;
}
