import { graphemesOf } from './plain-text.js';
import { textWidthEm } from './text-metrics.js';

/** What stays together on a line, and what a break before it costs (0 between words, more inside them). */
export interface Piece {
  readonly text: string;
  readonly isAfterSpace: boolean;
  readonly breakCost: number;
  /** Torn out of a word: a line that ends with it ends with a hyphen. */
  readonly isTorn?: boolean;
}

const SPACE_EM = textWidthEm(' ');
const HYPHEN_EM = textWidthEm('-');

/** Scripts written without spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3000-\u303f\uff00-\uffef]/u;

/** No line begins with these, or ends with an opening bracket or quotation mark. */
const NOT_FIRST = /^[\p{Pe}\p{Pf}\p{Po}\p{M}\p{Lm}\p{Sk}\p{Pd}ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々〻%°…]/u;
const NOT_LAST = /[\p{Ps}\p{Pi}#$€£¥@]$/u;

const wordSegmenter = new Intl.Segmenter('en', { granularity: 'word' });

/** Splits a text where lines may end: at spaces, after hyphens and dashes, between words of scripts without spaces. */
export function piecesOf(text: string): Piece[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) =>
      partsOfWord(word).map((part, index) => ({
        text: part,
        isAfterSpace: index === 0,
        breakCost: index === 0 || UNSPACED.test(part) ? 0 : 0.02,
      })),
    );
}

/** Splits what is wider than a line into parts of about equal width, with a hyphen where letters are torn apart. */
export function splitWidePieces(pieces: readonly Piece[], maxEm: number): Piece[] {
  return pieces.flatMap((piece) => {
    const widthEm = textWidthEm(piece.text);
    if (widthEm <= maxEm) {
      return [piece];
    }
    const roomEm = maxEm - HYPHEN_EM;
    const targetEm = Math.min(roomEm, (widthEm / Math.ceil(widthEm / roomEm)) * 1.06);
    const units = graphemesOf(piece.text).flatMap((unit) => (textWidthEm(unit) > roomEm ? [...unit] : [unit]));
    const parts: string[] = [];
    let part = '';
    for (const unit of units) {
      if (part !== '' && textWidthEm(part + unit) > targetEm) {
        const kept = syllableEnd(part, unit);
        parts.push(part.slice(0, kept));
        part = part.slice(kept);
      }
      part += unit;
    }
    parts.push(part);
    return parts.map((content, index) => ({
      text: content,
      isAfterSpace: index === 0 && piece.isAfterSpace,
      breakCost: index === 0 ? piece.breakCost : 0.1,
      isTorn: isInsideWord(content, parts[index + 1] ?? ''),
    }));
  });
}

/** How many lines the pieces take at least; undefined when one is wider than a line. */
export function countLines(pieces: readonly Piece[], maxEm: number): number | undefined {
  let lines = 1;
  let lineEm = 0;
  for (const [index, piece] of pieces.entries()) {
    const widthEm = textWidthEm(piece.text);
    const hyphenEm = piece.isTorn ? HYPHEN_EM : 0;
    if (widthEm + hyphenEm > maxEm) {
      return undefined;
    }
    const gapEm = index > 0 && piece.isAfterSpace ? SPACE_EM : 0;
    if (lineEm + gapEm + widthEm + hyphenEm > maxEm && index > 0) {
      lines++;
      lineEm = widthEm;
    } else {
      lineEm += gapEm + widthEm;
    }
  }
  return lines;
}

/**
 * Sets the pieces in exactly `lineCount` lines of at most `maxEm`, as even as they can be: breaks follow punctuation
 * rather than short words, and words stay whole where possible. There must be as many pieces as lines, and they must fit.
 */
