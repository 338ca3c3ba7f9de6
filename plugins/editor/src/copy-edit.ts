import type { CopyEdit, CopyEditOptions, CopyEditRemark, CopyEditResult } from './copy-edit-result.js';
import { type EnglishReading, readEnglish } from './english-findings.js';
import { type MarkdownDocument, parseMarkdown } from './markdown-tree.js';
import { plainWordEdits } from './plain-words.js';
import { type ProseBlock, proseBlocks } from './prose-block.js';
import { type ProseEdit, type ProseRemark, toSourceEdit } from './prose-edits.js';
import { countStyles, flagQuotations, type QuoteStyle, quoteEdits, readQuotationMarks } from './quotation-marks.js';
import { applyEdits, composeEdits, type SourceEdit, withoutOverlaps } from './source-edits.js';
import { createPositionFinder } from './source-position.js';
import { dashAndEllipsisEdits, spacingEdits } from './spacing-rules.js';
import { spellingRemarks } from './spelling.js';
import { keepStructure } from './structure.js';
import { styleRemarks } from './style-remarks.js';
import { wordEdits } from './word-rules.js';

/** One edit can make room for another (a doubled word thrice); every round leaves less to do. */
const MAX_ROUNDS = 8;
const MAX_EXCERPT_LENGTH = 120;

/**
 * Copy-edits Markdown in English. Only running text changes: front matter, code, HTML, template tags, link targets and math
 * keep every byte, and so does the structure. Editing the outcome again changes nothing: rounds of edits until a round
 * finds nothing, then remarks.
 */
export function copyEdit(markdown: string, options: CopyEditOptions = {}): CopyEditResult {
  const readings = new Map<string, EnglishReading>();
  const original = parseMarkdown(markdown);
  let document = original;
  let edits: SourceEdit[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const parsed = new Map<string, MarkdownDocument>();
    const parse = (source: string): MarkdownDocument => {
      const outcome = parsed.get(source) ?? parseMarkdown(source);
      parsed.set(source, outcome);
      return outcome;
    };
    const found = keepStructure(document, findEdits(document, options, readings), parse);
    if (found.length === 0) break;
    edits = composeEdits(markdown, edits, found);
    document = parse(applyEdits(document.source, found));
  }
  const remarks = findRemarks(original, edits, options, readings);
  return { text: document.source, edits: describeEdits(markdown, edits), remarks };
}

function findEdits(
  document: MarkdownDocument,
  options: CopyEditOptions,
  readings: Map<string, EnglishReading>,
): SourceEdit[] {
  const blocks = proseBlocks(document).map((block) => ({ block, marks: readQuotationMarks(block) }));
  const style = options.quotes === undefined || options.quotes === 'as-written' ? prevailing(blocks) : options.quotes;
  const edits: SourceEdit[] = [];
  for (const { block, marks } of blocks) {
    flagQuotations(block, marks);
    const wanted: ProseEdit[] = [
      ...wordEdits(block, read(block, readings), style),
      ...plainWordEdits(block),
      ...spacingEdits(block),
      ...quoteEdits(block, marks, style),
      ...dashAndEllipsisEdits(block, style),
    ];
    for (const edit of wanted) {
      const sourceEdit = toSourceEdit(block, edit);
      if (sourceEdit) edits.push(sourceEdit);
    }
  }
  return withoutOverlaps(edits);
}

function prevailing(
  blocks: readonly { block: ProseBlock; marks: ReturnType<typeof readQuotationMarks> }[],
): QuoteStyle {
  let lead = 0;
  for (const { block, marks } of blocks) {
    const { straight, typographic } = countStyles(block, marks);
    lead += straight - typographic;
  }
  return lead > 0 ? 'straight' : 'typographic';
}

function read(block: ProseBlock, readings: Map<string, EnglishReading>): EnglishReading {
  const known = readings.get(block.text);
  if (known) return known;
  const reading = readEnglish(block.text);
  readings.set(block.text, reading);
  return reading;
}

/** Remarks are made on the original, so that they point into it; what an edit already mends is left out. */
function findRemarks(
  original: MarkdownDocument,
  edits: readonly SourceEdit[],
  options: CopyEditOptions,
  readings: Map<string, EnglishReading>,
): CopyEditRemark[] {
  const markdown = original.source;
  const blocks = proseBlocks(original);
  const remarks: { block: ProseBlock; remark: ProseRemark }[] = [];
  for (const block of blocks) {
    flagQuotations(block, readQuotationMarks(block));
    for (const remark of styleRemarks(block, read(block, readings))) remarks.push({ block, remark });
  }
  for (const remark of spellingRemarks(blocks, options.knownWords ?? [])) remarks.push(remark);
  const positionOf = createPositionFinder(markdown);
  const placed = remarks.flatMap(({ block, remark }): CopyEditRemark[] => {
    const start = block.offsets[remark.start] ?? 0;
    const last = remark.end - 1;
    const end = (block.offsets[last] ?? start) + (block.widths[last] ?? 0);
    const isWhole = remark.rule === 'long-sentence' || remark.rule === 'readability';
    if (!isWhole && edits.some((edit) => edit.start < end && start < edit.end)) return [];
    return [
      {
        rule: remark.rule,
        ...positionOf(start),
        message: remark.message,
        excerpt: excerptOf(markdown.slice(start, end)),
      },
    ];
  });
  return placed.sort((one, other) => one.offset - other.offset);
}

function excerptOf(written: string): string {
  const text = written.replace(/\s+/g, ' ');
  return text.length <= MAX_EXCERPT_LENGTH ? text : `${text.slice(0, MAX_EXCERPT_LENGTH - 1).replace(/\s+\S*$/, '')}…`;
}

function describeEdits(markdown: string, edits: readonly SourceEdit[]): CopyEdit[] {
  const positionOf = createPositionFinder(markdown);
  return edits.map(({ rule, start, end, after }) => ({
    rule,
    ...positionOf(start),
    before: markdown.slice(start, end),
    after,
  }));
}
