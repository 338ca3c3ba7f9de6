import type { EnglishFinding, EnglishReading } from './english-findings.js';
import { needsOtherArticle } from './indefinite-article.js';
import { PLACEHOLDER, type ProseBlock, QUOTED } from './prose-block.js';
import { hasFlag, type ProseEdit } from './prose-edits.js';
import type { QuoteStyle } from './quotation-marks.js';

/** Mistakes in single words that may be mended anywhere but in quotations: doubled words, a/an, lost apostrophes. */
export function wordEdits(block: ProseBlock, reading: EnglishReading, style: QuoteStyle): ProseEdit[] {
  const findings = [...reading.findings, ...articlesBeforeInitialisms(block.text)];
  return findings.flatMap((finding) => {
    if (hasFlag(block, finding.start, finding.end, QUOTED)) return [];
    if (isBoundToNeighbour(block.text, finding.start, finding.end)) return [];
    switch (finding.plugin) {
      case 'repeated':
        return repeatedWordEdit(block.text, finding, reading);
      case 'articles':
        return articleEdit(block, finding);
      case 'contractions':
        return contractionEdit(finding, style);
      default:
        return [];
    }
  });
}

/** Words whose doubling is always a slip; of others (had had, in in, done done) it may be meant. */
const NEVER_DOUBLED = new Set(
  (
    'a an and the of to for with from at by or if be are our their your these those this we they as into than ' +
    'because about between through under over its has have'
  ).split(' '),
);

function repeatedWordEdit(text: string, { start, end, actual }: EnglishFinding, reading: EnglishReading): ProseEdit[] {
  const [, first = '', gap = '', second = ''] = /^(\S+)(\s+)(\S+)$/.exec(actual) ?? [];
  if (!NEVER_DOUBLED.has(second)) return [];
  const opensSentence = reading.sentences.some((sentence) => sentence.start === start);
  if (first !== second && !(opensSentence && first.toLowerCase() === second)) return [];
  if (first === 'a' && isLetterName(text, start)) return [];
  // Take the second with the space before it; across a line ending with the space after it, so that the line stays.
  if (!/[\r\n]/.test(gap)) return [{ rule: 'repeated-word', start: start + first.length, end, after: '' }];
  const space = /^ +/.exec(text.slice(end))?.[0].length ?? 0;
  if (space > 0) return [{ rule: 'repeated-word', start: end - second.length, end: end + space, after: '' }];
  return [{ rule: 'repeated-word', start: start + first.length, end, after: '' }];
}

function articleEdit(block: ProseBlock, { start, end, actual, expected }: EnglishFinding): ProseEdit[] {
  const { text } = block;
  const after = expected[0];
  const [, next = ''] = /^[ \t\r\n]+([^\s]+)/.exec(text.slice(end)) ?? [];
  if (after === undefined || next.includes(PLACEHOLDER) || !needsOtherArticle(actual, next)) return [];
  if (actual.toLowerCase() === 'a' && isLetterName(text, start)) return [];
  return [{ rule: 'indefinite-article', start, end, after }];
}

/** The plugin passes over most initialisms. */
function articlesBeforeInitialisms(text: string): EnglishFinding[] {
  return [...text.matchAll(/(?<![\p{L}\p{N}'’])(?:an?|An)(?=\s+\p{Lu}{2})/gu)].map(({ index, 0: actual }) => {
    const expected = actual === 'a' ? 'an' : actual.slice(0, 1);
    return { plugin: 'articles', start: index, end: index + actual.length, actual, expected: [expected] };
  });
}

/** Negations and pronouns that without their apostrophe are no words; `cant`, `wont`, `lets`, `its` are. */
const LOST_APOSTROPHE =
  /^(?:(?:are|could|did|does|do|had|has|have|is|should|was|were|would|must|need)n't|(?:you|they|we)'(?:re|ve)|(?:you|they)'(?:ll|d)|(?:that|what|where|here|there|who)'s|i've)$/i;
const ALSO_WORDS = new Set(['whos', 'were', 'id', 'ill', 'well', 'wed', 'shell', 'shed', 'hell', 'im']);

function contractionEdit({ start, end, actual, expected }: EnglishFinding, style: QuoteStyle): ProseEdit[] {
  const after = expected[0];
  if (after === undefined || !LOST_APOSTROPHE.test(after) || actual.replaceAll('’', "'") === after) return [];
  if (ALSO_WORDS.has(actual.toLowerCase()) || !/^[A-Z]?[a-z'’]+$/.test(actual)) return [];
  return [{ rule: 'contraction', start, end, after: style === 'typographic' ? after.replaceAll("'", '’') : after }];
}

const LETTER_NAMED =
  /\b(?:option|plan|type|vitamin|grade|section|appendix|letter|class|part|point|variable|side|step|team|group|column|row|table|figure|case|node)\s+$/i;

/** Whether an `a` at `index` is a name: plan a, vitamin a, option a. */
function isLetterName(text: string, index: number): boolean {
  return LETTER_NAMED.test(text.slice(Math.max(0, index - 24), index));
}

/** Part of a hyphenated word, a name with a slash, or grown together with something that is not prose. */
function isBoundToNeighbour(text: string, start: number, end: number): boolean {
  const bound = /[-‐‑/_.@#=\u{fffc}]/u;
  const before = text.charAt(start - 1);
  const after = text.charAt(end);
  return (before !== '' && bound.test(before)) || (after !== '' && after !== '.' && bound.test(after));
}
