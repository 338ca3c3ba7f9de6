/** Makes streams, consumers and buckets be what `libs/protocol` says. Idempotent; any service may run it, and at the same time. */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { nanos } from '@nats-io/transport-node';
import {
  type ConsumerDefinition,
  Fault,
  keptForMs,
  MAX_OBJECT_BYTES,
  STREAMS,
  type StreamDefinition,
} from '@orchestrator/protocol';
import type { Bus } from './connection.js';
import { withJetStream } from './jetstream-api.js';

/** JetStream's error for a consumer that is there, with another configuration. */
const CONSUMER_DIFFERS = 10148;
/** JetStream's error when a stream has as many consumers as it may have. */
const TOO_MANY_CONSUMERS = 10026;
/** JetStream's error for a stream that is there, with another configuration. */
const STREAM_DIFFERS = 10058;
/** JetStream's error for a stream that may grow larger than the server has room for. */
const NO_STORAGE = 10047;

export interface ProvisionOptions {
  /** Replaces the retention of history and dead letters, and of results, claims and cancellations unless it is too short for those. */
  readonly retentionMs?: number | undefined;
  /** On how many servers of a NATS cluster everything is kept. @default 1 */
  readonly replicas?: number | undefined;
  /** Replaces how many bytes the object store takes in all, and how many one object may have. */
  readonly objects?: ObjectStoreBounds | undefined;
  /** The most that a stream may hold, by its name. @default what its definition says, which is no bound for most */
  readonly maxBytes?: Readonly<Record<string, number>> | undefined;
  /** Replaces the retention of streamed output. */
  readonly chunksMs?: number | undefined;
  /** Create what is missing, and leave what is there as it is: for a service that does not decide about retention. */
  readonly keepExisting?: boolean;
}

export interface ObjectStoreBounds {
  readonly storeBytes: number;
  readonly objectBytes: number;
}

type NamedConfig = Partial<StreamConfig> & { readonly name: string };

/** Of an answer of JetStream's API. */
const NOT_FOUND = 404;
/** The stream of a bucket is named like it, with this before. */
const KV_PREFIX = 'KV_';

/** A definition with what the operator has configured. */
function configured(
  definition: StreamDefinition,
  { retentionMs, chunksMs, objects, maxBytes }: ProvisionOptions,
): StreamDefinition {
  const askedMs = definition.name === STREAMS.chunks.name ? chunksMs : definition.counts ? undefined : retentionMs;
  const bytes = maxBytes?.[definition.name] ?? definition.maxBytes;
  const aged = {
    ...definition,
    maxAgeMs: keptForMs(definition, askedMs),
    ...(bytes !== undefined && { maxBytes: bytes }),
  };
  if (definition.name !== STREAMS.objects.name || !objects) return aged;
  return { ...aged, maxBytes: objects.storeBytes, metadata: { [MAX_OBJECT_BYTES]: String(objects.objectBytes) } };
}

function streamConfig(definition: StreamDefinition, replicas = 1): NamedConfig {
  return {
    name: definition.name,
    description: definition.description,
    subjects: [...definition.subjects],
    retention: definition.retention === 'workqueue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: replicas,
    max_age: nanos(definition.maxAgeMs),
    allow_direct: true,
    max_bytes: definition.maxBytes ?? -1,
    ...(definition.msgIdMs !== undefined && { duplicate_window: nanos(definition.msgIdMs) }),
    ...(definition.storedAs && {
      subject_transform: { src: definition.storedAs.from, dest: definition.storedAs.to },
    }),
    ...(definition.maxConsumers !== undefined && { max_consumers: definition.maxConsumers }),
    ...(definition.toldOn && { republish: { src: definition.toldOn.from, dest: definition.toldOn.to } }),
    ...(definition.schedules && { allow_msg_schedules: true }),
    discard: isRefusing(definition) ? DiscardPolicy.New : DiscardPolicy.Old,
    ...(definition.metadata && { metadata: definition.metadata }),
    ...(definition.counts && { allow_msg_counter: true, max_msgs_per_subject: 1 }),
    ...(definition.onePerSubject && { max_msgs_per_subject: 1, discard_new_per_subject: true }),
  };
}

/** Full, it takes nothing more rather than forget what it holds. A stream with schedules cannot, and has no bound; history forgets. */
function isRefusing({ name, onePerSubject, retention, schedules }: StreamDefinition): boolean {
  const isKept = name === STREAMS.objects.name || name === STREAMS.chunks.name; // for a time that is promised
  return onePerSubject || (retention === 'workqueue' && !schedules) || isKept;
}

/**
 * Creates what is missing and brings what differs into line. A retention policy cannot be changed in place: a stream
 * with another one is not ours to touch.
 * @throws Fault `internal` when a stream of that name has another retention policy, `unavailable` without JetStream,
 *   `invalid-argument` for more replicas than one where the server is no cluster
 */
