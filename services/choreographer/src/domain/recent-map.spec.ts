import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecentMap } from './recent-map.js';

const AT_LEAST = 5;

describe('RecentMap', () => {
  it('answers what was put in last, for the latest keys always, and for no more than twice as many', () => {
    const key = fc.integer({ min: 0, max: 30 }).map(String);
    fc.assert(
      fc.property(fc.array(key, { maxLength: 100 }), (keys) => {
        const map = new RecentMap<number>(AT_LEAST);
        for (const [at, one] of keys.entries()) map.set(one, at);
        const latest = [...new Set(keys.toReversed())];
        for (const one of latest.slice(0, AT_LEAST)) expect(map.get(one)).toBe(keys.lastIndexOf(one));
        const held = latest.filter((one) => map.get(one) !== undefined);
        expect(held.length).toBeLessThanOrEqual(2 * AT_LEAST);
        for (const one of held) expect(map.get(one)).toBe(keys.lastIndexOf(one));
      }),
    );
  });

  it('what was deleted is gone, of whichever generation', () => {
    const map = new RecentMap<number>(2);
    for (const one of ['a', 'b', 'c']) map.set(one, 1);
    map.set('a', 2);
    map.delete('a');
    map.delete('c');
    expect(['a', 'b', 'c'].map((one) => map.get(one))).toEqual([undefined, 1, undefined]);
  });
});
