import { Grants } from '@orchestrator/admission';
import type { ObjectStoreBounds } from '@orchestrator/bus/streams';
import { VersionShares } from '@orchestrator/manifest';
import {
  type CallLimits,
  type ContextKey,
  DEFAULT_MAXIMA,
  Fault,
  LIMITS,
  parseCallLimit,
  parseContextKeys,
  parseReplicas,
  STREAMS,
  type TreeMaxima,
} from '@orchestrator/protocol';
import type { CapacityLimits } from './application/capacity.js';
import type { CircuitSettings } from './domain/circuit.js';

export interface ChoreographerSettings {
  readonly natsUrl: string | undefined;
  /** Newest first. Every replica has the same. */
  readonly contextKeys: readonly ContextKey[];
  /** Where the index of the history is kept; undefined keeps it in a private folder until the end, and makes it anew at every start. */
  readonly dataDir: string | undefined;
  /** Base of an OTLP/HTTP receiver; undefined makes no spans. */
  readonly otlpEndpoint: string | undefined;
  /** Share of the traces that are made, 0 to 1, by trace id. Every replica has the same. */
  readonly traceRatio: number;
  /** A trace in which something took longer is made all the same. */
  readonly traceSlowMs: number;
  /** Who may call what. Every replica has the same. */
  readonly grants: Grants;
  /** Which versions are taken before others. Every replica has the same. */
  readonly shares: VersionShares;
  /** What a tree has where its caller says nothing, and at most whatever it says. Every replica has the same. */
  readonly maxima: TreeMaxima;
  readonly livenessMs: number;
  readonly retentionMs: number | undefined;
  /** The most that each stream may hold, by its name, where that is configured. */
  readonly maxBytes: Readonly<Record<string, number>>;
  /** On how many servers of a NATS cluster each stream is kept. */
  readonly replicas: number | undefined;
  /** How large one value in the object store may be, and all of them together. Every replica has the same. */
  readonly objects: ObjectStoreBounds;
  /** How long streamed output is kept. */
  readonly chunksMs: number | undefined;
  /** Synchronous calls kept track of at once. */
  readonly maxForwarded: number;
  /** What may be done at once, over all replicas. Every replica has the same. */
  readonly capacity: CapacityLimits;
  /** How long a request that has no deadline waits for room. Every replica has the same. */
  readonly maxWaitMs: number;
  /** Undefined for no circuits. Every replica has the same. */
  readonly circuit: CircuitSettings | undefined;
}

const DEFAULT_TRACE_SLOW_MS = 10_000;

/**
 * Reads `NATS_URL`, `ORC_CONTEXT_KEYS` (required), `ORC_DATA_DIR`, `OTEL_EXPORTER_OTLP_ENDPOINT`, `ORC_TRACE_RATIO`, `ORC_TRACE_SLOW_MS`,
 * `ORC_GRANTS`, `ORC_CALLERS`, `ORC_VERSIONS`, `ORC_MAX_{DEPTH,CALLS,WIDTH,REENTRY,WALL_MS,TOKENS,USD}`, `ORC_RETENTION_MS`, `ORC_REPLICAS`, `ORC_<stream>_MAX_BYTES`, `ORC_MAX_FORWARDED`,
 * `ORC_MAX_CALLS_PER_{INSTANCE,CALLER}`, `ORC_MAX_WORK_PER_INSTANCE`, `ORC_MAX_WAIT_MS`, `ORC_CIRCUIT`, `ORC_CIRCUIT_{FAILURE_RATIO,MIN_CALLS,WINDOW_MS,OPEN_MS}`, `ORC_MAX_OBJECT_BYTES`,
 * `ORC_OBJECT_STORE_BYTES`, `ORC_CHUNKS_RETENTION_MS`. @throws Fault `invalid-argument` naming the variable
 */
export function settingsFromEnv(env: NodeJS.ProcessEnv): ChoreographerSettings {
  if (!env.ORC_CONTEXT_KEYS) {
    throw new Fault(
      'invalid-argument',
      'ORC_CONTEXT_KEYS is not set. It holds the keys that sign call contexts, as id:secret[,id:secret…]; make one with: echo "k1:$(openssl rand -hex 32)"',
    );
  }
  return {
    natsUrl: env.NATS_URL,
    contextKeys: parseContextKeys(env.ORC_CONTEXT_KEYS),
    dataDir: env.ORC_DATA_DIR || undefined,
    otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT || undefined,
    traceRatio: ratio(env, 'ORC_TRACE_RATIO') ?? 1,
    traceSlowMs: wholeNumber(env, 'ORC_TRACE_SLOW_MS') ?? DEFAULT_TRACE_SLOW_MS,
    grants: grantsFromEnv(env),
    shares: sharesFromEnv(env),
    maxima: maximaFromEnv(env),
    livenessMs: LIMITS.livenessMs,
    retentionMs: wholeNumber(env, 'ORC_RETENTION_MS', 1),
    maxBytes: maxBytesFromEnv(env),
    replicas: parseReplicas(env.ORC_REPLICAS),
    objects: objectsFromEnv(env),
    chunksMs: wholeNumber(env, 'ORC_CHUNKS_RETENTION_MS', 1),
    maxForwarded: wholeNumber(env, 'ORC_MAX_FORWARDED') ?? LIMITS.forwardedCalls,
    capacity: {
      callsPerInstance: wholeNumber(env, 'ORC_MAX_CALLS_PER_INSTANCE') ?? LIMITS.callsPerInstance,
      callsPerCaller: wholeNumber(env, 'ORC_MAX_CALLS_PER_CALLER') ?? LIMITS.callsPerCaller,
      workPerInstance: wholeNumber(env, 'ORC_MAX_WORK_PER_INSTANCE', 1) ?? LIMITS.workPerInstance,
    },
    maxWaitMs: maxWaitFromEnv(env),
    circuit: circuitFromEnv(env),
  };
}

