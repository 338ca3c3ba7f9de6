import { mix } from '../colour.js';
import type { Random } from '../seeded-random.js';
import { circle, type Motif, px, rectangle, type Shape, smoothThrough } from './motif.js';

/** Layered hills under a low sun. */
export const dunes: Motif = ({ area, tones, random }) => {
  const isTall = area.height > area.width;
  const [faint, soft, middle, strong, ink] = tones.motif;
  const fills = [faint, soft, mix(soft, middle, 0.55), middle, mix(middle, ink, 0.55)];
  const sunRadius = isTall ? area.width * random.between(0.15, 0.2) : area.height * random.between(0.24, 0.3);
  const sunX = area.x + area.width * (isTall ? random.between(0.34, 0.66) : random.between(0.6, 0.85));
  const sunY = area.y + area.height * (isTall ? random.between(0.26, 0.34) : 0.42);
  const shapes: Shape[] = [
    { d: rectangle(area), fill: tones.surface },
    { d: circle(sunX, sunY, sunRadius), fill: strong },
  ];
  const top = isTall ? 0.46 : 0.36;
  for (const [index, fill] of fills.entries()) {
    const level = area.y + area.height * (top + ((0.96 - top) * index) / fills.length);
    const rise = area.height * (isTall ? 0.055 : 0.11);
    const sway = swayOf(random, area.width * (isTall ? 0.9 : 0.42));
    const points = columns(area.x, area.width, isTall ? 8 : 18).map((x) => [x, level - rise * sway(x)] as const);
    const [first] = points;
    if (first !== undefined) {
      const bottom = px(area.y + area.height);
      const d = `M${px(first[0])} ${px(first[1])}${smoothThrough(points)}V${bottom}H${px(area.x)}z`;
      shapes.push({ d, fill });
    }
  }
  return shapes;
};

/** Many parallel lines that swell together, like a contour map or a quiet sea. */
export const currents: Motif = ({ area, tones, random }) => {
  const isTall = area.height > area.width;
  const [, soft, middle, strong] = tones.motif;
  const length = isTall ? area.height : area.width;
  const breadth = isTall ? area.width : area.height;
  const along = isTall ? area.y : area.x;
  const across = isTall ? area.x : area.y;
  const gap = isTall ? 15 : 13;
  const swell = swayOf(random, length * (isTall ? 0.55 : 0.35));
  const drift = swayOf(random, length * (isTall ? 0.9 : 0.6));
  const count = Math.floor(breadth / gap) - 1;
  const accented = random.integer(Math.floor(count * 0.35), Math.floor(count * 0.7));
  const shapes: Shape[] = [{ d: rectangle(area), fill: tones.surface }];
  for (let line = 0; line < count; line++) {
    // Nothing moves at the two edges, everything in the middle, so the lines gather and part but never leave.
    const share = (line + 1) / (count + 1);
    const freedom = Math.sin(Math.PI * share) * breadth * 0.17;
    const points = columns(along, length, isTall ? 14 : 24).map((at) => {
      const offset = across + share * breadth + freedom * (0.75 * swell(at) + 0.25 * drift(at + share * 300));
      return isTall ? ([offset, at] as const) : ([at, offset] as const);
    });
    const [first] = points;
    if (first !== undefined) {
      const isAccent = Math.abs(line - accented) <= 1;
      const stroke = isAccent ? strong : mix(soft, middle, share);
      const d = `M${px(first[0])} ${px(first[1])}${smoothThrough(points)}`;
      shapes.push({ d, stroke, strokeWidth: isAccent ? 5 : 2.5 });
    }
  }
  return shapes;
};

function columns(from: number, length: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, index) => from + (length * index) / steps);
}

/** A calm function with values in -1..1 that repeats itself only after a while. */
function swayOf(random: Random, wavelength: number): (at: number) => number {
  const phase = random.between(0, 2 * Math.PI);
  const other = random.between(0, 2 * Math.PI);
  const pace = (2 * Math.PI) / (wavelength * random.between(0.85, 1.15));
  return (at) => 0.7 * Math.sin(at * pace + phase) + 0.3 * Math.sin(at * pace * 1.9 + other);
}
