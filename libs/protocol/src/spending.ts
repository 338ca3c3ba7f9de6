/** What an invocation reports that it has spent, as the body of `orc.v1.spend.<plugin>`: `{"tokens": 1200, "usd": 0.0031}`. */
import { Fault } from './fault.js';
import { microUsd } from './tree-bounds.js';

export interface Spending {
  readonly tokens?: number | undefined;
  readonly microUsd?: number | undefined;
}

const MAX_TOKENS = 1e12;
const MAX_USD = 1e9;

/** @throws Fault `invalid-argument` naming what is wrong */
export function parseSpending(text: string): Spending {
  const { tokens, usd } = parseObject(text);
  if (tokens !== undefined && !(Number.isSafeInteger(tokens) && isWithin(tokens, MAX_TOKENS)))
    throw malformed('tokens');
  if (usd !== undefined && !isWithin(usd, MAX_USD)) throw malformed('usd');
  // Rounded up: what costs something is never counted as nothing.
  return { tokens: tokens as number | undefined, microUsd: usd === undefined ? undefined : microUsdUp(usd as number) };
}

function microUsdUp(usd: number): number {
  const nearest = microUsd(usd);
  return Math.abs(usd * 1_000_000 - nearest) < 1e-6 ? nearest : Math.ceil(usd * 1_000_000);
}

function isWithin(value: unknown, max: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= max;
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Fault('invalid-argument', 'What is spent is reported as a JSON object with tokens, usd, or both.');
  }
  return value as Record<string, unknown>;
}

function malformed(field: string): Fault {
  const form = field === 'tokens' ? `a whole number up to ${MAX_TOKENS}` : `an amount from 0 to ${MAX_USD}`;
  return new Fault('invalid-argument', `${field} must be ${form}.`, { field });
}
