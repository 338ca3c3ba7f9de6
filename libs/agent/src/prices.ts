import { Fault } from '@orchestrator/protocol';
import type { Usage } from './model.js';

/** In USD per million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  /** @default as `input` */
  readonly cacheRead?: number;
  /** @default as `input` */
  readonly cacheWrite?: number;
}

/** By the name of the model: `{ "claude-sonnet-4-5": { "input": 3, "output": 15 } }`. */
export type PriceTable = Readonly<Record<string, ModelPrice>>;

const FIELDS = ['input', 'output', 'cacheRead', 'cacheWrite'];

/** @throws Fault `invalid-argument` with every problem */
export function parsePrices(value: unknown): PriceTable {
  const problems = isObject(value) ? Object.entries(value).flatMap(([model, price]) => problemsOf(model, price)) : [];
  if (isObject(value) && problems.length === 0) return value as unknown as PriceTable;
  throw new Fault(
    'invalid-argument',
    `The prices must be USD per million tokens, by model: {"<model>": {"input": 3, "output": 15}}. ${problems.join(' ')}`,
    { problems },
  );
}

function problemsOf(model: string, price: unknown): string[] {
  if (!isObject(price)) return [`${model}: no object.`];
  const missing = ['input', 'output'].filter((field) => !(field in price)).map((field) => `${model}: no ${field}.`);
  const wrong = Object.entries(price)
    .filter(([field, usd]) => !FIELDS.includes(field) || typeof usd !== 'number' || !(usd >= 0))
    .map(([field]) => `${model}: ${field} is no price that is known.`);
  return [...missing, ...wrong];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What it costs, in USD; undefined where the table has no price for the model.
 * @param names of the model, as it was asked for and as it calls itself: the first that has a price counts
 */
export function usdOf(usage: Usage, names: readonly string[], prices: PriceTable): number | undefined {
  const name = names.find((one) => Object.hasOwn(prices, one));
  const price = name === undefined ? undefined : prices[name];
  if (!price) return undefined;
  const { input, output, cacheRead = input, cacheWrite = input } = price;
  const millionths =
    usage.inputTokens * input +
    usage.outputTokens * output +
    usage.cacheReadTokens * cacheRead +
    usage.cacheWriteTokens * cacheWrite;
  return millionths / 1_000_000;
}