export function balanceLines(pieces: readonly Piece[], maxEm: number, lineCount: number): string[] {
  const offsets = [0];
  for (const piece of pieces) {
    offsets.push((offsets.at(-1) ?? 0) + (piece.isAfterSpace ? SPACE_EM : 0) + textWidthEm(piece.text));
  }
  const widthBetween = (from: number, to: number) =>
    (offsets[to] ?? 0) -
    (offsets[from] ?? 0) -
    (pieces[from]?.isAfterSpace ? SPACE_EM : 0) +
    (pieces[to - 1]?.isTorn ? HYPHEN_EM : 0);
  const evenEm = widthBetween(0, pieces.length) / lineCount;
  // best[n][end]: the cheapest way to set the pieces before `end` in n lines, and where its last line starts.
  let best: { cost: number; starts: readonly number[] }[] = [{ cost: 0, starts: [] }];
  for (let line = 1; line <= lineCount; line++) {
    const next: { cost: number; starts: readonly number[] }[] = [];
    for (let end = line; end <= pieces.length; end++) {
      for (let from = end - 1; from >= line - 1; from--) {
        const widthEm = widthBetween(from, end);
        if (widthEm > maxEm + 1e-9) {
          break;
        }
        const before = best[from];
        const isLast = line === lineCount;
        if (before === undefined || isLast !== (end === pieces.length)) {
          continue;
        }
        const unevenness = (widthEm - evenEm) / maxEm;
        const cost = before.cost + unevenness * unevenness + (isLast ? 0 : breakCost(pieces, end));
        if (cost < (next[end]?.cost ?? Number.POSITIVE_INFINITY)) {
          next[end] = { cost, starts: [...before.starts, from] };
        }
      }
    }
    best = next;
  }
  const starts = best[pieces.length]?.starts ?? [0];
  return starts.map((from, line) => joinPieces(pieces.slice(from, starts[line + 1] ?? pieces.length)));
}

function joinPieces(pieces: readonly Piece[]): string {
  const text = pieces.map((piece, index) => (index > 0 && piece.isAfterSpace ? ' ' : '') + piece.text).join('');
  return pieces.at(-1)?.isTorn ? `${text}-` : text;
}

/** What ending a line before the piece at `index` costs. */
function breakCost(pieces: readonly Piece[], index: number): number {
  const last = pieces[index - 1]?.text ?? '';
  const cost = pieces[index]?.breakCost ?? 0;
  if (/[:;,.?!—–、。：，]$/u.test(last)) {
    return cost - 0.04;
  }
  return /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}'’]{1,3}$/u.test(last) ? cost + 0.025 : cost;
}

function isInsideWord(before: string, after: string): boolean {
  const letter = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u;
  return letter.test(before.at(-1) ?? '') && letter.test(after.at(0) ?? '');
}

/** Where to end a part of a Latin word so that the next one starts like a syllable; the whole part when nothing is near. */
function syllableEnd(part: string, next: string): number {
  const text = part + next;
  for (let end = part.length; end > Math.max(part.length - 4, part.length / 2); end--) {
    if (
      /[a-zäöüß]{2}$/iu.test(text.slice(0, end)) &&
      /^(?![hlr])[bcdfghjklmnpqrstvwxz](?:h|l|r)?[aeiouyäöü]/iu.test(text.slice(end))
    ) {
      return end;
    }
  }
  return part.length;
}

function partsOfWord(word: string): string[] {
  const parts: string[] = [];
  const segments = UNSPACED.test(word)
    ? Array.from(wordSegmenter.segment(word), ({ segment }) => segment)
    : word.split(/(?<=[\p{L}\p{N}][-‐–—/])(?=[\p{L}\p{N}])/u);
  for (const segment of segments) {
    const previous = parts.at(-1);
    if (
      previous !== undefined &&
      (NOT_FIRST.test(segment) || NOT_LAST.test(previous) || isParticle(segment, previous))
    ) {
      parts[parts.length - 1] = previous + segment;
    } else {
      parts.push(segment);
    }
  }
  return parts;
}

/** Short hiragana after another word, such as は or から: Japanese lines rather end after it than before. */
function isParticle(segment: string, previous: string): boolean {
  return /^\p{Script=Hiragana}{1,3}$/u.test(segment) && /[\p{L}\p{N}]$/u.test(previous) && previous.length <= 6;
}
