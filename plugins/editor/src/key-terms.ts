import { LOCKED, type ProseBlock, TITLED } from './prose-block.js';
import { hasFlag } from './prose-edits.js';
import { opensSentence } from './sentence-opening.js';
import { isStopWord } from './stop-words.js';

const MAX_TERMS = 7;
const MAX_WORDS_PER_TERM = 3;
/** What is longer is no word, and ends a term as punctuation does. */
const MAX_WORD_LENGTH = 40;
/** How much more a mention in a heading says than one in running text. */
const HEADING_WEIGHT = 2;
const TITLE_WEIGHT = 4;

interface Candidate {
  readonly key: string;
  readonly words: readonly string[];
  /** Spellings with how often each was seen. */
  readonly forms: Map<string, number>;
  /** Mentions in the text itself; the title is none. */
  mentions: number;
  weight: number;
}

/**
 * The terms a text is about, the strongest first, after RAKE (Rose, Engel, Cramer, Cowley 2010): candidates are the
 * runs of words between stop words and punctuation, a word scores its degree over its frequency, a term the mean of its
 * words. That is weighed by how often the term occurs, so that a phrase used once does not win by its length.
 */
export function keyTerms(blocks: readonly ProseBlock[], title: string, maxTerms: number = MAX_TERMS): string[] {
  const candidates = new Map<string, Candidate>();
  const frequency = new Map<string, number>();
  const degree = new Map<string, number>();
  const add = (phrase: readonly string[], weight: number, mentions: number): void => {
    const words = phrase.map(stemOf);
    for (const word of words) {
      frequency.set(word, (frequency.get(word) ?? 0) + weight);
      degree.set(word, (degree.get(word) ?? 0) + weight * words.length);
    }
    for (let length = 1; length <= Math.min(MAX_WORDS_PER_TERM, words.length); length++) {
      for (let at = 0; at + length <= words.length; at++) {
        const key = words.slice(at, at + length).join(' ');
        const candidate = candidates.get(key) ?? {
          key,
          words: key.split(' '),
          forms: new Map(),
          mentions: 0,
          weight: 0,
        };
        const form = phrase.slice(at, at + length).join(' ');
        candidate.forms.set(form, (candidate.forms.get(form) ?? 0) + 1);
        candidate.weight += weight;
        candidate.mentions += mentions;
        candidates.set(key, candidate);
      }
    }
  };
  const capitals = capitalsIn(blocks);
  for (const phrase of phrasesOf(title, capitals)) add(phrase, TITLE_WEIGHT, 0);
  for (const block of blocks) {
    const weight = block.kind === 'heading' ? HEADING_WEIGHT : 1;
    for (const phrase of phrasesOf(readable(block), capitals)) add(phrase, weight, 1);
  }
  const scored = [...candidates.values()]
    .filter(
      ({ weight, mentions, words }) =>
        weight > 1 && mentions >= (words.length > 1 ? 2 : 1) && (words.length > 1 || (words[0]?.length ?? 0) > 2),
    )
    .map((candidate) => {
      const rake = candidate.words.reduce((sum, word) => sum + (degree.get(word) ?? 0) / (frequency.get(word) ?? 1), 0);
      const mean = rake / candidate.words.length;
      return { ...candidate, score: candidate.weight * Math.sqrt(mean) * (candidate.words.length > 1 ? 2 : 1) };
    })
    .sort((one, other) => other.score - one.score || (one.key < other.key ? -1 : 1));
  const chosen: typeof scored = [];
  for (const candidate of scored) {
    if (chosen.length >= maxTerms) break;
    // A word within a chosen term, or a term around a chosen word, says nothing new.
    if (chosen.some(({ words }) => candidate.words.some((word) => words.some((other) => isAkin(word, other)))))
      continue;
    chosen.push(candidate);
  }
  return chosen.map(
    ({ forms }) => [...forms].sort((one, other) => other[1] - one[1] || one[0].length - other[0].length)[0]?.[0] ?? '',
  );
}

