import { hexFromOklch, linearFromHex, oklchFromHex } from './colour.js';

/** WCAG 2.2, 1.4.3: what text of any size needs on its ground. Black or white always reaches it. */
export const TEXT_CONTRAST = 4.5;

/** WCAG 2.2, 1.4.11: what a meaningful shape needs on its ground. */
export const SHAPE_CONTRAST = 3;

/** The WCAG contrast ratio of two `#rrggbb` colours, 1 to 21. */
export function contrastRatio(one: string, other: string): number {
  const a = luminance(one);
  const b = luminance(other);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/**
 * The colour nearest to the wanted one, in lightness, that reaches `ratio` on `ground`; hue stays, and chroma as far as
 * sRGB allows. The wanted colour itself when it already does. Black or white when the ground cannot give the ratio, which
 * happens only above 4.58.
 */
export function readableOn(ground: string, wanted: string, ratio: number): string {
  if (contrastRatio(ground, wanted) >= ratio) {
    return wanted;
  }
  const start = oklchFromHex(wanted).lightness;
  const candidates = [0, 1]
    .map((limit) => towards(ground, wanted, limit, ratio))
    .filter((candidate) => contrastRatio(ground, candidate) >= ratio);
  const distance = (hex: string) => Math.abs(oklchFromHex(hex).lightness - start);
  candidates.sort((one, other) => distance(one) - distance(other));
  return (
    candidates[0] ?? (contrastRatio(ground, '#000000') >= contrastRatio(ground, '#ffffff') ? '#000000' : '#ffffff')
  );
}

/** Halves its way from the wanted lightness to black (0) or white (1) and keeps the nearest that reaches the ratio. */
function towards(ground: string, wanted: string, limit: number, ratio: number): string {
  const { lightness, chroma, hue } = oklchFromHex(wanted);
  let failing = lightness;
  let passing = limit;
  let best = limit === 0 ? '#000000' : '#ffffff';
  for (let step = 0; step < 16; step++) {
    const middle = (failing + passing) / 2;
    const candidate = hexFromOklch({ lightness: middle, chroma, hue });
    if (contrastRatio(ground, candidate) >= ratio) {
      passing = middle;
      best = candidate;
    } else {
      failing = middle;
    }
  }
  return best;
}

function luminance(hex: string): number {
  const [red, green, blue] = linearFromHex(hex);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
