import type { Box } from './box.js';
import { CANVAS } from './composition.js';
import type { Layout, TextLine } from './layout.js';
import { drawMotif } from './motifs/gallery.js';
import { px, rectangle, type Shape } from './motifs/motif.js';
import { isRightToLeft } from './plain-text.js';
import { createRandom } from './seeded-random.js';

/** Families of ordinary width. */
const FAMILIES = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', Roboto, 'Noto Sans', 'DejaVu Sans'";

/** Ideographs look different in each language, and a renderer left alone may well take a serif. */
const EAST_ASIAN_FAMILIES: readonly (readonly [script: RegExp, families: string])[] = [
  [
    /[\p{Script=Hiragana}\p{Script=Katakana}]/u,
    "'Hiragino Sans', 'Yu Gothic', Meiryo, 'Noto Sans JP', 'Noto Sans CJK JP'",
  ],
  [/\p{Script=Hangul}/u, "'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans KR', 'Noto Sans CJK KR'"],
  [/\p{Script=Han}/u, "'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', 'Noto Sans CJK SC'"],
];

/** Draws a layout as a self-contained SVG document: no script, no reference to anything outside. */
export function renderSvg(layout: Layout): string {
  const { id, tones, motif } = layout;
  const shapes = drawMotif(motif.name, { ...motif, tones, random: createRandom(`shapes ${layout.seed}`) });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${CANVAS.width}" height="${CANVAS.height}" viewBox="0 0 ${CANVAS.width} ${CANVAS.height}" role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${escapeXml(layout.title)}</title>`,
    `<desc id="${id}-desc">${escapeXml(layout.description)}</desc>`,
    `<clipPath id="${id}-motif"><path d="${rectangle(motif.area)}"/></clipPath>`,
    `<path d="${rectangle({ x: 0, y: 0, ...CANVAS })}" fill="${tones.background}"/>`,
    `<g clip-path="url(#${id}-motif)">`,
    ...shapes.map(shape),
    '</g>',
    `<path d="${rectangle(layout.rule)}" fill="${tones.accent}"/>`,
    ...layout.pills.map((pill) => roundedRectangle(pill, tones.surface)),
    `<g font-family="${fontStack(layout)}">`,
    ...layout.lines.map(text),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function fontStack({ lines }: Layout): string {
  const content = lines.map((line) => line.text).join('');
  const eastAsian = EAST_ASIAN_FAMILIES.find(([script]) => script.test(content))?.[1];
  return `${FAMILIES}, ${eastAsian === undefined ? '' : `${eastAsian}, `}sans-serif`;
}

function shape({ d, fill, stroke, strokeWidth }: Shape): string {
  const line =
    stroke === undefined ? '' : ` stroke="${stroke}" stroke-width="${strokeWidth ?? 1}" stroke-linecap="round"`;
  return `<path d="${d}" fill="${fill ?? 'none'}"${line}/>`;
}

function roundedRectangle({ x, y, width, height }: Box, fill: string): string {
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="${px(height / 2)}" fill="${fill}"/>`;
}

function text(line: TextLine): string {
  const anchor = line.anchor === 'start' ? '' : ` text-anchor="${line.anchor}"`;
  // Closer setting only where letters do not join, and never wider than measured.
  const spacing =
    line.role === 'title' &&
    /^[\p{Script=Latin}\p{Script=Common}\p{Script=Greek}\p{Script=Cyrillic}]+$/u.test(line.text)
      ? ` letter-spacing="${px(line.sizePx * -0.02)}"`
      : '';
  // An isolate orders the line from right to left without asking the renderer for `direction`.
  const content = isRightToLeft(line.text) ? `\u2067${line.text}\u2069` : line.text;
  return `<text x="${px(line.x)}" y="${px(line.baselineY)}" font-size="${line.sizePx}" font-weight="${line.weight}" fill="${line.colour}"${anchor}${spacing}>${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
