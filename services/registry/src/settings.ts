import { Fault, LIMITS } from '@orchestrator/protocol';

export interface RegistrySettings {
  readonly natsUrl: string | undefined;
  /** An instance that is silent for longer has gone. */
  readonly livenessMs: number;
  /** A manifest with no live instance is forgotten after this time. */
  readonly forgetAfterMs: number;
  /** How long the hosts of a capability hold durable work. */
  readonly leaseMs: number;
}

/** Reads `NATS_URL`, `ORC_FORGET_AFTER_MS`, `ORC_LEASE_MS`. @throws Fault `invalid-argument` naming the variable */
export function settingsFromEnv(env: NodeJS.ProcessEnv): RegistrySettings {
  return {
    natsUrl: env.NATS_URL,
    livenessMs: LIMITS.livenessMs,
    forgetAfterMs: positive(env, 'ORC_FORGET_AFTER_MS') ?? LIMITS.forgetAfterMs,
    leaseMs: positive(env, 'ORC_LEASE_MS') ?? LIMITS.leaseMs,
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
