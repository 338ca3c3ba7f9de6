import type { Box } from './box.js';
import { type Composition, compose, RULE, SUBTITLE_GAP_PX, TAGS_GAP_PX, type Texts } from './composition.js';
import { InvalidIllustrationInput } from './invalid-input.js';
import { type MotifName, pickMotif } from './motifs/gallery.js';
import { type Palette, settleTones, type Tones } from './palette.js';
import { cleanText, isRightToLeft } from './plain-text.js';
import { createRandom, hashText } from './seeded-random.js';
import { TAG_SIZE_PX } from './tags.js';
import { textWidthEm, verticalReach } from './text-metrics.js';
import type { SetText } from './type-setting.js';

/** What is to be illustrated. Colours are `#rgb` or `#rrggbb`; missing ones are chosen. */
export interface IllustrationInput {
  readonly title: string;
  readonly subtitle?: string;
  /** At most 12 key terms, the most important first. */
  readonly terms: readonly string[];
  readonly palette?: Partial<Palette>;
}

/** One line of text, where it is drawn and what it covers at most in any family of the font stack. */
export interface TextLine {
  readonly role: 'title' | 'subtitle' | 'term';
  readonly text: string;
  readonly x: number;
  readonly baselineY: number;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly sizePx: number;
  readonly weight: 400 | 600 | 700;
  readonly colour: string;
  /** The colour behind the text. */
  readonly ground: string;
  readonly box: Box;
}

/** An illustration as plain data: everything is placed, nothing is drawn yet. */
export interface Layout {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly seed: string;
  readonly tones: Tones;
  readonly motif: {
    readonly name: MotifName;
    readonly area: Box;
    readonly openSide: Composition['openSide'];
    readonly termCount: number;
  };
  readonly rule: Box;
  readonly pills: readonly Box[];
  readonly lines: readonly TextLine[];
}

/** More key terms than a header can carry. */
const MAX_TERMS = 12;

/**
 * Places everything of an illustration. The same input gives the same layout.
 * @throws {InvalidIllustrationInput} for a title without visible text, too many terms or a colour that is none.
 */
export function layOut(input: IllustrationInput): Layout {
  const texts = textsOf(input);
  const seed = JSON.stringify([texts.title, texts.subtitle, texts.terms]);
  const tones = settleTones(input.palette ?? {}, createRandom(`palette ${seed}`));
  const isMirrored = isRightToLeft(texts.title);
  const composition = compose(texts, isMirrored, createRandom(`composition ${seed}`));
  const { column, title, subtitle, tagRows } = composition;
  const spare = column.height - contentHeight(composition);
  const isTagless = tagRows.heightPx === 0;
  const top = Math.round(column.y + spare * (isTagless ? 0.42 : 0.3));
  const titleTop = top + RULE.height + RULE.gap;
  const subtitleTop = titleTop + title.heightPx + SUBTITLE_GAP_PX;
  const tags = tagLines(composition, tones, isMirrored);
  return {
    id: `illustration-${fingerprint(seed + JSON.stringify(tones))}`,
    title: texts.title,
    description: describe(texts),
    seed,
    tones,
    motif: {
      name: pickMotif(createRandom(`motif ${seed}`)),
      area: composition.motif,
      openSide: composition.openSide,
      termCount: texts.terms.length,
    },
    rule: {
      x: isMirrored ? column.x + column.width - RULE.width : column.x,
      y: top,
      width: RULE.width,
      height: RULE.height,
    },
    pills: tags.pills,
    lines: [
      ...blockLines('title', title, titleTop, column, isMirrored, tones),
      ...(subtitle === undefined ? [] : blockLines('subtitle', subtitle, subtitleTop, column, isMirrored, tones)),
      ...tags.lines,
    ],
  };
}

function textsOf(input: IllustrationInput): Texts {
  const title = cleanText(input.title);
  if (title === '') {
    throw new InvalidIllustrationInput('title', 'must contain visible text');
  }
  if (input.terms.length > MAX_TERMS) {
    throw new InvalidIllustrationInput('terms', `must be at most ${MAX_TERMS}`);
  }
  const terms = new Map(
    input.terms
      .map(cleanText)
      .filter((term) => term !== '')
      .map((term) => [term.toLowerCase(), term]),
  );
  return { title, subtitle: cleanText(input.subtitle ?? ''), terms: [...terms.values()] };
}

function contentHeight({ title, subtitle, tagRows }: Composition): number {
  const subtitlePx = subtitle === undefined ? 0 : SUBTITLE_GAP_PX + subtitle.heightPx;
  return (
    RULE.height + RULE.gap + title.heightPx + subtitlePx + (tagRows.heightPx === 0 ? 0 : tagRows.heightPx + TAGS_GAP_PX)
  );
}

function blockLines(
  role: 'title' | 'subtitle',
  block: SetText,
  top: number,
  column: Box,
  isMirrored: boolean,
  tones: Tones,
): TextLine[] {
  const x = isMirrored ? column.x + column.width : column.x;
  return block.lines.map((text, index) => {
    const baselineY = top + block.abovePx + index * block.leadingPx;
    const width = textWidthEm(text) * block.sizePx;
    return {
      role,
      text,
      x,
      baselineY,
      anchor: isMirrored ? 'end' : 'start',
      sizePx: block.sizePx,
      weight: role === 'title' ? 700 : 400,
      colour: role === 'title' ? tones.foreground : tones.muted,
      ground: tones.background,
      box: {
        x: isMirrored ? x - width : x,
        y: baselineY - block.abovePx,
        width,
        height: block.abovePx + block.belowPx,
      },
    };
  });
}

function tagLines({ column, tagRows }: Composition, tones: Tones, isMirrored: boolean) {
  const top = column.y + column.height - tagRows.heightPx;
  const pills: Box[] = [];
  const lines: TextLine[] = [];
  for (const { text, pill, textWidthPx } of tagRows.tags) {
    const x = isMirrored ? column.x + column.width - pill.x - pill.width : column.x + pill.x;
    const y = top + pill.y;
    const { aboveEm, belowEm } = verticalReach(text);
    const above = aboveEm * TAG_SIZE_PX;
    const height = (aboveEm + belowEm) * TAG_SIZE_PX;
    const boxTop = y + (pill.height - height) / 2;
    const centre = x + pill.width / 2;
    pills.push({ x, y, width: pill.width, height: pill.height });
    lines.push({
      role: 'term',
      text,
      x: centre,
      baselineY: boxTop + above,
      anchor: 'middle',
      sizePx: TAG_SIZE_PX,
      weight: 600,
      colour: tones.onSurface,
      ground: tones.surface,
      box: { x: centre - textWidthPx / 2, y: boxTop, width: textWidthPx, height },
    });
  }
  return { pills, lines };
}

function describe({ title, subtitle, terms }: Texts): string {
  const about = terms.length === 0 ? '' : ` Key terms: ${terms.join(', ')}.`;
  return `Illustration for “${title}”${subtitle === '' ? '' : ` (${subtitle})`}, lettering beside a geometric pattern.${about}`;
}

function fingerprint(text: string): string {
  return [hashText(text), hashText(text, 0x5bd1e995)].map((hash) => hash.toString(36).padStart(7, '0')).join('');
}
