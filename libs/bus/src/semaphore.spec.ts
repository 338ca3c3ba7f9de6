import { describe, expect, it } from '@jest/globals';
import { Semaphore } from './semaphore.js';

describe('Semaphore', () => {
  it('lets so many at once, and the next as soon as one is through, in order, also when that failed', async () => {
    const semaphore = new Semaphore(2);
    const begun: number[] = [];
    const works = [0, 1, 2, 3].map(() => Promise.withResolvers<number>());
    const done = works.map(({ promise }, n) =>
      semaphore.during(() => {
        begun.push(n);
        return promise;
      }),
    );
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    works[1]?.reject(new Error('failed'));
    await expect(done[1]).rejects.toThrow('failed');
    expect(begun).toEqual([0, 1, 2]);
    works[0]?.resolve(0);
    works[2]?.resolve(2);
    expect(await Promise.all([done[0], done[2]])).toEqual([0, 2]);
    works[3]?.resolve(3);
    expect(await done[3]).toBe(3);
    expect(await semaphore.during(async () => 4)).toBe(4);
  });
});
