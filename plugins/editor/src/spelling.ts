import english from 'dictionary-en';
import nspell from 'nspell';
import { LOCKED, type ProseBlock } from './prose-block.js';
import { hasFlag, type ProseRemark } from './prose-edits.js';
import { opensSentence } from './sentence-opening.js';
import { isTechnicalWord } from './technical-words.js';

/** Suggestions are slow to find; only the first words get them. */
const MAX_SUGGESTIONS = 15;
/** A word written this often is the author's term. */
const OWN_TERM_COUNT = 4;

/** A short unknown word with a capital is a name more often than a mistake. */
const MIN_CAPITALISED_LENGTH = 6;
/** Longer is no word, and slow to take apart. */
const MAX_WORD_LENGTH = 40;
/** Parts of hyphenated words shorter than this are prefixes. */
const MIN_PART_LENGTH = 4;

const WORD = /\p{L}[\p{L}\p{M}’']*\p{L}/gu;

const speller = nspell({ aff: Buffer.from(english.aff), dic: Buffer.from(english.dic) });

interface Unknown {
  readonly block: ProseBlock;
  readonly start: number;
  readonly end: number;
  count: number;
}

/** Words that English does not know, one remark per distinct word, at its first place. Names, code and terms are let be. */
export function spellingRemarks(
  blocks: readonly ProseBlock[],
  knownWords: readonly string[],
): { block: ProseBlock; remark: ProseRemark }[] {
  const known = new Set(knownWords.map((word) => word.toLowerCase()));
  const verdicts = new Map<string, boolean>();
  const isKnown = (word: string): boolean => {
    const verdict = verdicts.get(word) ?? (known.has(word) || isTechnicalWord(word) || isEnglish(word));
    verdicts.set(word, verdict);
    return verdict;
  };
  const unknown = new Map<string, Unknown>();
  const names = new Set<string>();
  for (const block of blocks) {
    const { text } = block;
    for (const match of text.matchAll(WORD)) {
      const start = match.index;
      const word = match[0].replace(/['’]s$/, '');
      const end = start + word.length;
      if (word.length > MAX_WORD_LENGTH) continue;
      const isPart = text.charAt(start - 1) === '-' || text.charAt(end) === '-';
      if (
        word.length < (isPart ? MIN_PART_LENGTH : 3) ||
        hasFlag(block, start, end, LOCKED) ||
        !isPlainWord(text, start, end)
      )
        continue;
      const lower = word.toLowerCase().replaceAll('’', "'");
      if (word !== word.toLowerCase()) {
        // A capital makes a name, except where any word would have one.
        if (!/^\p{Lu}\p{Ll}+$/u.test(word) || block.kind !== 'paragraph' || !opensSentence(text, start)) {
          names.add(lower);
          continue;
        }
      }
      if (isKnown(lower) || (word !== lower && word.length < MIN_CAPITALISED_LENGTH)) continue;
      const seen = unknown.get(lower);
      if (seen) seen.count++;
      else unknown.set(lower, { block, start, end, count: 1 });
    }
  }
  const remarks = [...unknown].filter(([word, { count }]) => !names.has(word) && count < OWN_TERM_COUNT);
  return remarks.map(([word, { block, start, end, count }], index) => {
    const suggestions = index < MAX_SUGGESTIONS && word.length < 20 ? speller.suggest(word).slice(0, 3) : [];
    const hint = suggestions.length > 0 ? `; perhaps ${suggestions.join(', ')}` : '';
    const times = count > 1 ? ` (${count} times)` : '';
    const message = `“${block.text.slice(start, end)}” is not in the dictionary${times}${hint}`;
    return { block, remark: { rule: 'spelling', start, end, message } };
  });
}

function isPlainWord(text: string, start: number, end: number): boolean {
  return (
    !/[\p{N}\p{L}_@#./\\]/u.test(text.charAt(start - 1)) &&
    !/[\p{N}_@#/\\(]|\.\p{L}/u.test(text.slice(end, end + 2).replace(/^([^.]).*$/su, '$1'))
  );
}

const PREFIX =
  /^(?:anti|auto|co|counter|cross|de|dis|hyper|inter|macro|mega|meta|micro|mini|mis|multi|non|over|post|pre|pseudo|re|semi|sub|super|trans|un|under)(?=[a-z]{4})/;

function isEnglish(word: string): boolean {
  if (speller.correct(word) || speller.correct(americanSpelling(word))) return true;
  if (speller.correct(word.charAt(0).toUpperCase() + word.slice(1))) return true;
  const stem = word.replace(PREFIX, '');
  if (stem !== word && (speller.correct(stem) || speller.correct(americanSpelling(stem)))) return true;
  // Two whole words grown together, as technical writing likes them: code base, time line.
  for (let at = 4; at <= word.length - 4; at++) {
    if (speller.correct(word.slice(0, at)) && speller.correct(word.slice(at))) return true;
  }
  return false;
}

/** British spelling is no mistake. */
function americanSpelling(word: string): string {
  return word
    .replace(/is(e|ed|es|er|ers|ing|ation|ations)$/, 'iz$1')
    .replace(/ys(e|ed|es|er|ers|ing)$/, 'yz$1')
    .replace(/our/, 'or')
    .replace(/(?<=[bt])re(?=s?$)/, 'er')
    .replace(/ll(ed|ing|er|ers)$/, 'l$1')
    .replace(/ogue(s?)$/, 'og$1')
    .replace(/ence(s?)$/, 'ense$1')
    .replace(/mme(s?)$/, 'm$1');
}
