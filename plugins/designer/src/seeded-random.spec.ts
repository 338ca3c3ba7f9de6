import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRandom, hashText } from './seeded-random.js';

describe('createRandom', () => {
  it('gives the same numbers for the same seed, on every machine', () => {
    const random = createRandom('orchestrator');
    const again = createRandom('orchestrator');
    expect([random.next(), random.next()]).toEqual([again.next(), again.next()]);
    expect(hashText('orchestrator')).toBe(hashText('orchestrator'));
    expect(createRandom('a').next()).not.toBe(createRandom('b').next());
  });

  it('keeps to its bounds', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(50), (seed, low, span) => {
        const random = createRandom(seed);
        for (let draw = 0; draw < 20; draw++) {
          const whole = random.integer(low, low + span);
          expect(whole).toBeGreaterThanOrEqual(low);
          expect(whole).toBeLessThanOrEqual(low + span);
          expect(random.next()).toBeLessThan(1);
        }
      }),
    );
  });

  it('reaches every item about as often as any other', () => {
    const random = createRandom('fair');
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 4000; draw++) {
      const item = random.pick(['a', 'b', 'c', 'd']);
      counts.set(item, (counts.get(item) ?? 0) + 1);
    }
    for (const item of ['a', 'b', 'c', 'd']) {
      expect(counts.get(item)).toBeGreaterThan(850);
    }
  });
});
