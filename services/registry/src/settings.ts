import { Fault, LIMITS, parseReplicas } from '@orchestrator/protocol';

export interface RegistrySettings {
  readonly natsUrl: string | undefined;
  /** An instance that is silent for longer has gone. */
  readonly livenessMs: number;
  /** A manifest with no live instance is forgotten after this time. */
  readonly forgetAfterMs: number;
  /** How long the hosts of a capability hold durable work. */
  readonly leaseMs: number;
  /** On how many servers of a NATS cluster each stream is kept that is made from here. */
  readonly replicas: number | undefined;
}

/** Reads `NATS_URL`, `ORC_FORGET_AFTER_MS`, `ORC_LEASE_MS`, `ORC_REPLICAS`. @throws Fault `invalid-argument` naming the variable */
export function settingsFromEnv(env: NodeJS.ProcessEnv): RegistrySettings {
  return {
    natsUrl: env.NATS_URL,
    livenessMs: LIMITS.livenessMs,
    forgetAfterMs: positive(env, 'ORC_FORGET_AFTER_MS') ?? LIMITS.forgetAfterMs,
    leaseMs: positive(env, 'ORC_LEASE_MS') ?? LIMITS.leaseMs,
    replicas: parseReplicas(env.ORC_REPLICAS),
  };
}

function positive(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value === 0) {
    throw new Fault('invalid-argument', `${name} must be a positive whole number of milliseconds, not "${text}".`);
  }
  return value;
}
