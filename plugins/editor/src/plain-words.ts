import { type ProseBlock, QUOTED, TITLED } from './prose-block.js';
import { hasFlag, type ProseEdit } from './prose-edits.js';

/** A phrase, and the plain word that says the same in every context the guards let through. */
interface PlainWord {
  readonly phrase: string;
  readonly plain: string;
  /** Words before the phrase that give it another meaning or would not stand before the plain word. */
  readonly notAfter?: RegExp;
}

const BE = /(?:\b(?:be|is|are|was|were|been|being|not|as)|['’](?:s|re|m))\s+$/i;
const ARTICLE = /\b(?:a|an|the|this|that|its|their|our|your)\s+$/i;

const PLAIN_WORDS: readonly PlainWord[] = [
  ...['utilize', 'utilise'].flatMap((verb) => [
    { phrase: verb, plain: 'use', notAfter: /\b(?:an?)\s+$/i },
    { phrase: `${verb}s`, plain: 'uses' },
    { phrase: `${verb}d`, plain: 'used', notAfter: /\b(?:most|best|better|more|less|fully)\s+$/i },
    { phrase: `${verb.slice(0, -1)}ing`, plain: 'using' },
  ]),
  { phrase: 'in order to', plain: 'to', notAfter: BE },
  { phrase: 'prior to', plain: 'before', notAfter: ARTICLE },
  { phrase: 'due to the fact that', plain: 'because' },
  { phrase: 'owing to the fact that', plain: 'because' },
  { phrase: 'because of the fact that', plain: 'because' },
  { phrase: 'in light of the fact that', plain: 'because' },
  { phrase: 'despite the fact that', plain: 'although' },
  { phrase: 'in spite of the fact that', plain: 'although' },
  { phrase: 'in the event that', plain: 'if' },
  { phrase: 'at this point in time', plain: 'now' },
  { phrase: 'at the present time', plain: 'now' },
  { phrase: 'until such time as', plain: 'until' },
  { phrase: 'in excess of', plain: 'more than' },
  { phrase: 'in close proximity to', plain: 'near' },
  { phrase: 'each and every', plain: 'every' },
];

const byPhrase = new Map(PLAIN_WORDS.map((entry) => [entry.phrase, entry]));
const PATTERN = new RegExp(
  `(?<![\\p{L}\\p{N}_/‐‑-])(?:${PLAIN_WORDS.map(({ phrase }) => phrase.replaceAll(' ', '\\s+')).join('|')})(?![\\p{L}\\p{N}_/‐‑’'-])`,
  'giu',
);

/** Long-winded phrases replaced by the plain word, where that is safe: not in quotations, titles and link texts. */
export function plainWordEdits(block: ProseBlock): ProseEdit[] {
  const edits: ProseEdit[] = [];
  for (const match of block.text.matchAll(PATTERN)) {
    const start = match.index;
    const written = match[0];
    const end = start + written.length;
    const entry = byPhrase.get(written.toLowerCase().replace(/\s+/g, ' '));
    const before = block.text.slice(Math.max(0, start - 24), start);
    if (entry === undefined || entry.notAfter?.test(before) || hasFlag(block, start, end, QUOTED | TITLED)) continue;
    if (!/^[A-Z]?[a-z\s]+$/.test(written)) continue;
    const capital = /^[A-Z]/.test(written);
    // A capital within a sentence makes it a name.
    if (capital && !/(?:^|[.!?:]["'”’)]*\s+|[“"(]|\n)$/.test(before)) continue;
    const after = capital ? entry.plain.charAt(0).toUpperCase() + entry.plain.slice(1) : entry.plain;
    edits.push({ rule: 'plain-words', start, end, after });
  }
  return edits;
}