/** `<STREAM>_MAX_BYTES` for all but timers, which cannot refuse, and counts, which are small and forgotten. */
function maxBytesFromEnv(env: NodeJS.ProcessEnv): Record<string, number> {
  const { requests, nested, work, attempts, claims, bound, results, events, chunks, dead } = STREAMS;
  const kept = [requests, nested, work, attempts, claims, bound, results, events, chunks, dead];
  const names = kept.map(({ name }) => name);
  return Object.fromEntries(
    names.flatMap((name) => {
      const bytes = wholeNumber(env, `${name}_MAX_BYTES`, 1);
      return bytes === undefined ? [] : [[name, bytes]];
    }),
  );
}

/** Not longer than what a request names in the object store is kept. */
function maxWaitFromEnv(env: NodeJS.ProcessEnv): number {
  const waitMs = wholeNumber(env, 'ORC_MAX_WAIT_MS') ?? LIMITS.requestWaitMs;
  if (waitMs <= LIMITS.requestWaitMs) return waitMs;
  throw new Fault('invalid-argument', `ORC_MAX_WAIT_MS must be at most ${LIMITS.requestWaitMs}.`);
}

/** A circuit that opens for a capability of which more than half fails, of at least 20 calls within 10 s; after 5 s, one call tells. */
function circuitFromEnv(env: NodeJS.ProcessEnv): CircuitSettings | undefined {
  if (env.ORC_CIRCUIT === 'off') return undefined;
  if (env.ORC_CIRCUIT && env.ORC_CIRCUIT !== 'on') {
    throw new Fault('invalid-argument', `ORC_CIRCUIT must be on or off, not "${env.ORC_CIRCUIT}".`);
  }
  return {
    failureRatio: ratio(env, 'ORC_CIRCUIT_FAILURE_RATIO') ?? 0.5,
    minCalls: wholeNumber(env, 'ORC_CIRCUIT_MIN_CALLS', 1) ?? 20,
    windowMs: wholeNumber(env, 'ORC_CIRCUIT_WINDOW_MS', 1) ?? 10_000,
    openMs: wholeNumber(env, 'ORC_CIRCUIT_OPEN_MS', 1) ?? 5_000,
  };
}

function objectsFromEnv(env: NodeJS.ProcessEnv): ObjectStoreBounds {
  const objectBytes = wholeNumber(env, 'ORC_MAX_OBJECT_BYTES') ?? LIMITS.objectBytes;
  if (objectBytes > LIMITS.longestObjectBytes) {
    throw new Fault('invalid-argument', `ORC_MAX_OBJECT_BYTES must be at most ${LIMITS.longestObjectBytes}.`);
  }
  return { objectBytes, storeBytes: wholeNumber(env, 'ORC_OBJECT_STORE_BYTES', 1) ?? LIMITS.objectStoreBytes };
}

function grantsFromEnv({ ORC_GRANTS, ORC_CALLERS }: NodeJS.ProcessEnv): Grants {
  try {
    return Grants.parse(ORC_GRANTS, ORC_CALLERS || undefined);
  } catch (error) {
    throw new Fault('invalid-argument', `ORC_GRANTS or ORC_CALLERS: ${Fault.from(error).message}`);
  }
}

function sharesFromEnv({ ORC_VERSIONS }: NodeJS.ProcessEnv): VersionShares {
  try {
    return VersionShares.parse(ORC_VERSIONS);
  } catch (error) {
    throw new Fault('invalid-argument', `ORC_VERSIONS: ${Fault.from(error).message}`);
  }
}

const MAXIMA = {
  depth: 'ORC_MAX_DEPTH',
  calls: 'ORC_MAX_CALLS',
  width: 'ORC_MAX_WIDTH',
  reentry: 'ORC_MAX_REENTRY',
  wallMs: 'ORC_MAX_WALL_MS',
  tokens: 'ORC_MAX_TOKENS',
  usd: 'ORC_MAX_USD',
} as const satisfies Record<keyof CallLimits, string>;

/** 0 means zero, never unlimited. */
function maximaFromEnv(env: NodeJS.ProcessEnv): TreeMaxima {
  const set = Object.entries(MAXIMA).flatMap(([key, variable]) => {
    const text = env[variable];
    if (!text) return [];
    try {
      return [[key, parseCallLimit(key as keyof CallLimits, text)]];
    } catch {
      const form = key === 'usd' ? 'an amount like 0.50, with at most 6 decimals' : 'a whole number';
      throw new Fault('invalid-argument', `${variable} must be ${form}, not "${text}".`);
    }
  });
  return { ...DEFAULT_MAXIMA, ...Object.fromEntries(set) };
}

/** 0 means zero, never unlimited. */
function wholeNumber(env: NodeJS.ProcessEnv, name: string, min = 0): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
    throw new Fault('invalid-argument', `${name} must be a whole number from ${min}, not "${text}".`);
  }
  return value;
}

function ratio(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(value >= 0 && value <= 1)) {
    throw new Fault('invalid-argument', `${name} must be a number from 0 to 1, not "${text}".`);
  }
  return value;
}
