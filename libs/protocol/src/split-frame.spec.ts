import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LIMITS } from './limits.js';
import { splitFrame } from './split-frame.js';

describe('splitFrame', () => {
  it('a frame that fits — stays whole', () => {
    expect(splitFrame('{"a":1}\n{"b":2}')).toEqual(['{"a":1}\n{"b":2}']);
  });

  it('whatever the lines — keeps them all, in order, and makes no frame too long that has more than one', () => {
    const line = fc.integer({ min: 1, max: LIMITS.frameLength + 10 }).map((length) => 'x'.repeat(length));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), (lines) => {
        const frames = splitFrame(lines.join('\n'));
        expect(frames.flatMap((frame) => frame.split('\n')).map((one) => one.length)).toEqual(
          lines.map((one) => one.length),
        );
        for (const frame of frames) {
          if (frame.includes('\n')) expect(frame.length).toBeLessThanOrEqual(LIMITS.frameLength);
        }
      }),
    );
  });
});
