import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundProblems, pointerTo } from './problem.js';

/** RFC 6901, section 4. */
function follow(document: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], document);
}

describe('pointerTo', () => {
  it('points to any key of any document', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (outer, inner) => {
        const document = { [outer]: { [inner]: 'here' } };
        expect(follow(document, pointerTo(pointerTo('', outer), inner))).toBe('here');
      }),
    );
  });
});

describe('boundProblems', () => {
  it('keeps a hundred, and says how many there are besides', () => {
    const problems = Array.from({ length: 130 }, (_, index) => ({ pointer: `/${index}`, message: 'wrong' }));
    expect(boundProblems(problems.slice(0, 100))).toHaveLength(100);
    expect(boundProblems(problems)).toHaveLength(101);
    expect(boundProblems(problems).at(-1)?.message).toBe('and 30 more of the kind');
  });
});
