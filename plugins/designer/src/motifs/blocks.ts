import { mix } from '../colour.js';
import { type Motif, polygon, rectangle, type Shape } from './motif.js';

/** Stacked cubes in isometric view, hills and valleys of them, one of them lit. */
export const blocks: Motif = ({ area, tones, random }) => {
  const isTall = area.height > area.width;
  const [faint, soft, middle, strong, ink] = tones.motif;
  const half = isTall ? area.width / 8 : 40;
  const quarter = half / Math.sqrt(3);
  const edge = 2 * quarter;
  const hues = [faint, soft, mix(soft, middle, 0.5), middle] as const;
  const columns = Math.ceil(area.width / (2 * half)) + 1;
  const first = area.y + area.height * (isTall ? 0.3 : 0.62);
  const rows = Math.ceil((area.y + area.height - first) / quarter) + 8;
  const tallest = isTall ? 4 : 2;
  const phase = random.between(0, 2 * Math.PI);
  const litRow = isTall ? Math.floor(rows * 0.35) : 2;
  const litColumn = random.integer(Math.floor(columns * 0.25), Math.floor(columns * 0.75));
  const litX = area.x + (2 * litColumn + (litRow % 2)) * half;
  const shapes: Shape[] = [{ d: rectangle(area), fill: tones.surface }];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = area.x + (2 * column + (row % 2)) * half;
      const swell = 0.5 + 0.5 * Math.sin(x / (half * 2.1) + phase) * Math.cos(row / 2.6 + phase);
      const isLit = row === litRow && column === litColumn;
      const isInFront = row > litRow && row <= litRow + 2 && Math.abs(x - litX) <= half;
      const highest = isInFront ? tallest - 1 : tallest;
      const level = isLit ? tallest : Math.min(highest, Math.floor(swell * (tallest + 0.6) + random.between(0, 0.4)));
      const hue = isLit ? strong : (hues[Math.round((3 * level) / tallest)] ?? soft);
      // Whole cubes keep to the grid, so that their edges meet; the column stands on what lies lower.
      const roof = first + row * quarter - level * edge;
      const down = (level + 1) * edge;
      shapes.push(
        { d: face(x, roof, half, quarter, down, -1), fill: mix(hue, ink, 0.12) },
        { d: face(x, roof, half, quarter, down, 1), fill: mix(hue, ink, 0.28) },
        { d: top(x, roof, half, quarter), fill: mix(hue, tones.background, isLit ? 0 : random.between(0.2, 0.38)) },
      );
    }
  }
  return shapes;
};

function top(x: number, roof: number, half: number, quarter: number): string {
  return polygon([
    [x, roof - quarter],
    [x + half, roof],
    [x, roof + quarter],
    [x - half, roof],
  ]);
}

function face(x: number, roof: number, half: number, quarter: number, down: number, direction: -1 | 1): string {
  return polygon([
    [x + direction * half, roof],
    [x, roof + quarter],
    [x, roof + quarter + down],
    [x + direction * half, roof + down],
  ]);
}