/** Forms of one word: report and reporting. */
function isAkin(one: string, other: string): boolean {
  return one === other || (one.length > 5 && other.length > 5 && one.slice(0, 6) === other.slice(0, 6));
}

/** The prose without what stands for code, addresses and templates. */
function readable(block: ProseBlock): string {
  let text = '';
  for (let index = 0; index < block.text.length; index++) {
    text += ((block.flags[index] ?? 0) & LOCKED) !== 0 ? '|' : block.text.charAt(index);
  }
  return text;
}

function phrasesOf(text: string, capitals: Capitals): string[][] {
  const phrases: string[][] = [];
  const add = (phrase: readonly string[]): void => {
    if (phrase.length > 0) phrases.push(phrase.map((word, at) => listedForm(word, phrase[at + 1], capitals)));
  };
  for (const run of text.replaceAll('’', "'").split(/[^\p{L}\p{N}' \t\r\n-]+|(?:^|\s)-+(?:\s|$)/u)) {
    let phrase: string[] = [];
    for (const token of run.split(/\s+/)) {
      const word = token.length > MAX_WORD_LENGTH ? '' : bareWord(token);
      if (word === '' || !/\p{L}/u.test(word) || isStopWord(word.toLowerCase())) {
        add(phrase);
        phrase = [];
      } else phrase.push(word);
    }
    add(phrase);
  }
  return phrases;
}

/** Without hyphens and apostrophes around it, and without a possessive. */
function bareWord(token: string): string {
  return token.replace(/^['-]+|['-]+$/g, '').replace(/'s$/, '');
}

/** Names, initialisms and words with inner capitals or digits as they are written; others in lower case. */
function listedForm(word: string, next: string | undefined, capitals: Capitals): string {
  const lower = word.toLowerCase();
  if (/\p{L}.*\p{Lu}|\d/u.test(word) || isName(capitals.get(lower))) return word;
  // A first name that only ever opens a sentence is known by the name after it.
  const isFirstName = next !== undefined && !capitals.has(lower) && isName(capitals.get(next.toLowerCase()));
  return isFirstName ? word : lower;
}

/** Words of running text, in lower case: how often each has a capital, or none, where only a name has one. */
type Capitals = ReadonlyMap<string, { readonly with: number; readonly without: number }>;

function isName(seen: { readonly with: number; readonly without: number } | undefined): boolean {
  return seen !== undefined && seen.with > 4 * seen.without;
}

function capitalsIn(blocks: readonly ProseBlock[]): Capitals {
  const capitals = new Map<string, { with: number; without: number }>();
  for (const block of blocks) {
    if (block.kind !== 'paragraph') continue;
    const text = block.text.replaceAll('’', "'");
    for (const { 0: token, index } of text.matchAll(/\p{L}[\p{L}\p{N}'-]*/gu)) {
      if (token.length > MAX_WORD_LENGTH || hasFlag(block, index, index + token.length, LOCKED | TITLED)) continue;
      if (opensSentence(text, index) || /["“‘'(]/.test(text.charAt(index - 1))) continue;
      const word = bareWord(token);
      const seen = capitals.get(word.toLowerCase()) ?? { with: 0, without: 0 };
      if (/^\p{Lu}/u.test(word)) seen.with++;
      else seen.without++;
      capitals.set(word.toLowerCase(), seen);
    }
  }
  return capitals;
}

/** Singular and plural count as one. */
function stemOf(word: string): string {
  const lower = word.toLowerCase();
  if (/^[\p{Lu}\d]{2,}s$/u.test(word)) return lower.slice(0, -1);
  if (lower.length < 4 || /(?:ss|us|is)$/.test(lower)) return lower;
  return lower
    .replace(/ies$/, 'y')
    .replace(/(?<=[sx]|ch|sh)es$/, '')
    .replace(/s$/, '');
}
