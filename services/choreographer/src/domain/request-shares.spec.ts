import { describe, expect, it } from '@jest/globals';
import { RequestShares } from './request-shares.js';

const MAX = 1_000;
const shares = (bytes: number, counts: Record<string, number>, means: Record<string, number> = {}, maxBytes = MAX) =>
  new RequestShares({ bytes, maxBytes, counts: new Map(Object.entries(counts)) }, (caller) => means[caller]);

describe('RequestShares', () => {
  it('a caller alone fills half of the room, and one that comes new finds some', () => {
    expect(shares(500, { flood: 10 }).mayWait('flood')).toBe(true);
    expect(shares(501, { flood: 10 }).mayWait('flood')).toBe(false);
    expect(shares(501, { flood: 10 }).mayWait('new')).toBe(true);
  });

  it('who has no more than an equal part is not refused for what another has', () => {
    const full = shares(MAX, { flood: 90, quiet: 10 });
    expect([full.mayWait('flood'), full.mayWait('quiet')]).toEqual([false, true]);
  });

  it('few large requests weigh as much as many small ones, where their sizes are known', () => {
    const one = shares(900, { large: 10, small: 100 }, { large: 80, small: 1 });
    expect([one.mayWait('large'), one.mayWait('small')]).toEqual([false, true]);
    const unknown = shares(900, { large: 10, other: 1 }, { large: 80 });
    expect(unknown.mayWait('other')).toBe(true);
  });

  it('makes room when requests leave', () => {
    const one = shares(600, { flood: 60 });
    for (let n = 0; n < 9; n++) one.leaves('flood', 10);
    expect(one.mayWait('flood')).toBe(false);
    one.leaves('flood', 10);
    expect(one.mayWait('flood')).toBe(true);
  });

  it('without a bound, everybody may', () => {
    expect(shares(1e12, { flood: 1e9 }, {}, -1).mayWait('flood')).toBe(true);
  });
});
