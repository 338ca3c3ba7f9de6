import { mix } from '../colour.js';
import type { Random } from '../seeded-random.js';
import { circle, type Motif, px, type Shape, type Stage } from './motif.js';

/** Dots that grow towards the edge of the canvas in slow swells. */
export const halftone: Motif = (stage) => {
  const { area, tones, random } = stage;
  const [, soft, middle, strong] = tones.motif;
  const pitch = area.width > area.height ? 25 : 30;
  const tilt = random.between(-0.5, 0.5);
  const phase = random.between(0, 6);
  const columns = Math.floor(area.width / pitch);
  const rows = Math.floor(area.height / pitch);
  const left = area.x + (area.width - (columns - 1) * pitch) / 2;
  const top = area.y + (area.height - (rows - 1) * pitch) / 2;
  const shapes: Shape[] = [];
  for (let index = 0; index < columns * rows; index++) {
    const x = left + (index % columns) * pitch;
    const y = top + Math.floor(index / columns) * pitch;
    const depth = depthInto(stage, x, y);
    const swell = Math.sin((x * Math.cos(tilt) + y) / 120 + phase) * Math.cos((y * Math.cos(tilt) - x) / 150 + phase);
    const strength = Math.min(1, Math.max(0, depth * 1.05 - 0.08 + 0.3 * swell * Math.sqrt(depth)));
    const radius = pitch * 0.47 * strength;
    if (radius > 1.2) {
      const isAccent = random.next() < 0.05 && strength > 0.4;
      shapes.push({ d: circle(x, y, radius), fill: isAccent ? strong : mix(soft, middle, strength) });
    }
  }
  return shapes;
};

/** Rounded bars that reach in from the edge of the canvas, like a chart without numbers. */
export const bars: Motif = ({ area, openSide, tones, random }) => {
  const isUpright = openSide === 'top' || openSide === 'bottom';
  const [faint, soft, middle, strong] = tones.motif;
  const length = isUpright ? area.height : area.width;
  const breadth = isUpright ? area.width : area.height;
  const pitch = breadth / Math.round(breadth / 45);
  const thickness = pitch * 0.62;
  const phase = random.between(0, 6);
  const count = Math.round(breadth / pitch);
  const accented = random.integer(Math.floor(count * 0.2), Math.floor(count * 0.8));
  return Array.from({ length: count }, (_, index) => {
    const swell = 0.5 + 0.34 * Math.sin(index * 0.55 + phase) + 0.16 * Math.sin(index * 1.7 + 2 * phase);
    const reach =
      length * (0.22 + 0.72 * Math.min(1, Math.max(0, swell + random.between(-0.08, 0.08)))) - thickness / 2;
    const at = (isUpright ? area.x : area.y) + (index + 0.5) * pitch;
    const r = px(thickness / 2);
    const t = px(thickness);
    const fill = index === accented ? strong : random.pick([faint, soft, soft, middle]);
    const [x, y] = [px(at - thickness / 2), px(at - thickness / 2)];
    switch (openSide) {
      case 'top':
        return { d: `M${x} ${px(area.y + length)}v${px(-reach)}a${r} ${r} 0 0 1 ${t} 0v${px(reach)}z`, fill };
      case 'bottom':
        return { d: `M${x} ${px(area.y)}v${px(reach)}a${r} ${r} 0 0 0 ${t} 0v${px(-reach)}z`, fill };
      case 'left':
        return { d: `M${px(area.x + length)} ${y}h${px(-reach)}a${r} ${r} 0 0 0 0 ${t}h${px(reach)}z`, fill };
      default:
        return { d: `M${px(area.x)} ${y}h${px(reach)}a${r} ${r} 0 0 1 0 ${t}h${px(-reach)}z`, fill };
    }
  });
};

/** A constellation with a star for every key term among smaller ones. */
export const network: Motif = ({ area, tones, random, termCount }) => {
  const [faint, soft, middle, strong, ink] = tones.motif;
  const isTall = area.height > area.width;
  const spacing = isTall ? area.width / 4.4 : area.height / 2.4;
  const stars = scatter(area, spacing, random, 34);
  const edges = stars.flatMap((star, index) =>
    stars
      .map((other, at) => ({ other, at, distance: Math.hypot(other.x - star.x, other.y - star.y) }))
      .filter(({ at, distance }) => at > index && distance < spacing * 1.75)
      .sort((a, b) => a.distance - b.distance)
      .slice(0, 3)
      .map(({ other }) => ({
        d: `M${px(star.x)} ${px(star.y)}L${px(other.x)} ${px(other.y)}`,
        stroke: tones.hairline,
        strokeWidth: 2,
      })),
  );
  const named = Math.max(3, Math.min(termCount, stars.length));
  const discs = stars.flatMap((star, index): Shape[] => {
    if (index >= named) {
      return [{ d: circle(star.x, star.y, 7), fill: index % 3 === 0 ? middle : soft }];
    }
    const radius = spacing * random.pick([0.2, 0.24, 0.3]);
    const fill = index === 0 ? strong : random.pick([soft, middle, faint]);
    return [
      { d: circle(star.x, star.y, radius), fill },
      { d: circle(star.x, star.y, radius * 0.34), fill: index === 0 ? tones.background : ink },
    ];
  });
  return [...edges, ...discs];
};

/** 0 at the side where the text is, 1 at the opposite edge of the canvas. */
function depthInto({ area, openSide }: Stage, x: number, y: number): number {
  switch (openSide) {
    case 'left':
      return (x - area.x) / area.width;
    case 'right':
      return (area.x + area.width - x) / area.width;
    case 'top':
      return (y - area.y) / area.height;
    default:
      return (area.y + area.height - y) / area.height;
  }
}

/** Random points that keep their distance from each other and from the edges. */
function scatter(area: Stage['area'], spacing: number, random: Random, atMost: number): { x: number; y: number }[] {
  const inset = spacing * 0.42;
  const points: { x: number; y: number }[] = [];
  for (let attempt = 0; attempt < 900 && points.length < atMost; attempt++) {
    const x = area.x + random.between(inset, area.width - inset);
    const y = area.y + random.between(inset, area.height - inset);
    if (points.every((point) => Math.hypot(point.x - x, point.y - y) >= spacing)) {
      points.push({ x, y });
    }
  }
  return points;
}
