import { LOCKED, PLACEHOLDER, type ProseBlock } from './prose-block.js';
import type { ProseEdit } from './prose-edits.js';
import type { QuoteStyle } from './quotation-marks.js';

/** Words that open a sentence and are no member of anything: `end.The` is a lost space, `Node.Buffer` is not. */
const SENTENCE_OPENERS =
  'The|This|That|These|Those|There|They|Then|It|We|You|He|She|In|If|But|And|Or|So|As|At|By|For|From|When|While|Where|What|Who|Why|How|However|To|With|Our|Your|Their|Its|Each|Some|Many|Most|Not|No|One';
const LOST_SPACE = new RegExp(
  `(?<=(?<![\\p{L}\\p{N}.])\\p{Ll}{2,}[.!?])(?=(?:${SENTENCE_OPENERS})\\s+\\p{Ll}{2})`,
  'gu',
);

/** Spaces: one between sentences and words, none before a comma, one where it was lost after a sentence. */
export function spacingEdits(block: ProseBlock): ProseEdit[] {
  const { text } = block;
  const edits: ProseEdit[] = [];
  const runs = [...text.matchAll(/(?<=\S) {2,}(?=\S)/g)].map((match) => ({
    rule: /[.!?…]["'”’)\]]*$/.test(text.slice(Math.max(0, match.index - 4), match.index))
      ? 'sentence-spacing'
      : 'word-spacing',
    start: match.index,
    end: match.index + match[0].length,
    after: ' ',
  }));
  const betweenWords = runs.filter((run) => run.rule === 'word-spacing');
  // Several wide gaps within the sentences of one block, or one very wide: it was laid out by hand.
  const isLaidOut =
    betweenWords.some((run) => run.end - run.start > 3) || betweenWords.length > wordCount(text) / 12 + 1;
  edits.push(...(isLaidOut ? runs.filter((run) => run.rule === 'sentence-spacing') : runs));
  for (const match of text.matchAll(/(?<=\p{L}) +(?=[,;](?:\s|$))/gu)) {
    edits.push({ rule: 'space-before-comma', start: match.index, end: match.index + match[0].length, after: '' });
  }
  for (const match of text.matchAll(LOST_SPACE)) {
    edits.push({ rule: 'sentence-spacing', start: match.index, end: match.index, after: ' ' });
  }
  return edits;
}

/** Typewriter dashes and dots as the marks they stand for, in a document with typographic marks. */
export function dashAndEllipsisEdits({ text, flags }: ProseBlock, style: QuoteStyle): ProseEdit[] {
  if (style === 'straight' || text.includes(`${PLACEHOLDER}--`)) return [];
  const edits: ProseEdit[] = [];
  const put = (rule: string, pattern: RegExp, after: string) => {
    for (const match of text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      // Before a path or an identifier it is part of a command.
      const belongsToCommand = ((flags[end + 1] ?? 0) & LOCKED) !== 0;
      if (!belongsToCommand) edits.push({ rule, start: match.index, end, after });
    }
  };
  put('dash', /(?<=[\p{L}\p{N}.,;!?)”’"'] )--(?= [\p{L}\p{N}“‘("'])/gu, '—');
  put('dash', /(?<=\p{L}{2})---(?=\p{L}{2})/gu, '—');
  put('dash', /(?<=[\p{L}\p{N}.,;!?)”’"'] )---(?= [\p{L}\p{N}“‘("'])/gu, '—');
  put('dash', /(?<=(?<![\d-])\d{1,4})--(?=\d{1,4}(?![\d-]))/gu, '–');
  put('ellipsis', /(?<=\p{L})\.\.\.(?=$|[\s!?”’)"'])/gu, '…');
  return edits;
}

function wordCount(text: string): number {
  return text.split(/\s+/).length;
}
