/**
 * When durable work that failed is tried again. The delay is "full jitter": anything up to a bound that doubles with each
 * attempt, so that what failed together does not come back together.
 */
import type { Fault } from './fault.js';

export interface RetryPolicy {
  /** How often it may be tried, the first time included. */
  readonly attempts: number;
  /** The bound of the delay after the first attempt. */
  readonly backoffMs: number;
  /** No bound grows beyond it. */
  readonly maxBackoffMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 3, backoffMs: 500, maxBackoffMs: 60_000 };

/** The most that a manifest or a caller may ask for. */
export const RETRY_LIMITS = { attempts: 100, backoffMs: 24 * 60 * 60_000 } as const;

/**
 * How long to wait before the next attempt: never less than `details.retryAfterMs` of the fault asks for.
 * Undefined when there is none: the fault would come again (see `FAULTS`), or it was the last attempt.
 * @param attempt the one that failed, from 1
 * @param random from 0 to below 1
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  fault: Pick<Fault, 'meaning' | 'details'>,
  random: number,
): number | undefined {
  if (!fault.meaning.retryable || attempt >= policy.attempts) return undefined;
  const boundMs = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** (attempt - 1));
  const afterMs = fault.details?.retryAfterMs;
  const atLeastMs = typeof afterMs === 'number' && Number.isFinite(afterMs) ? afterMs : 0;
  return Math.max(0, atLeastMs, Math.floor(boundMs * random));
}
