import type { Box } from './box.js';
import { cutWithEllipsis } from './plain-text.js';
import { textWidthEm, verticalReach } from './text-metrics.js';

/** A key term in its pill, both in pixels from the top left of the rows. */
interface Tag {
  readonly text: string;
  readonly pill: Box;
  readonly textWidthPx: number;
}

/** Key terms in rows; `heightPx` is 0 when there are none. */
export interface TagRows {
  readonly tags: readonly Tag[];
  readonly shown: readonly string[];
  readonly heightPx: number;
}

/** The size of tags. */
export const TAG_SIZE_PX = 22;
const PADDING_PX = 18;
const GAP_PX = 12;
const MIN_PILL_HEIGHT_PX = 44;
const MAX_PILL_SHARE = 0.75;

/** Flows terms into at most `maxRows` rows; what does not fit is counted in a last tag such as "+3". */
export function flowTags(terms: readonly string[], widthPx: number, maxRows: number): TagRows {
  const names = terms.map((term) =>
    cutWithEllipsis(term, (text) => textWidthEm(text) * TAG_SIZE_PX + 2 * PADDING_PX <= widthPx * MAX_PILL_SHARE),
  );
  const { aboveEm, belowEm } = verticalReach(names.join(''));
  const pillHeightPx = Math.max(MIN_PILL_HEIGHT_PX, Math.ceil((aboveEm + belowEm) * TAG_SIZE_PX + 12));
  for (let shown = names.length; shown > 0; shown--) {
    const rest = names.length - shown;
    const texts = rest === 0 ? names : [...names.slice(0, shown), `+${rest}`];
    const tags = place(texts, widthPx, pillHeightPx);
    const rows = 1 + Math.max(...tags.map((tag) => tag.pill.y)) / (pillHeightPx + GAP_PX);
    if (rows <= maxRows) {
      return { tags, shown: names.slice(0, shown), heightPx: rows * (pillHeightPx + GAP_PX) - GAP_PX };
    }
  }
  return { tags: [], shown: [], heightPx: 0 };
}

function place(texts: readonly string[], widthPx: number, pillHeightPx: number): Tag[] {
  let x = 0;
  let y = 0;
  return texts.map((text) => {
    const textWidthPx = textWidthEm(text) * TAG_SIZE_PX;
    const width = Math.ceil(textWidthPx) + 2 * PADDING_PX;
    if (x > 0 && x + width > widthPx) {
      x = 0;
      y += pillHeightPx + GAP_PX;
    }
    const pill = { x, y, width, height: pillHeightPx };
    x += width + GAP_PX;
    return { text, pill, textWidthPx };
  });
}
