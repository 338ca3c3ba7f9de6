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
/** After so long the event loop gets a turn. */
const TURN_MS = 25;
/** Past so many of one kind another says nothing new. */
const MAX_REMARKS_PER_RULE = 100;
const MAX_EXCERPT_LENGTH = 120;

/** The work behind `copyEdit`: rounds of edits until a round finds nothing, then remarks on the outcome. */
export async function runCopyEdit(markdown: string, options: CopyEditOptions): Promise<CopyEditResult> {
  const readings = new Map<string, EnglishReading>();
  const turns = new Turns(options.signal);
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
    const found = keepStructure(document, await findEdits(document, options, readings, turns), parse);
    if (found.length === 0) break;
    edits = composeEdits(markdown, edits, found);
    document = parse(applyEdits(document.source, found));
  }
  const remarks = await findRemarks(original, edits, options, readings, turns);
  return { text: document.source, edits: describeEdits(markdown, edits), remarks };
}

async function findEdits(
  document: MarkdownDocument,
  options: CopyEditOptions,
  readings: Map<string, EnglishReading>,
  turns: Turns,
): Promise<SourceEdit[]> {
  const blocks = proseBlocks(document).map((block) => ({ block, marks: readQuotationMarks(block) }));
  const style = options.quotes === undefined || options.quotes === 'as-written' ? prevailing(blocks) : options.quotes;
  const edits: SourceEdit[] = [];
  for (const { block, marks } of blocks) {
    await turns.next();
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
async function findRemarks(
  original: MarkdownDocument,
  edits: readonly SourceEdit[],
  options: CopyEditOptions,
  readings: Map<string, EnglishReading>,
  turns: Turns,
): Promise<CopyEditRemark[]> {
  const markdown = original.source;
  const blocks = proseBlocks(original);
  const remarks: { block: ProseBlock; remark: ProseRemark }[] = [];
  for (const block of blocks) {
    await turns.next();
    flagQuotations(block, readQuotationMarks(block));
    for (const remark of styleRemarks(block, read(block, readings))) remarks.push({ block, remark });
  }
  remarks.push(...(await spellingRemarks(blocks, options.knownWords ?? [])));
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
  placed.sort((one, other) => one.offset - other.offset);
  const counts = new Map<string, number>();
  return placed.filter(({ rule }) => {
    const count = (counts.get(rule) ?? 0) + 1;
    counts.set(rule, count);
    return count <= MAX_REMARKS_PER_RULE;
  });
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

/** Long work in turns, so that the process stays responsive and can be told to stop. */
class Turns {
  private startedAt = performance.now();

  constructor(private readonly signal: AbortSignal | undefined) {}

  async next(): Promise<void> {
    this.signal?.throwIfAborted();
    if (performance.now() - this.startedAt < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.startedAt = performance.now();
  }
}
