import { balanceLines, countLines, type Piece, piecesOf, splitWidePieces } from './line-breaking.js';
import { cutWithEllipsis } from './plain-text.js';
import { textWidthEm, verticalReach } from './text-metrics.js';

/** Text set in lines of one size, in pixels; the first line's ink starts `abovePx` over its baseline. */
export interface SetText {
  readonly lines: readonly string[];
  readonly sizePx: number;
  readonly leadingPx: number;
  readonly abovePx: number;
  readonly belowPx: number;
  /** From the top of the first line's ink to the bottom of the last one's. */
  readonly heightPx: number;
  readonly isCut: boolean;
}

/** The room that a text may take and the sizes that it may have, large to small. */
export interface TypeSpace {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sizesPx: readonly number[];
  /** More lines than this look crowded at the size. */
  readonly maxLines: (sizePx: number) => number;
}

/**
 * Sets a text as large as it fits with its words whole; a word that would force it small is broken instead; what does
 * not even fit at the smallest size is cut with an ellipsis.
 */
export function setText(text: string, space: TypeSpace): SetText {
  const pieces = piecesOf(text);
  const smallestPx = Math.min(...space.sizesPx);
  const whole = pickWhole(space.sizesPx.map((sizePx) => trySize(text, pieces, sizePx, space)));
  if (whole !== undefined && whole.sizePx > smallestPx) {
    return whole;
  }
  const broken = space.sizesPx.map((sizePx) => tryBroken(text, sizePx, space)).find((set) => set !== undefined);
  if (broken !== undefined) {
    return whole !== undefined && broken.sizePx < whole.sizePx * 1.3 ? whole : broken;
  }
  const cut = cutWithEllipsis(text, (candidate) => tryBroken(candidate, smallestPx, space) !== undefined);
  const set = tryBroken(cut, smallestPx, space) ?? lines([cut], smallestPx);
  return { ...set, isCut: true };
}

/** The largest setting, or one not much smaller whose lines are clearly more even. */
function pickWhole(settings: readonly (SetText | undefined)[]): SetText | undefined {
  const fitting = settings.filter((set) => set !== undefined);
  const worth = ({ lines: content, sizePx }: SetText) => {
    const widths = content.map(textWidthEm);
    return sizePx * (0.65 + (0.35 * Math.min(...widths)) / Math.max(...widths));
  };
  const largestPx = Math.max(...fitting.map((set) => set.sizePx));
  return fitting.filter((set) => set.sizePx >= largestPx * 0.75).sort((a, b) => worth(b) - worth(a))[0];
}

function tryBroken(text: string, sizePx: number, space: TypeSpace): SetText | undefined {
  return trySize(text, splitWidePieces(piecesOf(text), space.widthPx / sizePx), sizePx, space);
}

function trySize(text: string, pieces: readonly Piece[], sizePx: number, space: TypeSpace): SetText | undefined {
  const maxEm = space.widthPx / sizePx;
  const count = countLines(pieces, maxEm);
  if (count === undefined || count > space.maxLines(sizePx)) {
    return undefined;
  }
  if (lines(Array<string>(count).fill(text), sizePx).heightPx > space.heightPx) {
    return undefined;
  }
  return lines(balanceLines(pieces, maxEm, count), sizePx);
}

function lines(content: readonly string[], sizePx: number): SetText {
  const { aboveEm, belowEm } = verticalReach(content.join(''));
  const leadingPx = Math.ceil(sizePx * Math.max(aboveEm + belowEm, sizePx > 60 ? 1.08 : 1.18));
  const abovePx = aboveEm * sizePx;
  const belowPx = belowEm * sizePx;
  const heightPx = abovePx + belowPx + (content.length - 1) * leadingPx;
  return { lines: content, sizePx, leadingPx, abovePx, belowPx, heightPx, isCut: false };
}
