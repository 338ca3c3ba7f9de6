import type { Root } from 'mdast';
import remarkFrontmatter from 'remark-frontmatter';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { findTemplateTags, maskTemplateTags, type Range } from './template-tags.js';

/** A document with its syntax tree. Offsets in the tree are offsets in `source`, template tags seen as plain letters. */
export interface MarkdownDocument {
  readonly source: string;
  /** What was parsed: the source, every template tag replaced by as many letters. */
  readonly masked: string;
  readonly root: Root;
  readonly templateTags: readonly Range[];
}

const BYTE_ORDER_MARK = '\u{feff}';

const parser = unified()
  .use(remarkParse)
  .use(remarkFrontmatter, ['yaml', 'toml'])
  .use(remarkGfm)
  .use(remarkMath, { singleDollarTextMath: false })
  .freeze();

/** Parses GitHub-flavoured Markdown with front matter and `$$` math. Never fails: any text is Markdown. */
export function parseMarkdown(source: string): MarkdownDocument {
  const templateTags = findTemplateTags(source);
  const masked = maskTemplateTags(source, templateTags);
  return { source, masked, root: parseTree(masked), templateTags };
}

/** The tree as a parser sees it that knows no template tags. */
export function parseTree(source: string): Root {
  const root = parser.parse(source);
  if (source.startsWith(BYTE_ORDER_MARK)) shiftOffsets(root, 1);
  return root;
}

interface Positioned {
  position?: { start: { offset?: number }; end: { offset?: number } };
  children?: Positioned[];
}

/** The parser drops a byte order mark without counting it. */
function shiftOffsets(node: Positioned, by: number): void {
  if (node.position) {
    node.position.start.offset = (node.position.start.offset ?? 0) + by;
    node.position.end.offset = (node.position.end.offset ?? 0) + by;
  }
  for (const child of node.children ?? []) shiftOffsets(child, by);
}
