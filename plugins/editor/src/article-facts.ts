import { parse as parseYaml } from 'yaml';
import { keyTerms } from './key-terms.js';
import { type MarkdownDocument, parseMarkdown } from './markdown-tree.js';
import { PLACEHOLDER, type ProseBlock, proseBlocks } from './prose-block.js';

/** A title made from a sentence. */
const MAX_SENTENCE_TITLE_LENGTH = 90;
/** Whatever was written as title or description. */
const MAX_FIELD_LENGTH = 300;

/** What an article says about itself. */
export interface ArticleFacts {
  /** Of the front matter, else the first heading, else the beginning of the first sentence, shortened at a word; empty for an empty article. */
  readonly title: string;
  /** Front matter `description` or `excerpt`, else the first paragraph, shortened at a word. */
  readonly description: string;
  /** Up to seven terms the text is about, the strongest first. */
  readonly keyTerms: readonly string[];
}

/** Reads title, description and key terms of a Markdown article. Broken front matter is passed over. */
export function articleFacts(markdown: string): ArticleFacts {
  const document = parseMarkdown(markdown);
  const blocks = proseBlocks(document);
  const matter = frontMatter(document);
  const heading = blocks.find((block) => block.kind === 'heading' && plainText(block, markdown) !== '');
  const paragraph = blocks.find((block) => block.kind === 'paragraph' && /\p{L}/u.test(block.text));
  const firstParagraph = paragraph ? plainText(paragraph, markdown) : '';
  const title =
    textField(matter, 'title') ??
    (heading && plainText(heading, markdown)) ??
    cut(/^.*?[.!?](?=\s|$)/u.exec(firstParagraph)?.[0].replace(/\.$/, '') ?? firstParagraph, MAX_SENTENCE_TITLE_LENGTH);
  const description = textField(matter, 'description') ?? textField(matter, 'excerpt') ?? firstParagraph;
  return {
    title: cut(title, MAX_FIELD_LENGTH),
    description: cut(description, MAX_FIELD_LENGTH),
    keyTerms: keyTerms(blocks, title),
  };
}

function frontMatter(document: MarkdownDocument): Record<string, unknown> {
  const node = document.root.children.find((child) => child.type === 'yaml');
  if (node === undefined) return {};
  try {
    const parsed: unknown = parseYaml(node.value, { logLevel: 'error' });
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}

function textField(matter: Record<string, unknown>, name: string): string | undefined {
  const value = matter[name];
  const text = typeof value === 'string' ? value.replace(/\s+/g, ' ').trim() : '';
  return text === '' ? undefined : text;
}

/** The block as a reader sees it; inline code shows its text, what has none shows nothing. */
function plainText(block: ProseBlock, source: string): string {
  let text = '';
  for (let index = 0; index < block.text.length; index++) {
    const unit = block.text.charAt(index);
    const offset = block.offsets[index] ?? 0;
    const written = source.slice(offset, offset + (block.widths[index] ?? 0));
    text += unit === PLACEHOLDER ? (/^`+\s?([^`]*?)\s?`+$/.exec(written)?.[1] ?? '') : unit;
  }
  return text.replace(/\s+/g, ' ').trim();
}

/** Shortened to whole words, with an ellipsis where something is missing. Lengths in UTF-16 units. */
function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const head = text.slice(0, maxLength);
  const words = head.replace(/\s+\S*$/, '').replace(/[\s,;:–—-]+$/u, '');
  return `${words.length > maxLength / 2 ? words : head.slice(0, -1)}…`;
}
