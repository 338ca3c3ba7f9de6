import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { portablePattern } from './portable-pattern.js';

describe('portablePattern', () => {
  it.each([
    /^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/,
    /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
    /^\d{4}-\d{2}$/,
    /^https?:\/\/\w+\.example$/g,
    /\s+?/,
    /[\w.+-]+@[\w-]+/,
    /^.{1,5}$/u,
    /\p{Letter}/u,
    /^(?!-)[^\s]+$/u,
  ])('takes %s as it is', (expression) => {
    expect(portablePattern(expression)).toEqual({ pattern: expression.source });
  });

  it.each([
    ['another case', /a/i],
    ['lines', /^a/m],
    ['a dot over line ends', /a.b/su],
    ['stickiness', /a/y],
    ['set notation', /[a--b]/v],
    ['a dot that may be half a character', /^.$/],
    ['a negated class', /[^a]/],
    ['a negated escape', /\W/],
    ['an astral literal', /😀/],
    ['a look-ahead', /(?!a)/],
    ['a back reference', /(a)\1/],
    ['what the u flag does not allow', /a{/],
    ['a range that the u flag does not allow', /[\w-x]/],
  ])('refuses %s', (_, expression) => {
    expect(portablePattern(expression).obstacle).toBeDefined();
  });

  it('takes only what matches the same with the u flag', () => {
    const piece = fc.constantFrom(
      'a',
      '.',
      '^',
      '$',
      '|',
      '(?:a|b)',
      '[ab]',
      '[^a]',
      '\\w',
      '\\W',
      '\\s',
      '\\b',
      '*',
      '?',
      '{2}',
      '(?=a)',
      '\ud83d',
      '-',
    );
    const text = fc
      .array(fc.constantFrom('a', 'b', ' ', '-', '\u{1f600}', '\ud83d', '\ude00', 'ſ', '\u2003'))
      .map((units) => units.join(''));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), text, (pieces, text) => {
        const source = pieces.join('');
        let expression: RegExp;
        try {
          expression = new RegExp(source);
        } catch {
          return;
        }
        const portable = portablePattern(expression);
        if (portable.obstacle !== undefined) return;
        expect(new RegExp(portable.pattern, 'u').test(text)).toBe(expression.test(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
