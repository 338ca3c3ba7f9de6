import { describe, expect, it } from '@jest/globals';
import { parsePrices, usdOf } from './prices.js';

const usage = { inputTokens: 1_000_000, cacheReadTokens: 2_000_000, cacheWriteTokens: 100_000, outputTokens: 10_000 };

describe('usdOf', () => {
  it('counts each kind of token at its price', () => {
    const prices = { m: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 } };
    expect(usdOf(usage, ['m'], prices)).toBeCloseTo(3 + 0.6 + 0.375 + 0.15);
  });

  it('counts the cache as input where it has no price', () => {
    expect(usdOf(usage, ['m'], { m: { input: 1, output: 0 } })).toBeCloseTo(3.1);
  });

  it('takes the price of whichever name has one, and knows none of others', () => {
    const prices = { 'm-2026': { input: 1, output: 1 } };
    expect(usdOf(usage, ['m', 'm-2026'], prices)).toBeCloseTo(3.11);
    expect(usdOf(usage, ['m'], prices)).toBeUndefined();
    expect(usdOf(usage, ['toString'], prices)).toBeUndefined();
  });
});

describe('parsePrices', () => {
  it('reads a table', () => {
    const table = { m: { input: 3, output: 15 } };
    expect(parsePrices(table)).toEqual(table);
  });

  it('names every problem', () => {
    const table = { a: { input: -1, output: 1, cache: 2 }, b: 3, c: { input: '3', output: 1 }, d: { input: 1 } };
    expect(() => parsePrices(table)).toThrow(/a: input.*a: cache.*b: no object.*c: input.*d: no output/);
    expect(() => parsePrices([])).toThrow(/million/);
  });
});
