import { describe, expect, it } from '@jest/globals';
import { RequestShares } from './request-shares.js';

const MAX = 1_000;
const LAST = 50;
const shares = (bytes: number, counts: Record<string, number>, means: Record<string, number> = {}, maxBytes = MAX) =>
  new RequestShares(
    { bytes, maxBytes, lastSequence: LAST, counts: new Map(Object.entries(counts)) },
    (caller) => means[caller],
  );
/** One that was there when it was looked. */
const old = (caller: string, bytes = 10) => ({ caller, bytes, sequence: LAST });
const young = (caller: string, bytes = 10) => ({ caller, bytes, sequence: LAST + 1 });

describe('RequestShares', () => {
  it('a caller alone fills half of the room, and one that comes new finds some', () => {
    expect(shares(500, { flood: 10 }).mayWait(old('flood'))).toBe(true);
    expect(shares(501, { flood: 10 }).mayWait(old('flood'))).toBe(false);
    expect(shares(501, { flood: 10 }).mayWait(young('new'))).toBe(true);
  });

  it('who has no more than an equal part is not refused for what another has', () => {
    const full = shares(MAX, { flood: 90, quiet: 10 });
    expect([full.mayWait(old('flood')), full.mayWait(old('quiet'))]).toEqual([false, true]);
  });

  it('few large requests weigh as much as many small ones, where their sizes are known', () => {
    const one = shares(900, { large: 10, small: 100 }, { large: 80, small: 1 });
    expect([one.mayWait(old('large')), one.mayWait(old('small'))]).toEqual([false, true]);
    const unknown = shares(900, { large: 10, other: 1 }, { large: 80 });
    expect(unknown.mayWait(old('other'))).toBe(true);
  });

  it('those that were counted and are refused make room', () => {
    const one = shares(600, { flood: 60 });
    const refused = Array.from({ length: 20 }, () => one.mayWait(old('flood'))).filter((may) => !may);
    expect(refused).toHaveLength(10);
  });

  it('those that came since then take room, however long nobody looks', () => {
    const one = shares(0, {});
    const accepted = Array.from({ length: 500 }, () => one.mayWait(young('flood'))).filter((may) => may);
    expect(accepted).toHaveLength(MAX / 2 / 10 + 1);
  });

  it('without a bound, everybody may', () => {
    expect(shares(1e12, { flood: 1e9 }, {}, -1).mayWait(old('flood'))).toBe(true);
  });
});
