import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanText, cutWithEllipsis, graphemesOf, isRightToLeft } from './plain-text.js';

describe('cleanText', () => {
  it('drops what XML cannot carry and what nobody sees', () => {
    expect(cleanText('a\u0000b\u{d800}c\ufffe d\u202e\ufeff')).toBe('abc d');
    expect(cleanText(' one\n\t two\u2028three ')).toBe('one two three');
    expect(cleanText('\u200b\u200d \u2060')).toBe('');
  });

  it('composes accents and stops marks from piling up', () => {
    expect(cleanText('e\u0301')).toBe('é');
    expect(cleanText(`o${'\u0335\u0321'.repeat(30)}k`)).toHaveLength(4);
  });

  it('keeps emoji families and the joiners of Persian whole', () => {
    expect(cleanText('👩‍👩‍👧‍👦')).toBe('👩‍👩‍👧‍👦');
    expect(cleanText('می‌خواهم')).toBe('می‌خواهم');
  });

  it('changes nothing on the second run', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        expect(cleanText(cleanText(text))).toBe(cleanText(text));
      }),
      { numRuns: 500 },
    );
  });
});

describe('cutWithEllipsis', () => {
  it('cuts between characters as readers see them', () => {
    const cut = cutWithEllipsis('👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', (text) => graphemesOf(text).length <= 2);
    expect(cut).toBe('👩‍👩‍👧‍👦…');
  });

  it('leaves no space or punctuation before the ellipsis', () => {
    expect(cutWithEllipsis('one, two', (text) => text.length <= 6)).toBe('one…');
  });
});

describe('isRightToLeft', () => {
  it('goes by the first letter', () => {
    expect(isRightToLeft('“שלום” world')).toBe(true);
    expect(isRightToLeft('42 مرحبا')).toBe(true);
    expect(isRightToLeft('API الجديدة')).toBe(false);
    expect(isRightToLeft('123 …')).toBe(false);
  });
});
