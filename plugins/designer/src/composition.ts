import type { Box } from './box.js';
import type { Random } from './seeded-random.js';
import { flowTags, type TagRows } from './tags.js';
import { type SetText, setText } from './type-setting.js';

export const CANVAS = { width: 1200, height: 630 } as const;

/** Where the motif lies, on which of its sides the text is, and the column that the text may fill. */
interface Frame {
  readonly motif: Box;
  readonly openSide: 'left' | 'right' | 'top' | 'bottom';
  readonly column: Box;
  /** How much of the title's size this frame may cost compared to the others. */
  readonly charm: number;
}

/** A frame with its texts set to fit into it. */
export interface Composition extends Omit<Frame, 'charm'> {
  readonly title: SetText;
  readonly subtitle: SetText | undefined;
  readonly tagRows: TagRows;
}

/** The cleaned texts that are composed. */
export interface Texts {
  readonly title: string;
  readonly subtitle: string;
  readonly terms: readonly string[];
}

const MARGIN_PX = 72;
const TITLE_SIZES_PX = [136, 124, 114, 104, 96, 88, 80, 74, 68, 63, 58, 54, 50, 47, 44, 41, 38, 35, 32];
const SUBTITLE_SIZES_PX = [30, 27, 25];

/** From this size on a title is large enough for any frame. */
const COMFORTABLE_PX = 63;

/** Space that belongs to the accent rule above the title, and between the blocks of the column. */
export const RULE = { width: 64, height: 8, gap: 34 } as const;
export const SUBTITLE_GAP_PX = 26;
export const TAGS_GAP_PX = 36;

/** Sets the texts in every frame and picks, by the stream, one of those that show the title well. */
export function compose(texts: Texts, isMirrored: boolean, random: Random): Composition {
  const settings = frames(isMirrored).map((frame) => ({ frame, composition: fill(frame, texts) }));
  const worth = ({ frame, composition: { title } }: (typeof settings)[number]) =>
    (title.isCut ? 0.5 : 1) * Math.min(title.sizePx, COMFORTABLE_PX) * frame.charm;
  const best = Math.max(...settings.map(worth));
  const [first, ...rest] = settings.filter((setting) => worth(setting) >= best * 0.86);
  if (first === undefined) {
    throw new Error('no frame was set');
  }
  return random.pick([first, ...rest]).composition;
}

function fill({ motif, openSide, column }: Frame, texts: Texts): Composition {
  const tagRows = flowTags(texts.terms, column.width, column.width > 800 ? 1 : 2);
  const tagsPx = tagRows.heightPx === 0 ? 0 : tagRows.heightPx + TAGS_GAP_PX;
  const roomPx = column.height - RULE.height - RULE.gap - tagsPx;
  const subtitle =
    texts.subtitle === ''
      ? undefined
      : setText(texts.subtitle, {
          widthPx: Math.min(column.width, 820),
          heightPx: roomPx * 0.32,
          sizesPx: SUBTITLE_SIZES_PX,
          maxLines: () => 2,
        });
  const title = setText(texts.title, {
    widthPx: column.width,
    heightPx: roomPx - (subtitle === undefined ? 0 : subtitle.heightPx + SUBTITLE_GAP_PX),
    sizesPx: TITLE_SIZES_PX,
    maxLines: (sizePx) => (sizePx >= 100 ? 2 : sizePx >= 80 ? 3 : sizePx >= 54 ? 4 : sizePx >= 44 ? 5 : 9),
  });
  return { motif, openSide, column, title, subtitle, tagRows };
}

function frames(isMirrored: boolean): Frame[] {
  return [beside(420, 1, isMirrored), beside(315, 0.87, isMirrored), along('bottom', 1), along('top', 0.95)];
}

function beside(motifWidth: number, charm: number, isMirrored: boolean): Frame {
  const width = CANVAS.width - motifWidth - MARGIN_PX - 56;
  const column = { x: MARGIN_PX, y: MARGIN_PX, width, height: CANVAS.height - 2 * MARGIN_PX };
  const motif = { x: CANVAS.width - motifWidth, y: 0, width: motifWidth, height: CANVAS.height };
  return isMirrored
    ? { motif: { ...motif, x: 0 }, openSide: 'right', column: { ...column, x: motifWidth + 56 }, charm }
    : { motif, openSide: 'left', column, charm };
}

function along(side: 'top' | 'bottom', charm: number): Frame {
  const height = 200;
  const innerGap = 52;
  const motif = { x: 0, y: side === 'top' ? 0 : CANVAS.height - height, width: CANVAS.width, height };
  const column = {
    x: MARGIN_PX,
    y: side === 'top' ? height + innerGap : 60,
    width: CANVAS.width - 2 * MARGIN_PX,
    height: CANVAS.height - height - innerGap - 60,
  };
  return { motif, openSide: side === 'top' ? 'bottom' : 'top', column, charm };
}
