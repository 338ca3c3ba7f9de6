import { glyphWidthEm } from './glyph-widths.js';

/** How far the ink of a text reaches above and below its baseline, in em, at most. */
interface VerticalReach {
  readonly aboveEm: number;
  readonly belowEm: number;
}

/** Arabic letters whose initial and medial forms are much narrower than the final and isolated ones of the table. */
const JOINED_WIDTHS_EM: ReadonlyMap<string, number> = new Map(
  (
    [
      ['ئبتثلنىيٹٺٻپٿڀڻیې', 0.42],
      ['كکڭگڱڳ', 0.6],
      ['فقڤڦهہ', 0.74],
      ['صضسش', 1.04],
    ] as const
  ).flatMap(([letters, widthEm]) => [...letters].map((letter) => [letter, widthEm] as const)),
);

/** Letters that join to the one before; hamza does not. */
const ARABIC_LETTER = /^[\u0622-\u064a\u066e-\u06d3]$/u;

const knownWidths = new Map<string, number>();

/** An upper bound for the width of a text in em, in any family of the font stack, bold or not. */
export function textWidthEm(text: string): number {
  let width = 0;
  let joining: string | undefined;
  for (const character of text) {
    if (joining !== undefined) {
      width += ARABIC_LETTER.test(character) ? (JOINED_WIDTHS_EM.get(joining) ?? 0) : characterWidthEm(joining);
      joining = undefined;
    }
    if (JOINED_WIDTHS_EM.has(character)) {
      joining = character;
    } else {
      width += characterWidthEm(character);
    }
  }
  return joining === undefined ? width : width + characterWidthEm(joining);
}

/** An upper bound for the ink of a text around its baseline; scripts that stack get the room that they need. */
export function verticalReach(text: string): VerticalReach {
  let aboveEm = 0.8;
  let belowEm = 0.25;
  for (const character of text) {
    const reach = characterReach(character);
    aboveEm = Math.max(aboveEm, reach[0]);
    belowEm = Math.max(belowEm, reach[1]);
  }
  // Marks that did not compose with their letter stand above or below everything else.
  const stacked = /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]{1,2}/u.exec(text)?.[0].length ?? 0;
  return { aboveEm: aboveEm + stacked * 0.25, belowEm: belowEm + stacked * 0.22 };
}

function characterWidthEm(character: string): number {
  const known = knownWidths.get(character);
  if (known !== undefined) {
    return known;
  }
  const width = glyphWidthEm(character.codePointAt(0) ?? 0);
  if (knownWidths.size < 5000) {
    knownWidths.set(character, width);
  }
  return width;
}

const PLAIN: readonly [number, number] = [0.8, 0.25];

function characterReach(character: string): readonly [aboveEm: number, belowEm: number] {
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint < 0x7f || /[\u00ab\u00b7\u00bb\u2010-\u2026\u2039\u203a]/u.test(character)) {
    return PLAIN;
  }
  if (/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u.test(character)) {
    if (character.normalize('NFD') === character) {
      return [0.85, 0.28];
    }
    return /\p{Lu}/u.test(character) ? [1.14, 0.3] : [1.0, 0.3];
  }
  if (
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u30ff\uff00-\uffef]/u.test(character)
  ) {
    return [0.94, 0.2];
  }
  if (/[\p{Script=Hebrew}\p{Script=Armenian}\p{Script=Georgian}\p{Extended_Pictographic}]/u.test(character)) {
    return [1.02, 0.36];
  }
  if (/[\p{Script=Arabic}\p{Script=Thai}\p{Script=Devanagari}]/u.test(character)) {
    return [1.16, 0.5];
  }
  return /[\p{Cf}\p{Variation_Selector}]/u.test(character) ? PLAIN : [1.35, 0.68];
}
