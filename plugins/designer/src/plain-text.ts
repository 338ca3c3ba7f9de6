/** Beyond this many code units nothing of a text could be drawn anyway; it also bounds the work. */
const MAX_CODE_UNITS = 1200;

/** Marks that stack on Latin, Greek or Cyrillic letters; two survive on a letter, which every real spelling fits in. */
const STACKED_MARKS =
  /([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]{2})[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]+/gu;

/** Invisible or unbalanced: bidi controls, soft hyphens, fillers, joiners of words, annotations, what XML 1.0 forbids. */
const INVISIBLE =
  /[\p{Cs}\p{Noncharacter_Code_Point}\u00ad\u061c\u115f\u1160\u180e\u200b\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\uffff]/gu;

const graphemeSegmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** One line of composed, visible, well-formed text that XML 1.0 allows; empty when nothing visible is left. */
export function cleanText(text: string): string {
  const visible = text
    .slice(0, MAX_CODE_UNITS)
    .replace(/[\s\u0085]+/gu, ' ')
    .replace(/\p{Cc}/gu, '')
    .replace(INVISIBLE, '')
    .normalize('NFC')
    .replace(STACKED_MARKS, '$1')
    .replace(/(\p{M}{6})\p{M}+/gu, '$1')
    .replace(/(^| )[\p{M}\u200c\u200d]+/gu, '$1')
    .replace(/ +/gu, ' ')
    .trim();
  return /[^\p{M}\p{Cf}\p{Zs}\p{Default_Ignorable_Code_Point}]/u.test(visible) ? visible : '';
}

/** What a reader takes for single characters. */
export function graphemesOf(text: string): string[] {
  return Array.from(graphemeSegmenter.segment(text), ({ segment }) => segment);
}

/** Keeps the first characters that `fits` accepts together with an ellipsis; the text itself when it fits whole. */
export function cutWithEllipsis(text: string, fits: (candidate: string) => boolean): string {
  if (fits(text)) {
    return text;
  }
  const characters = graphemesOf(text);
  const cutAt = (count: number) =>
    `${characters
      .slice(0, count)
      .join('')
      .replace(/[\s\p{P}]+$/u, '')}…`;
  let low = 0;
  let high = characters.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(cutAt(middle))) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return cutAt(low);
}

/** By the first letter that has a direction, as Unicode's bidirectional algorithm decides for a paragraph. */
export function isRightToLeft(text: string): boolean {
  const first = /\p{L}/u.exec(text)?.[0];
  return (
    first !== undefined &&
    /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u.test(first)
  );
}
