import type { Box } from '../box.js';
import type { Tones } from '../palette.js';
import type { Random } from '../seeded-random.js';

/** One outline in absolute coordinates, filled, stroked or both. */
export interface Shape {
  readonly d: string;
  readonly fill?: string;
  readonly stroke?: string;
  readonly strokeWidth?: number;
}

/** What a motif draws on. It stays inside `area`; `openSide` is where the text is, the other sides are the canvas' own. */
export interface Stage {
  readonly area: Box;
  readonly openSide: 'left' | 'right' | 'top' | 'bottom';
  readonly tones: Tones;
  readonly random: Random;
  /** How many key terms there are, for motifs that show so many of something. */
  readonly termCount: number;
}

/** Draws one family of pictures; the same stage and random stream give the same shapes. */
export type Motif = (stage: Stage) => Shape[];

/** A coordinate with at most one decimal, so that the drawing stays small and the same everywhere. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10 + 0);
}

/** The outline of a full circle. */
export function circle(x: number, y: number, radius: number): string {
  const r = px(radius);
  return `M${px(x - radius)} ${px(y)}a${r} ${r} 0 1 0 ${px(2 * radius)} 0a${r} ${r} 0 1 0 ${px(-2 * radius)} 0z`;
}

/** The outline of a rectangle. */
export function rectangle({ x, y, width, height }: Box): string {
  return `M${px(x)} ${px(y)}h${px(width)}v${px(height)}h${px(-width)}z`;
}

/** The outline of a polygon through the points. */
export function polygon(points: readonly (readonly [number, number])[]): string {
  return `M${points.map(([x, y]) => `${px(x)} ${px(y)}`).join('L')}z`;
}

/** A smooth line through points of rising x or y (Catmull-Rom as cubic Béziers), without its opening `M x y`. */
export function smoothThrough(points: readonly (readonly [number, number])[]): string {
  return points
    .slice(0, -1)
    .map((from, index) => {
      const to = points[index + 1] ?? from;
      const before = points[index - 1] ?? from;
      const after = points[index + 2] ?? to;
      const c1 = [from[0] + (to[0] - before[0]) / 6, from[1] + (to[1] - before[1]) / 6] as const;
      const c2 = [to[0] - (after[0] - from[0]) / 6, to[1] - (after[1] - from[1]) / 6] as const;
      return `C${px(c1[0])} ${px(c1[1])} ${px(c2[0])} ${px(c2[1])} ${px(to[0])} ${px(to[1])}`;
    })
    .join('');
}
