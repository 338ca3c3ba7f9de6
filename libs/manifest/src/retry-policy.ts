import { DEFAULT_RETRY, type RetryPolicy } from '@orchestrator/protocol';
import type { CapabilityManifest } from './manifest.js';

/** How durable calls of a capability are tried: what must not run twice is tried once. */
export function retryPolicyOf({ idempotent, retry = DEFAULT_RETRY }: CapabilityManifest): RetryPolicy {
  return idempotent === false ? { ...retry, attempts: 1 } : retry;
}
