import type { Nodes, Root } from 'mdast';
import { type MarkdownDocument, parseTree } from './markdown-tree.js';
import { applyEdits, type SourceEdit } from './source-edits.js';

/** More single parses than this to find the edits at fault, and all of the suspected ones are given up. */
const MAX_PARSES = 40;

/**
 * The edits that leave the document's structure as it is: the same tree but for the text in it, the same protected
 * values, whether or not the reader knows template tags. Found by parsing the outcome, halving the edits where it differs.
 */
export function keepStructure(
  document: MarkdownDocument,
  edits: readonly SourceEdit[],
  parse: (source: string) => MarkdownDocument,
): SourceEdit[] {
  if (edits.length === 0) return [];
  const before = structureOf(document);
  let parses = 0;
  const isSafe = (candidates: readonly SourceEdit[]): boolean =>
    candidates.length === 0 ||
    (++parses <= MAX_PARSES && structureOf(parse(applyEdits(document.source, candidates))) === before);
  const keep = (candidates: readonly SourceEdit[], trusted: readonly SourceEdit[]): SourceEdit[] => {
    if (isSafe([...trusted, ...candidates])) return [...candidates];
    if (candidates.length <= 1) return [];
    const middle = candidates.length >> 1;
    const first = keep(candidates.slice(0, middle), trusted);
    return [...first, ...keep(candidates.slice(middle), [...trusted, ...first])];
  };
  return keep(edits, []);
}

/** Two documents with equal fingerprints differ in nothing but their running text. */
export function structureOf(document: MarkdownDocument): string {
  const { source } = document;
  const fingerprint = [fingerprintOf(document.root)];
  for (const tag of document.templateTags) fingerprint.push(source.slice(tag.start, tag.end));
  if (document.templateTags.length > 0) fingerprint.push(fingerprintOf(parseTree(source)));
  return fingerprint.join('\n');
}

const NOT_STRUCTURE = new Set(['type', 'children', 'position', 'data']);

function fingerprintOf(root: Root): string {
  const lines: string[] = [];
  const visit = (node: Nodes, depth: number): void => {
    const fields = Object.entries(node).filter(([key]) => !NOT_STRUCTURE.has(key));
    lines.push(`${depth} ${node.type}${node.type === 'text' ? '' : ` ${JSON.stringify(fields)}`}`);
    if ('children' in node) for (const child of node.children) visit(child, depth + 1);
  };
  visit(root, 0);
  return lines.join('\n');
}
