import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isLengthWithin } from './unicode-length.js';

describe('isLengthWithin', () => {
  it('counts as iteration over a string does, lone surrogates included', () => {
    const unit = fc.constantFrom('a', 'é', '\u{1f600}', '\ud83d', '\ude00', '\ufe0f');
    fc.assert(
      fc.property(fc.array(unit), fc.nat(8), fc.oneof(fc.nat(8), fc.constant(Infinity)), (units, min, max) => {
        const text = units.join('');
        const count = [...text].length;
        expect(isLengthWithin(text, min, max)).toBe(count >= min && count <= max);
      }),
    );
  });
});
