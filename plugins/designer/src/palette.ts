import { differenceOf, mix, parseHex } from './colour.js';
import { contrastRatio, readableOn, SHAPE_CONTRAST, TEXT_CONTRAST } from './contrast.js';
import { InvalidIllustrationInput } from './invalid-input.js';
import type { Random } from './seeded-random.js';

/** The colours that a caller may choose, and gets back as they were used: `#rrggbb`. */
export interface Palette {
  readonly background: string;
  readonly foreground: string;
  readonly accent: string;
}

/** Every colour of one illustration. Texts reach 4.5:1 on what is behind them. */
export interface Tones extends Palette {
  /** Text of second rank, on the background. */
  readonly muted: string;
  /** Ground of the motif and of tags: the background, a little nearer to the foreground. */
  readonly surface: string;
  /** Text on the surface. */
  readonly onSurface: string;
  /** Lines that only separate. */
  readonly hairline: string;
  /** Fills of the motif, calm to strong. */
  readonly motif: readonly [string, string, string, string, string];
}

/** WCAG 2.2, 1.4.6, out of reach on a middle grey. */
const CLEAR_CONTRAST = 7;

type Scheme = readonly [background: string, foreground: string, accent: string, support: string];

const SCHEMES: readonly [Scheme, ...Scheme[]] = [
  ['#f6f1e7', '#1b2a41', '#c4512d', '#2f6f7e'], // paper, ink, brick
  ['#101d30', '#f4efe6', '#f2a65a', '#4f86a6'], // night, lamp
  ['#12312b', '#f3efe0', '#e8b04a', '#5b9a82'], // forest, brass
  ['#e8eee4', '#1d3832', '#b8562b', '#4c8270'], // sage, clay
  ['#2a1a3b', '#f7eef2', '#f08a7b', '#8d68b8'], // plum, coral
  ['#e9f0f6', '#12263a', '#1b68ad', '#e08a4f'], // sky, cobalt
  ['#8f3a24', '#fff3e3', '#ffc878', '#d9765a'], // terracotta
  ['#1c2023', '#f1efe9', '#7cc9a6', '#d98d62'], // slate, mint
  ['#f0ecf6', '#281d43', '#6546bf', '#d97a94'], // lilac, iris
  ['#f2c65a', '#2a2016', '#9c3426', '#c98a2b'], // mustard, oxblood
  ['#0d464f', '#f0f6f3', '#ffb59e', '#4fa3a5'], // lagoon, shell
  ['#f8ece8', '#3a1925', '#b03050', '#e29a6f'], // blush, wine
  ['#f4f3ee', '#20231f', '#3f7d4e', '#d8a03d'], // chalk, leaf
  ['#1f2a5c', '#f5f2ea', '#ff8f6b', '#6f86d6'], // ultramarine, apricot
];

/**
 * Settles all colours: the caller's where given, the rest from a scheme that the seed picks among those that suit them.
 * A foreground or accent that cannot be read on the background is moved in lightness until it can.
 * @throws {InvalidIllustrationInput} naming the field, for a colour that is not `#rgb` or `#rrggbb`.
 */
export function settleTones(wanted: Partial<Palette>, random: Random): Tones {
  const background = colourOf('background', wanted.background);
  const foreground = colourOf('foreground', wanted.foreground);
  const accent = colourOf('accent', wanted.accent);
  const scheme = random.pick(suitableSchemes(background, foreground, accent));
  const isOwn = background !== undefined || foreground !== undefined || accent !== undefined;
  const ground = background ?? scheme[0];
  const text = clearlyReadable(ground, foreground ?? scheme[1]);
  const mark = readableOn(ground, accent ?? scheme[2], SHAPE_CONTRAST);
  const support = isOwn ? mix(mark, text, 0.5) : scheme[3];
  const surface = mix(ground, text, 0.07);
  return {
    background: ground,
    foreground: text,
    accent: mark,
    muted: readableOn(ground, mix(text, ground, 0.26), TEXT_CONTRAST),
    surface,
    onSurface: readableOn(surface, mix(text, ground, 0.12), TEXT_CONTRAST),
    hairline: mix(ground, text, 0.22),
    motif: [mix(ground, text, 0.14), mix(ground, support, 0.5), support, mark, text],
  };
}

/** A colour that cannot be read is moved past the bare minimum where the ground allows it, so that it looks meant. */
function clearlyReadable(ground: string, wanted: string): string {
  if (contrastRatio(ground, wanted) >= TEXT_CONTRAST) {
    return wanted;
  }
  const clear = readableOn(ground, wanted, CLEAR_CONTRAST);
  return contrastRatio(ground, clear) >= CLEAR_CONTRAST ? clear : readableOn(ground, wanted, TEXT_CONTRAST);
}

function colourOf(field: keyof Palette, text: string | undefined): string | undefined {
  if (text === undefined) {
    return undefined;
  }
  const hex = parseHex(text);
  if (hex === undefined) {
    throw new InvalidIllustrationInput(`palette.${field}`, 'must be a hex colour such as #1b2a41 or #fff');
  }
  return hex;
}

/** Schemes whose own colours can be read with the given ones, the few most like them; all of them for nothing given. */
function suitableSchemes(background?: string, foreground?: string, accent?: string): readonly [Scheme, ...Scheme[]] {
  const given = [background, foreground, accent];
  if (given.every((colour) => colour === undefined)) {
    return SCHEMES;
  }
  const isReadable = ([ground, text, mark]: Scheme) =>
    (background !== undefined && foreground !== undefined
      ? true
      : contrastRatio(background ?? ground, foreground ?? text) >= TEXT_CONTRAST) &&
    (background !== undefined && accent !== undefined
      ? true
      : contrastRatio(background ?? ground, accent ?? mark) >= SHAPE_CONTRAST);
  const distance = (scheme: Scheme) =>
    given.reduce(
      (sum, colour, index) => sum + (colour === undefined ? 0 : differenceOf(colour, scheme[index] ?? colour)),
      0,
    );
  const nearest = (schemes: readonly Scheme[]) => [...schemes].sort((a, b) => distance(a) - distance(b)).slice(0, 3);
  const [first, ...rest] = nearest(SCHEMES.filter(isReadable));
  return first === undefined ? SCHEMES : [first, ...rest];
}
