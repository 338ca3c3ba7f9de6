import type { RootContent } from 'mdast';
import { parseMarkdown } from './markdown-tree.js';

const FRONT_MATTER: readonly string[] = ['yaml', 'toml'];

/** An image to stand at the head of an article. */
export interface HeaderImage {
  /** Where it lies, as the article's readers reach it. */
  readonly path: string;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
}

/**
 * Puts the image after the front matter, and after the title where the article begins with a first-level heading. Nothing
 * else changes by a byte; where the image is there already, nothing does.
 */
export function insertHeaderImage(markdown: string, { path, alt }: HeaderImage): string {
  const url = escapePath(path);
  const { root, source } = parseMarkdown(markdown);
  const first = FRONT_MATTER.includes(root.children[0]?.type ?? '') ? 1 : 0;
  const hasTitle = isTitle(root.children[first]);
  const next = root.children[hasTitle ? first + 1 : first];
  if (showsOnly(next, url)) return markdown;
  const lineEnding = /\r\n|\n|\r/.exec(source)?.[0] ?? '\n';
  const image = `![${escapeAlt(alt)}](${url})`;
  const previous = root.children[hasTitle ? first : first - 1];
  if (previous !== undefined) {
    const at = previous.position?.end.offset ?? 0;
    const rest = source.slice(at);
    const gap = next === undefined || /^[ \t]*(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)/.test(rest) ? '' : lineEnding;
    return `${source.slice(0, at)}${lineEnding}${lineEnding}${image}${gap}${rest}`;
  }
  const at = source.startsWith('\u{feff}') ? 1 : 0;
  const body = source.slice(at);
  return `${source.slice(0, at)}${image}${lineEnding}${body.trim() === '' ? body : lineEnding + body}`;
}

function isTitle(node: RootContent | undefined): boolean {
  return node?.type === 'heading' && node.depth === 1;
}

function showsOnly(node: RootContent | undefined, url: string): boolean {
  if (node?.type !== 'paragraph' || node.children.length !== 1) return false;
  const [only] = node.children;
  return only?.type === 'image' && escapePath(only.url) === url;
}

/** No sign of Markdown or of a template language keeps its power, and lines become spaces. */
function escapeAlt(alt: string): string {
  return alt
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>&$!~|]/g, '\\$&');
}

/** Percent-encodes what would end the destination or mean something in it; a percent sign that encodes stays. */
function escapePath(path: string): string {
  return path
    .toWellFormed()
    .replace(/%(?![\dA-Fa-f]{2})/g, '%25')
    .replace(/[\s\p{Cc}()<>"\\{}`|^*_[\]&]/gu, (unit) => encodeURIComponent(unit).replace(/[()*_]/g, hexOf));
}

function hexOf(unit: string): string {
  return `%${unit.charCodeAt(0).toString(16).toUpperCase()}`;
}
