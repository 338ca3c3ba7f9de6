import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { balanceLines, countLines, piecesOf, splitWidePieces } from './line-breaking.js';
import { cleanText } from './plain-text.js';
import { textWidthEm } from './text-metrics.js';

function broken(text: string, maxEm: number): string[] {
  const pieces = splitWidePieces(piecesOf(text), maxEm);
  return balanceLines(pieces, maxEm, countLines(pieces, maxEm) ?? 0);
}

describe('balanceLines', () => {
  it('makes lines even instead of filling the first', () => {
    expect(broken('Make government services better with research', 21)).toEqual([
      'Make government services',
      'better with research',
    ]);
  });

  it('ends a line after punctuation rather than after a short word', () => {
    expect(broken('Small teams, large systems', 14)).toEqual(['Small teams,', 'large systems']);
  });

  it('hyphenates a word only where it is really torn', () => {
    const lines = broken('Donaudampfschifffahrtsgesellschaft', 9);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.slice(0, -1).every((line) => line.endsWith('-'))).toBe(true);
    expect(lines.join('').replaceAll('-', '')).toBe('Donaudampfschifffahrtsgesellschaft');
    expect(lines.some((line) => line.slice(0, -1).includes('-'))).toBe(false);
  });

  it('starts no line with closing punctuation in scripts without spaces', () => {
    for (const line of broken('技術的負債とは何か、そしてなぜチームはそれを返済すべきなのか。', 7)) {
      expect(line).not.toMatch(/^[、。」）ゃゅょっー]/u);
    }
  });

  it('keeps every line within the width and loses no text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 120 }).map(cleanText),
        fc.integer({ min: 13, max: 40 }),
        (text, maxEm) => {
          fc.pre(text !== '');
          const lines = broken(text, maxEm);
          for (const line of lines) {
            expect(textWidthEm(line)).toBeLessThanOrEqual(maxEm + 1e-6);
          }
          const bare = (content: string) => content.replace(/[\s-]/gu, '');
          expect(bare(lines.join(''))).toBe(bare(text));
        },
      ),
      { numRuns: 500 },
    );
  });
});
