import { mix } from '../colour.js';
import { type Motif, polygon, rectangle, type Shape } from './motif.js';

/** A city of isometric blocks, one of them lit. */
export const blocks: Motif = ({ area, tones, random }) => {
  const isTall = area.height > area.width;
  const [faint, soft, middle, strong, ink] = tones.motif;
  const half = isTall ? area.width / 6 : 50;
  const quarter = half / Math.sqrt(3);
  const shapes: Shape[] = [{ d: rectangle(area), fill: tones.surface }];
  const hues = [faint, soft, mix(soft, middle, 0.5), middle] as const;
  const columns = Math.ceil(area.width / (2 * half)) + 1;
  const skyline = area.y + area.height * (isTall ? 0.34 : 0.55);
  const rows = Math.ceil((area.y + area.height - skyline) / quarter) + 4;
  const litRow = Math.floor(rows * 0.4);
  const litColumn = random.integer(isTall ? 1 : Math.floor(columns * 0.3), Math.max(1, columns - 2));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = area.x + column * 2 * half + (row % 2 === 0 ? 0 : half);
      const isLit = row === litRow && column === litColumn;
      const height = quarter * (isLit ? 2.6 : random.pick([0.5, 0.9, 1.4, 1.9, 2.4]));
      const roof = skyline + row * quarter - height;
      const hue = isLit ? strong : random.pick(hues);
      const down = quarter * 6 + height;
      shapes.push(
        { d: side(x, roof, half, quarter, down, -1), fill: mix(hue, ink, 0.1) },
        { d: side(x, roof, half, quarter, down, 1), fill: mix(hue, ink, 0.26) },
        {
          d: polygon([
            [x, roof - quarter],
            [x + half, roof],
            [x, roof + quarter],
            [x - half, roof],
          ]),
          fill: mix(hue, tones.background, isLit ? 0 : 0.35),
        },
      );
    }
  }
  return shapes;
};

function side(x: number, roof: number, half: number, quarter: number, down: number, direction: -1 | 1): string {
  return polygon([
    [x + direction * half, roof],
    [x, roof + quarter],
    [x, roof + quarter + down],
    [x + direction * half, roof + down],
  ]);
}
