/** A dependency graph as a picture that stands alone. */
import { Graph, layout } from '@dagrejs/dagre';
import type { DependencyGraph } from '@orchestrator/manifest/graph';
import { arrowsOf, boxesOf, isMissing } from './render-graph.js';

const CHARACTER = 8;
const BOX_HEIGHT = 32;
const LABEL_CHARACTER = 6.5;
const LABEL_HEIGHT = 14;
const PADDING = 24;
const MARGIN = 16;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** An arrow as it was laid out, its label in the middle of it. */
interface Line extends Point {
  readonly points: readonly Point[];
  readonly label: string;
  readonly width: number;
}

export function svgOf(dependencies: DependencyGraph): string {
  const drawing = new Graph();
  drawing.setGraph({ rankdir: 'LR', marginx: MARGIN, marginy: MARGIN, ranksep: 40 });
  for (const id of boxesOf(dependencies))
    drawing.setNode(id, { width: id.length * CHARACTER + PADDING, height: BOX_HEIGHT });
  const arrows = arrowsOf(dependencies).filter(({ from, to }) => from !== to);
  for (const { from, to, capabilities } of arrows) {
    const label = capabilities.join(', ');
    drawing.setEdge(from, to, { label, labelpos: 'c', width: label.length * LABEL_CHARACTER, height: LABEL_HEIGHT });
  }
  layout(drawing);
  const { width = 0, height = 0 } = drawing.graph() as { width?: number; height?: number };
  const lines = drawing.edges().map((edge: object) => {
    return arrow(drawing.edge(edge) as Line);
  });
  const boxes = drawing.nodes().map((id: string) => box(id, drawing.node(id) as Point & { width: number }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" font-family="monospace" font-size="13" role="img">`,
    '<title>Which plugin needs which</title>',
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...lines,
    ...boxes,
    '</svg>',
  ].join('\n');
}

function arrow({ points, label, x, y, width }: Line): string {
  const way = points.map((point) => `${round(point.x)} ${round(point.y)}`).join(' L');
  const room = `<rect x="${round(x - width / 2)}" y="${round(y - LABEL_HEIGHT / 2)}" width="${round(width)}" height="${LABEL_HEIGHT}" fill="#fff"/>`;
  return `<path d="M${way}" fill="none" stroke="#667" marker-end="url(#tip)"/>${room}<text x="${round(x)}" y="${round(y + 3)}" text-anchor="middle" font-size="10" fill="#667">${escaped(label)}</text>`;
}

function box(id: string, { x, y, width }: Point & { width: number }): string {
  const look = isMissing(id) ? 'fill="#fff" stroke="#c00" stroke-dasharray="4"' : 'fill="#eef3fb" stroke="#357"';
  return `<rect x="${round(x - width / 2)}" y="${round(y - BOX_HEIGHT / 2)}" width="${round(width)}" height="${BOX_HEIGHT}" rx="6" ${look}/><text x="${round(x)}" y="${round(y + 4)}" text-anchor="middle">${escaped(id)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
