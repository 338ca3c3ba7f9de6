import type { Nodes, PhrasingContent } from 'mdast';
import type { MarkdownDocument } from './markdown-tree.js';
import type { Range } from './template-tags.js';
import { alignText } from './text-alignment.js';
import { findVerbatimTokens } from './verbatim-tokens.js';

/** Stands in the prose for what is not prose: inline code, images, template tags, bare links. */
export const PLACEHOLDER = '\u{fffc}';

/** What may not be done to a unit of prose. */
export const LOCKED = 1;
/** The wording is someone else's or a title: quotations, block quotes, emphasis. Typography may still change. */
export const QUOTED = 2;
/** The wording is a name that others may refer to: headings, link texts. Mistakes may be mended, not words chosen. */
export const TITLED = 4;

/**
 * The running text of one paragraph, heading or table cell, markup taken out. `offsets[i]` and `widths[i]` say which
 * units of the source wrote unit `i`; `flags[i]` what may not be done to it.
 */
export interface ProseBlock {
  readonly kind: 'paragraph' | 'heading' | 'cell';
  readonly text: string;
  readonly offsets: readonly number[];
  readonly widths: readonly number[];
  readonly flags: Uint8Array;
}

/** The prose of a document, block by block, in order. */
export function proseBlocks(document: MarkdownDocument): ProseBlock[] {
  const blocks: ProseBlock[] = [];
  const visit = (node: Nodes, flags: number): void => {
    if (node.type === 'paragraph') blocks.push(flatten(document, 'paragraph', node.children, flags));
    else if (node.type === 'heading') blocks.push(flatten(document, 'heading', node.children, flags | TITLED));
    else if (node.type === 'tableCell') blocks.push(flatten(document, 'cell', node.children, flags));
    else if ('children' in node) {
      const inner = node.type === 'blockquote' ? flags | QUOTED : flags;
      for (const child of node.children) visit(child, inner);
    }
  };
  visit(document.root, 0);
  return blocks;
}

function flatten(
  document: MarkdownDocument,
  kind: ProseBlock['kind'],
  nodes: readonly PhrasingContent[],
  flags: number,
): ProseBlock {
  const prose = new ProseBuilder(document);
  prose.addAll(nodes, flags);
  const block = prose.build(kind);
  for (const token of findVerbatimTokens(block.text)) {
    for (let index = token.start; index < token.end; index++) block.flags[index] = (block.flags[index] ?? 0) | LOCKED;
  }
  return block;
}

const VOID_ELEMENT = /^<(area|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b/i;

class ProseBuilder {
  private text = '';
  private readonly offsets: number[] = [];
  private readonly widths: number[] = [];
  private readonly flags: number[] = [];
  private openHtmlElements = 0;

  constructor(private readonly document: MarkdownDocument) {}

  addAll(nodes: readonly PhrasingContent[], flags: number): void {
    for (const node of nodes) this.add(node, flags);
  }

  build(kind: ProseBlock['kind']): ProseBlock {
    return { kind, text: this.text, offsets: this.offsets, widths: this.widths, flags: Uint8Array.from(this.flags) };
  }

  private add(node: PhrasingContent, flags: number): void {
    if (node.type === 'text') this.addText(node, flags);
    else if (node.type === 'emphasis') this.addAll(node.children, flags | QUOTED);
    else if (node.type === 'strong' || node.type === 'delete') this.addAll(node.children, flags);
    else if (node.type === 'link' && this.document.source[offsetOf(node)] === '[') {
      this.addAll(node.children, flags | TITLED);
    } else if (node.type === 'linkReference') {
      this.addAll(node.children, node.referenceType === 'full' ? flags | TITLED : flags | LOCKED);
    } else if (node.type === 'html') this.addHtml(node);
    else if (node.type === 'break') this.addStandIn(node, '\n');
    else if (node.type !== 'footnoteReference') this.addStandIn(node, PLACEHOLDER);
  }

  private addText(node: PhrasingContent & { type: 'text' }, flags: number): void {
    const start = offsetOf(node);
    const end = node.position?.end.offset;
    const aligned = end === undefined ? undefined : alignText(this.document.masked, start, end, node.value);
    if (aligned === undefined) {
      this.addStandIn(node, PLACEHOLDER);
      return;
    }
    const inHtml = this.openHtmlElements > 0 ? LOCKED : 0;
    const { templateTags } = this.document;
    let tagIndex = firstEndingAfter(templateTags, start);
    for (let index = 0; index < node.value.length; index++) {
      const offset = aligned.offsets[index] ?? start;
      const width = aligned.widths[index] ?? 1;
      while ((templateTags[tagIndex]?.end ?? Number.POSITIVE_INFINITY) <= offset) tagIndex++;
      const tag = templateTags[tagIndex];
      if (tag && offset >= tag.start) {
        if (offset === tag.start) this.push(PLACEHOLDER, offset, tag.end - tag.start, LOCKED);
      } else this.push(node.value.charAt(index), offset, width, flags | inHtml | (width === 1 ? 0 : LOCKED));
    }
  }

  private addHtml(node: PhrasingContent & { type: 'html' }): void {
    if (/^<br\b/i.test(node.value)) this.addStandIn(node, '\n');
    if (/^<\//.test(node.value)) this.openHtmlElements = Math.max(0, this.openHtmlElements - 1);
    else if (/^<[a-z]/i.test(node.value) && !VOID_ELEMENT.test(node.value) && !node.value.endsWith('/>')) {
      this.openHtmlElements++;
    }
  }

  private addStandIn(node: PhrasingContent, standIn: string): void {
    const start = offsetOf(node);
    this.push(standIn, start, (node.position?.end.offset ?? start) - start, LOCKED);
  }

  private push(unit: string, offset: number, width: number, flags: number): void {
    this.text += unit;
    this.offsets.push(offset);
    this.widths.push(width);
    this.flags.push(flags);
  }
}

function offsetOf(node: PhrasingContent): number {
  return node.position?.start.offset ?? 0;
}

function firstEndingAfter(ranges: readonly Range[], offset: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
