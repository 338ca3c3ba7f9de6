import type { Box } from '../box.js';
import { circle, type Motif, px, rectangle, type Shape, type Stage } from './motif.js';

/** A quilt of squares, quarter and half circles. */
export const tiles: Motif = (stage) =>
  cellsOf(stage.area, stage.area.width > stage.area.height ? 2 : Math.round(stage.area.width / 105)).flatMap((cell) =>
    tile(cell, stage),
  );

/** Large squares of nested quarter rings, turned this way and that. */
export const rings: Motif = (stage) =>
  cellsOf(stage.area, stage.area.width > stage.area.height ? 1 : 2).flatMap((cell) => nestedRings(cell, stage));

/** Square cells, `across` on the short side; the long side ends with the canvas. */
function cellsOf(area: Box, across: number): Box[] {
  const size = Math.min(area.width, area.height) / across;
  const columns = Math.ceil(area.width / size - 0.01);
  const rows = Math.ceil(area.height / size - 0.01);
  return Array.from({ length: columns * rows }, (_, index) => ({
    x: area.x + (index % columns) * size,
    y: area.y + Math.floor(index / columns) * size,
    width: size,
    height: size,
  }));
}

function tile(cell: Box, { tones, random }: Stage): Shape[] {
  const [faint, soft, middle, strong, ink] = tones.motif;
  const [ground, figure] = random.pick([
    [tones.surface, soft],
    [tones.surface, middle],
    [faint, middle],
    [faint, tones.background],
    [soft, tones.surface],
    [middle, soft],
    [middle, tones.background],
    [soft, ink],
    [tones.surface, strong],
    [strong, tones.background],
  ]);
  const turn = random.integer(0, 3);
  const { x, y, width: size } = cell;
  const shapes: Shape[] = [{ d: rectangle(cell), fill: ground }];
  switch (random.integer(0, 6)) {
    case 0:
    case 1:
      shapes.push({ d: quarter(cell, turn, size), fill: figure });
      break;
    case 2:
      shapes.push({ d: half(cell, turn), fill: figure });
      break;
    case 3:
      shapes.push({ d: circle(x + size / 2, y + size / 2, size * 0.32), fill: figure });
      break;
    case 4:
      shapes.push({ d: leaf(cell, turn % 2 === 0), fill: figure });
      break;
    case 5:
      shapes.push({ d: quarter(cell, turn, size), fill: figure }, { d: quarter(cell, turn, size / 2), fill: ground });
      break;
    default: // an empty square, for rest
  }
  return shapes;
}

function nestedRings(cell: Box, { tones, random }: Stage): Shape[] {
  const [faint, soft, middle, strong, ink] = tones.motif;
  const turn = random.integer(0, 3);
  const sequence = random.pick([
    [soft, tones.surface, middle, tones.surface, strong],
    [faint, soft, middle, strong, tones.background],
    [middle, tones.background, soft, tones.background, ink],
    [soft, middle, tones.surface, strong, tones.surface],
    [faint, tones.surface, soft, tones.surface, middle],
  ]);
  const step = cell.width / (sequence.length + 0.001);
  return [
    { d: rectangle(cell), fill: tones.surface },
    ...sequence.map((fill, index) => ({ d: quarter(cell, turn, cell.width - index * step), fill })),
  ];
}

/** A quarter disc around one corner of the cell. */
function quarter({ x, y, width }: Box, turn: number, radius: number): string {
  const r = px(radius);
  const right = x + width;
  const bottom = y + width;
  switch (turn) {
    case 0:
      return `M${px(x)} ${px(y)}h${r}a${r} ${r} 0 0 1 -${r} ${r}z`;
    case 1:
      return `M${px(right)} ${px(y)}v${r}a${r} ${r} 0 0 1 -${r} -${r}z`;
    case 2:
      return `M${px(right)} ${px(bottom)}h-${r}a${r} ${r} 0 0 1 ${r} -${r}z`;
    default:
      return `M${px(x)} ${px(bottom)}v-${r}a${r} ${r} 0 0 1 ${r} ${r}z`;
  }
}

/** A half disc on one side of the cell. */
function half({ x, y, width }: Box, turn: number): string {
  const r = px(width / 2);
  const starts: readonly string[] = [
    `M${px(x)} ${px(y)}a${r} ${r} 0 0 0 ${px(width)} 0z`,
    `M${px(x + width)} ${px(y)}a${r} ${r} 0 0 0 0 ${px(width)}z`,
    `M${px(x)} ${px(y + width)}a${r} ${r} 0 0 1 ${px(width)} 0z`,
    `M${px(x)} ${px(y)}a${r} ${r} 0 0 1 0 ${px(width)}z`,
  ];
  return starts[turn] ?? '';
}

/** Two arcs from corner to corner. */
function leaf({ x, y, width }: Box, isRising: boolean): string {
  const r = px(width);
  return isRising
    ? `M${px(x)} ${px(y + width)}a${r} ${r} 0 0 1 ${r} -${r}a${r} ${r} 0 0 1 -${r} ${r}z`
    : `M${px(x)} ${px(y)}a${r} ${r} 0 0 1 ${r} ${r}a${r} ${r} 0 0 1 -${r} -${r}z`;
}
