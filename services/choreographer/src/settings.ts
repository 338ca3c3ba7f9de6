import { type ContextKey, Fault, LIMITS, parseContextKeys } from '@orchestrator/protocol';

export interface ChoreographerSettings {
  readonly natsUrl: string | undefined;
  /** Newest first. Every replica has the same. */
  readonly contextKeys: readonly ContextKey[];
  /** Where the index of the history is kept; undefined keeps it in a private folder until the end, and makes it anew at every start. */
  readonly dataDir: string | undefined;
  /** Base of an OTLP/HTTP receiver; undefined makes no spans. */
  readonly otlpEndpoint: string | undefined;
  /** The depth that root calls are allowed. */
  readonly maxDepth: number;
  readonly livenessMs: number;
  readonly retentionMs: number | undefined;
  /** Synchronous calls kept track of at once. */
  readonly maxForwarded: number;
}

/**
 * Reads `NATS_URL`, `ORC_CONTEXT_KEYS` (required), `ORC_DATA_DIR`, `OTEL_EXPORTER_OTLP_ENDPOINT`, `ORC_MAX_DEPTH`,
 * `ORC_RETENTION_MS`, `ORC_MAX_FORWARDED`. @throws Fault `invalid-argument` naming the variable
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
    maxDepth: wholeNumber(env, 'ORC_MAX_DEPTH') ?? LIMITS.maxDepth,
    livenessMs: LIMITS.livenessMs,
    retentionMs: wholeNumber(env, 'ORC_RETENTION_MS', 1),
    maxForwarded: wholeNumber(env, 'ORC_MAX_FORWARDED') ?? LIMITS.forwardedCalls,
  };
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
