/** Lightness 0..1, chroma from 0 to about 0.37, hue in radians: steps that look equal are equal. */
interface Oklch {
  readonly lightness: number;
  readonly chroma: number;
  readonly hue: number;
}

const HEX = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;

/** `#rgb` or `#rrggbb` in any case becomes `#rrggbb` in lower case; anything else is undefined. */
export function parseHex(text: string): string | undefined {
  if (!HEX.test(text)) {
    return undefined;
  }
  const digits = text.slice(1).toLowerCase();
  return `#${digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits}`;
}

/** Linear-light red, green and blue (0..1) of a `#rrggbb` colour. */
export function linearFromHex(hex: string): [number, number, number] {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** Blends two `#rrggbb` colours in OKLab: 0 is the first, 1 the second. */
export function mix(from: string, to: string, share: number): string {
  const a = labFromHex(from);
  const b = labFromHex(to);
  const blend = (x: number, y: number) => x + (y - x) * share;
  return hexFromLinear(linearFromLab(blend(a[0], b[0]), blend(a[1], b[1]), blend(a[2], b[2])));
}

/** How different two `#rrggbb` colours look: their distance in OKLab, 0 to about 1. */
export function differenceOf(one: string, other: string): number {
  const a = labFromHex(one);
  const b = labFromHex(other);
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** The colour in OKLCH. */
export function oklchFromHex(hex: string): Oklch {
  const [lightness, a, b] = labFromHex(hex);
  return { lightness, chroma: Math.hypot(a, b), hue: Math.atan2(b, a) };
}

/** The nearest sRGB colour of the same lightness and hue; chroma gives way when sRGB has no such colour. */
export function hexFromOklch({ lightness, chroma, hue }: Oklch): string {
  let low = 0;
  let high = chroma;
  let fitting = linearOf(lightness, chroma, hue);
  if (!isInGamut(fitting)) {
    for (let step = 0; step < 20; step++) {
      const middle = (low + high) / 2;
      const candidate = linearOf(lightness, middle, hue);
      if (isInGamut(candidate)) {
        low = middle;
      } else {
        high = middle;
      }
    }
    fitting = linearOf(lightness, low, hue);
  }
  return hexFromLinear(fitting);
}

function linearOf(lightness: number, chroma: number, hue: number): [number, number, number] {
  return linearFromLab(lightness, chroma * Math.cos(hue), chroma * Math.sin(hue));
}

function isInGamut(linear: readonly number[]): boolean {
  return linear.every((value) => value >= -0.0005 && value <= 1.0005);
}

function hexFromLinear(linear: readonly number[]): string {
  const digits = linear.map((value) => {
    const clamped = Math.min(1, Math.max(0, value));
    const encoded = clamped <= 0.0031308 ? clamped * 12.92 : 1.055 * clamped ** (1 / 2.4) - 0.055;
    return Math.round(encoded * 255)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${digits.join('')}`;
}

// Matrices of Björn Ottosson's OKLab, https://bottosson.github.io/posts/oklab/
function labFromHex(hex: string): [number, number, number] {
  const [red, green, blue] = linearFromHex(hex);
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function linearFromLab(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}
