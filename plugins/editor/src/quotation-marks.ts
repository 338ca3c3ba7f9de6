import { LOCKED, PLACEHOLDER, type ProseBlock, QUOTED } from './prose-block.js';
import type { ProseEdit } from './prose-edits.js';

/** `typographic`: “ ” ‘ ’; `straight`: " '. */
export type QuoteStyle = 'typographic' | 'straight';

/** A quotation mark or apostrophe in prose. */
export interface QuotationMark {
  readonly index: number;
  readonly role: 'open' | 'close' | 'apostrophe' | 'unclear';
  readonly double: boolean;
}

const MARK = /["'“”‘’]/g;
/** Words whose first letters were elided: the mark before them is an apostrophe. */
const ELIDED = /^(?:tis|twas|twere|twill|em|til|cause|bout|round|n)\b/i;
const DECADE = /^\d\d(?:s\b|(?![\d\w'’]))/;

/**
 * What each mark of a block is, judged by its neighbours and by what is open. Marks that may be inches, minutes of arc or
 * unbalanced quotation are `unclear`.
 */
export function readQuotationMarks({ text, flags, widths }: ProseBlock): QuotationMark[] {
  const marks: QuotationMark[] = [];
  let openDouble: number | undefined;
  let openSingle: number | undefined;
  let balanced = true;
  for (const match of text.matchAll(MARK)) {
    const index = match.index;
    const mark = match[0];
    // Part of an attribute or of HTML. An escaped mark is locked too, but punctuation all the same.
    if (((flags[index] ?? 0) & LOCKED) !== 0 && widths[index] === 1) continue;
    const double = mark === '"' || mark === '“' || mark === '”';
    const role = double
      ? doubleRole(text, index, mark, openDouble !== undefined)
      : singleRole(text, index, mark, openSingle !== undefined, marks.at(-1));
    if (double && role === 'open') {
      if (openDouble !== undefined) balanced = false;
      openDouble = index;
      openSingle = undefined;
    } else if (double && role === 'close') {
      if (openDouble === undefined) balanced = false;
      openDouble = undefined;
      openSingle = undefined;
    } else if (role === 'open') openSingle = index;
    else if (role === 'close') openSingle = undefined;
    marks.push({ index, role, double });
  }
  // A quotation left open is how paragraphs of a long one are written; anything else unbalanced is a riddle.
  if (balanced) return marks;
  return marks.map((mark) => (mark.double && text[mark.index] === '"' ? { ...mark, role: 'unclear' } : mark));
}

const isSpace = (unit: string): boolean => unit === '' || /\s/.test(unit);
const isOpener = (unit: string): boolean => isSpace(unit) || /[([{—–\-/“‘]/.test(unit);
const isCloser = (unit: string): boolean => isSpace(unit) || /[)\]},.;:!?…—–\-/”’]/.test(unit);
const isWordLike = (unit: string): boolean => unit === PLACEHOLDER || /[\p{L}\p{N}]/u.test(unit);

function doubleRole(text: string, index: number, mark: string, isOpen: boolean): QuotationMark['role'] {
  if (mark === '“') return 'open';
  if (mark === '”') return 'close';
  const before = text.charAt(index - 1);
  const after = text.charAt(index + 1);
  if (before === '"' || after === '"') return 'unclear';
  const mayOpen = (isOpener(before) || before === "'") && !isSpace(after);
  const mayClose = !isSpace(before) && (isCloser(after) || after === "'");
  if (isOpen && mayClose) return 'close';
  if (!isOpen && mayOpen && !/[-–—/]/.test(before)) return 'open';
  if (!isOpen && mayOpen && !mayClose) return 'open';
  // A digit before it and nothing to close: inches.
  if (mayClose && !/\d/.test(before)) return 'close';
  return 'unclear';
}

function singleRole(
  text: string,
  index: number,
  mark: string,
  isOpen: boolean,
  previous: QuotationMark | undefined,
): QuotationMark['role'] {
  const before = text.charAt(index - 1);
  const after = text.charAt(index + 1);
  const rest = text.slice(index + 1, index + 12);
  if (isWordLike(before) && isWordLike(after)) return /\d/.test(before) && /\d/.test(after) ? 'unclear' : 'apostrophe';
  const startsHere = isOpener(before) || (previous?.index === index - 1 && previous.role === 'open');
  if (startsHere && (DECADE.test(rest) || (ELIDED.test(rest) && mark !== '‘'))) return 'apostrophe';
  if (mark === '‘') return 'open';
  if (mark === '"' || before === mark || after === mark) return 'unclear';
  if (startsHere && !isSpace(after)) {
    if (mark === '’') return 'apostrophe';
    return closesLater(text, index) ? 'open' : 'unclear';
  }
  if (isSpace(before)) return 'unclear';
  if (isOpen) return 'close';
  return before === PLACEHOLDER || /[\p{L}.,;:!?…)\]”"]/u.test(before) ? 'apostrophe' : 'unclear';
}

/** Whether a single mark further on stands where a closing one would. */
function closesLater(text: string, index: number): boolean {
  return /^[^\s'’][^'’]{0,400}?(?:['’][\p{L}][^'’]{0,400}?){0,20}['’](?![\p{L}\p{N}])/u.test(text.slice(index + 1));
}

/** The marks of a block put into one style. */
export function quoteEdits(block: ProseBlock, marks: readonly QuotationMark[], style: QuoteStyle): ProseEdit[] {
  const edits: ProseEdit[] = [];
  const bound = boundMarks(block, marks);
  for (const mark of marks) {
    if (bound.has(mark.index)) continue;
    const before = block.text.charAt(mark.index);
    const after = style === 'straight' ? (mark.double ? '"' : "'") : typographic(mark, before);
    if (after !== before) edits.push({ rule: 'quotes', start: mark.index, end: mark.index + 1, after });
  }
  return edits;
}

/** Marks whose partner may not be changed: both stay as they are. */
function boundMarks(block: ProseBlock, marks: readonly QuotationMark[]): Set<number> {
  const bound = new Set<number>();
  const open = new Map<boolean, QuotationMark>();
  const isLocked = ({ index }: QuotationMark) => ((block.flags[index] ?? 0) & LOCKED) !== 0;
  for (const mark of marks) {
    if (mark.role === 'open') open.set(mark.double, mark);
    const partner = mark.role === 'close' ? open.get(mark.double) : undefined;
    if (partner === undefined) continue;
    open.delete(mark.double);
    if (isLocked(partner) || isLocked(mark)) bound.add(partner.index).add(mark.index);
  }
  return bound;
}

function typographic({ role, double }: QuotationMark, written: string): string {
  if (role === 'unclear') return written;
  if (double) return role === 'open' ? '“' : '”';
  return role === 'open' ? '‘' : '’';
}

/** How many marks are written which way, among those that may be changed. */
export function countStyles(block: ProseBlock, marks: readonly QuotationMark[]): Record<QuoteStyle, number> {
  const counts = { typographic: 0, straight: 0 };
  for (const { index } of marks) {
    if (((block.flags[index] ?? 0) & LOCKED) !== 0) continue;
    counts[/["']/.test(block.text.charAt(index)) ? 'straight' : 'typographic']++;
  }
  return counts;
}

/** Flags what stands between marks as someone else's words. */
export function flagQuotations(block: ProseBlock, marks: readonly QuotationMark[]): void {
  let open: QuotationMark | undefined;
  for (const mark of marks) {
    if (mark.role === 'open' && open === undefined) open = mark;
    else if (mark.role === 'close' && open !== undefined && open.double === mark.double) {
      flag(block, open.index, mark.index);
      open = undefined;
    }
  }
  // A quotation that goes on in the next paragraph.
  if (open?.double) flag(block, open.index, block.text.length);
}

function flag(block: ProseBlock, start: number, end: number): void {
  for (let index = start; index < end; index++) block.flags[index] = (block.flags[index] ?? 0) | QUOTED;
}
