import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CreditWindow } from './credit-window.js';

const size = fc.record({ chunks: fc.integer({ min: 1, max: 8 }), bytes: fc.integer({ min: 1, max: 100 }) });
const step = fc.oneof(
  fc.record({ write: fc.integer({ min: 0, max: 150 }) }),
  fc.record({ read: fc.integer({ min: 0, max: 10 }) }),
);

describe('CreditWindow', () => {
  it('while somebody reads — never more chunks or bytes are unread than it allows, but for a single chunk', () => {
    fc.assert(
      fc.property(size, fc.nat({ max: 20 }), fc.array(step, { maxLength: 80 }), (limits, before, steps) => {
        const window = new CreditWindow(limits, before);
        let unread: number[] = [];
        let acknowledged = before;
        for (const one of steps) {
          if ('read' in one) {
            const count = Math.min(one.read, unread.length);
            unread = unread.slice(count);
            acknowledged += count;
            continue;
          }
          const fits = unread.length < limits.chunks && sum(unread) + one.write <= limits.bytes;
          expect(window.mayWrite(one.write, acknowledged)).toBe(unread.length === 0 || fits);
          if (!window.mayWrite(one.write, acknowledged)) continue;
          window.wrote(one.write);
          unread.push(one.write);
          expect(window.written).toBe(acknowledged + unread.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('when everything is read, or more than there is — the next may be written, whatever its size', () => {
    fc.assert(
      fc.property(size, fc.array(fc.nat({ max: 200 })), fc.nat(), fc.nat({ max: 5 }), (limits, sizes, next, beyond) => {
        const window = new CreditWindow(limits);
        for (const one of sizes) window.wrote(one);
        expect(window.mayWrite(next, sizes.length + beyond)).toBe(true);
      }),
    );
  });

  it('while nobody reads — holds nobody up', () => {
    const window = new CreditWindow({ chunks: 1, bytes: 1 });
    for (let n = 0; n < 100; n++) {
      expect(window.mayWrite(1_000, undefined)).toBe(true);
      window.wrote(1_000);
    }
    expect(window.mayWrite(0, 98)).toBe(false);
  });
});

function sum(list: readonly number[]): number {
  return list.reduce((total, one) => total + one, 0);
}
