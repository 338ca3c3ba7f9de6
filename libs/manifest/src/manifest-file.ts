/** Manifests that people write: YAML or JSON, with every problem at its place in the text. Pure. */
import { type Document, isMap, isNode, isSeq, LineCounter, type Pair, parseDocument, visit } from 'yaml';
import type { Manifest } from './manifest.js';
import type { Problem } from './problem.js';
import { validateManifest } from './validate-manifest.js';

/** A problem at a place in a text. */
export interface TextProblem extends Problem {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
}

export type ManifestText =
  | { readonly manifest: Manifest; readonly problems?: undefined }
  | { readonly manifest?: undefined; readonly problems: readonly TextProblem[] };

/**
 * Reads and checks a manifest. Reports every problem of the manifest; of a text that is not even YAML, those of the text.
 * @param isJson takes nothing but JSON, where YAML would take more
 */
export function readManifestText(text: string, isJson = false): ManifestText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placed = (offset: number, pointer: string, message: string): TextProblem => {
    const { line, col } = lines.linePos(offset);
    return { pointer, message, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0) {
    const language = isJson ? 'JSON' : 'YAML';
    return { problems: document.errors.map(({ pos, message }) => placed(pos[0], '', `not ${language}: ${message}`)) };
  }
  const broken = isJson && jsonProblem(text, document);
  if (broken) return { problems: [placed(broken.offset, '', broken.message)] };
  const value = valueIn(document);
  if (value.problem) return { problems: [placed(0, '', value.problem)] };
  const { manifest, problems } = validateManifest(value.json);
  if (manifest) return { manifest };
  const located = problems.map(({ pointer, message }) => placed(offsetOf(document, pointer), pointer, message));
  return { problems: located.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** Of what is YAML: the first value that JSON would write otherwise is most likely what is wrong. */
function jsonProblem(text: string, document: Document): { offset: number; message: string } | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    let offset: number | undefined;
    visit(document, {
      Scalar: (_key, node) => {
        if (isJsonScalar(text.slice(node.range?.[0], node.range?.[1]))) return undefined;
        offset = startOf(node);
        return visit.BREAK;
      },
    });
    return { offset: offset ?? 0, message: `not JSON: ${(error as SyntaxError).message}` };
  }
}

function isJsonScalar(source: string): boolean {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}

function valueIn(document: Document): { json?: unknown; problem?: string } {
  try {
    return { json: document.toJS() };
  } catch (error) {
    return { problem: `not usable: ${(error as Error).message}` }; // aliases that multiply without end
  }
}

/** Where a member begins: its key, of a field of an object. Of what is missing, where it would have to stand. */
function offsetOf(document: Document, pointer: string): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const pair = isMap(node) ? node.items.find((one) => keyOf(one) === key) : undefined;
    const next: unknown = pair ? pair.value : isSeq(node) ? node.items[Number(key)] : undefined;
    if (!pair && next === undefined) break;
    offset = startOf(pair?.key ?? next);
    node = next;
  }
  return offset;
}

function keyOf({ key }: Pair): string {
  return String(key);
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
