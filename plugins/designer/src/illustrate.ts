import { CANVAS } from './composition.js';
import { type IllustrationInput, layOut } from './layout.js';
import type { Palette } from './palette.js';
import { renderSvg } from './render.js';

/** A header picture for an article. */
export interface Illustration {
  /** A self-contained SVG document. */
  readonly svg: string;
  /** What to say to those who do not see it. */
  readonly alt: string;
  readonly width: number;
  readonly height: number;
  /** The colours as they were used, after any change that contrast asked for. */
  readonly palette: Palette;
}

/**
 * Draws the header of an article: its title, its key terms and a calm pattern. The same input gives the same picture.
 * @throws {InvalidIllustrationInput} naming the field that cannot be drawn.
 */
export function illustrate(input: IllustrationInput): Illustration {
  const layout = layOut(input);
  const { background, foreground, accent } = layout.tones;
  return {
    svg: renderSvg(layout),
    alt: layout.description,
    width: CANVAS.width,
    height: CANVAS.height,
    palette: { background, foreground, accent },
  };
}
