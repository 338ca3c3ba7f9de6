import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyEdits, composeEdits, type SourceEdit, withoutOverlaps } from './source-edits.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 20 });

/** Edits that fit a text of the given length, sorted and apart. */
function editsOf(length: number): fc.Arbitrary<SourceEdit[]> {
  const edit = fc.record({
    rule: fc.constant('r'),
    start: fc.nat({ max: length }),
    end: fc.nat({ max: length }),
    after: fc.string({ maxLength: 3 }),
  });
  return fc
    .array(edit, { maxLength: 6 })
    .map((edits) =>
      withoutOverlaps(edits.map((e) => ({ ...e, start: Math.min(e.start, e.end), end: Math.max(e.start, e.end) }))),
    );
}

describe('composeEdits — two rounds of edits as one', () => {
  it('has the outcome of both', () => {
    const rounds = text.chain((original) =>
      editsOf(original.length).chain((first) =>
        editsOf(applyEdits(original, first).length).map((second) => ({ original, first, second })),
      ),
    );
    fc.assert(
      fc.property(rounds, ({ original, first, second }) => {
        const composed = composeEdits(original, first, second);
        expect(applyEdits(original, composed)).toBe(applyEdits(applyEdits(original, first), second));
        expect(withoutOverlaps(composed)).toEqual(composed);
      }),
      { numRuns: 2_000 },
    );
  });

  it('joins what meets under the first rule, and places the rest in the original', () => {
    const first = [{ rule: 'one', start: 0, end: 3, after: 'x' }];
    const second = [
      { rule: 'two', start: 0, end: 2, after: 'y' },
      { rule: 'three', start: 5, end: 6, after: '' },
    ];
    expect(composeEdits('abc defg', first, second)).toEqual([
      { rule: 'one', start: 0, end: 4, after: 'y' },
      { rule: 'three', start: 7, end: 8, after: '' },
    ]);
  });
});