export async function provisionStreams(bus: Bus, options: ProvisionOptions = {}): Promise<void> {
  for (const definition of Object.values(STREAMS)) {
    const config = streamConfig(configured(definition, options), options.replicas);
    await withJetStream(bus, (jsm) => provisionStream(jsm, config, options.keepExisting ?? false));
  }
}

async function provisionStream(jsm: JetStreamManager, config: NamedConfig, keepExisting: boolean): Promise<void> {
  const found = await findStream(jsm, config.name);
  // Another service may have been faster, and have made it otherwise: then it is there.
  if (!found) return (await addStream(jsm, config)) ? undefined : provisionStream(jsm, config, keepExisting);
  if (found.retention !== config.retention) {
    throw new Fault(
      'internal',
      `The stream ${config.name} has retention ${found.retention}; it must be ${config.retention}.`,
    );
  }
  const wanted = found.max_consumers > 0 ? config : withoutMaxConsumers(config);
  if (!keepExisting && isChanged(found, wanted)) await jsm.streams.update(config.name, wanted);
}

/** Answers whether it is there now as it should be. @throws Fault `exhausted` when the server has no such room */
async function addStream(jsm: JetStreamManager, config: NamedConfig): Promise<boolean> {
  try {
    await jsm.streams.add(config);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_DIFFERS) return false;
    if (!(error instanceof JetStreamApiError) || error.code !== NO_STORAGE) throw error;
    const room = `${config.max_bytes} bytes for ${config.name}`;
    throw new Fault('exhausted', `This NATS server has no room for ${room}; see ORC_OBJECT_STORE_BYTES.`, undefined, {
      cause: error,
    });
  }
}

async function findStream(jsm: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await jsm.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === NOT_FOUND) return undefined;
    throw error;
  }
}

/** @throws Fault `exhausted` when the stream takes no more consumers */
export async function provisionConsumer(bus: Bus, definition: ConsumerDefinition): Promise<void> {
  await withJetStream(bus, async (jsm) => {
    try {
      await jsm.consumers.add(definition.stream, consumerConfig(definition));
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === CONSUMER_DIFFERS) {
        await jsm.consumers.update(definition.stream, definition.name, consumerConfig(definition));
        return;
      }
      if (!(error instanceof JetStreamApiError) || error.code !== TOO_MANY_CONSUMERS) throw error;
      const message = `${definition.stream} has as many consumers as it may have. Raise its max_consumers, or the limits of the NATS account.`;
      throw new Fault('exhausted', message, undefined, { cause: error });
    }
  });
}

/** Removes a consumer that is not wanted any more, where there is one. */
export async function removeConsumer(bus: Bus, stream: string, name: string): Promise<void> {
  await withJetStream(bus, async (jsm) => {
    try {
      await jsm.consumers.delete(stream, name);
    } catch (error) {
      if (!(error instanceof JetStreamApiError && error.status === NOT_FOUND)) throw error;
    }
  });
}

/** A bucket holds the newest value of each key. */
export interface BucketDefinition {
  readonly name: string;
  /** How long a value is kept. @default until it is removed */
  readonly ttlMs?: number;
}

/** Opens a bucket; makes it where it is missing, and brings it into line where it differs, as with streams. @throws Fault likewise */
export async function openBucket(bus: Bus, { name, ttlMs }: BucketDefinition, options: ProvisionOptions): Promise<KV> {
  const replicas = options.replicas ?? 1;
  return withJetStream(bus, async (jsm) => {
    const kv = await new Kvm(bus.nc).create(name, { history: 1, replicas, ...(ttlMs !== undefined && { ttl: ttlMs }) });
    const stream = `${KV_PREFIX}${name}`;
    const config = { num_replicas: replicas, ...(ttlMs !== undefined && { max_age: nanos(ttlMs) }) };
    const found = options.keepExisting ? undefined : (await jsm.streams.info(stream)).config;
    if (found && isChanged(found, config)) await jsm.streams.update(stream, config);
    return kv;
  });
}

function consumerConfig(definition: ConsumerDefinition): Partial<ConsumerConfig> {
  return {
    durable_name: definition.name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(definition.ackWaitMs),
    max_ack_pending: definition.maxAckPending,
    ...(definition.filter && { filter_subject: definition.filter }),
    ...(definition.inactiveMs !== undefined && { inactive_threshold: nanos(definition.inactiveMs) }),
  };
}

/** A server that lets a stream have any number, as those before 2.15 do, may not be able to change it either. */
function withoutMaxConsumers(config: Partial<StreamConfig>): Partial<StreamConfig> {
  const { max_consumers: _any, ...rest } = config;
  return rest;
}

function isChanged(found: StreamConfig, wanted: Partial<StreamConfig>): boolean {
  return Object.entries(wanted).some(([key, value]) => {
    const has = found[key as keyof StreamConfig];
    // The server adds facts of its own.
    if (key === 'metadata') return Object.entries(value as object).some(([fact, is]) => found.metadata?.[fact] !== is);
    return JSON.stringify(has ?? null) !== JSON.stringify(value ?? null);
  });
}
