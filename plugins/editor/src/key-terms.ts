import { LOCKED, type ProseBlock } from './prose-block.js';
import { isStopWord } from './stop-words.js';

const MAX_TERMS = 7;
const MAX_WORDS_PER_TERM = 3;
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
  for (const phrase of phrasesOf(title)) add(phrase, TITLE_WEIGHT, 0);
  for (const block of blocks) {
    const weight = block.kind === 'heading' ? HEADING_WEIGHT : 1;
    for (const phrase of phrasesOf(readable(block))) add(phrase, weight, 1);
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

function phrasesOf(text: string): string[][] {
  const phrases: string[][] = [];
  for (const run of text.replaceAll('’', "'").split(/[^\p{L}\p{N}' \t\r\n-]+|(?:^|\s)-+(?:\s|$)/u)) {
    let phrase: string[] = [];
    for (const token of run.split(/\s+/)) {
      const word = token.replace(/^['-]+|['-]+$/g, '').replace(/'s$/, '');
      if (word === '' || !/\p{L}/u.test(word) || isStopWord(word.toLowerCase())) {
        if (phrase.length > 0) phrases.push(phrase);
        phrase = [];
      } else phrase.push(properForm(word));
    }
    if (phrase.length > 0) phrases.push(phrase);
  }
  return phrases;
}

/** Initialisms and names with inner capitals keep them; other words are listed in lower case. */
function properForm(word: string): string {
  return /\p{L}.*\p{Lu}/u.test(word) || /\d/.test(word) ? word : word.toLowerCase();
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
