import type { EnglishFinding, EnglishReading } from './english-findings.js';
import { LOCKED, type ProseBlock, QUOTED } from './prose-block.js';
import { hasFlag, type ProseRemark } from './prose-edits.js';

/** Sentences with more words than this lose readers. */
const MAX_WORDS_PER_SENTENCE = 40;

/** One word, written as two. */
const SPLIT_WORD =
  /\b(?:no\s+where|further\s+more|never\s+the\s+less|how\s+ever|mean\s+while|there\s+fore|with\s+out)\b/giu;

/** Phrases of which a shorter one often, not always, says the same. */
const WORDY = new Set(
  (
    'a number of|accede to|accordingly|adversely impact|afford an opportunity|aforementioned|ameliorate|and/or|ascertain|' +
    'as a means of|at this time|attributable to|by means of|by virtue of|cease|combined with|commence|comply with|disseminate|' +
    'due to the fact that|each and every|elucidate|endeavor|expedite|facilitate|factual evidence|first and foremost|for a period of|' +
    'for the purpose of|has a requirement for|heretofore|in a timely manner|in accordance with|in addition|in all likelihood|' +
    'in an effort to|in excess of|in lieu of|in many cases|in order for|in order that|in order to|in regard to|in relation to|' +
    'in some instances|in terms of|in the amount of|in the event of|in the near future|in the process of|in view of|inception|' +
    'is applicable to|is responsible for|limited number|methodology|necessitate|notwithstanding|numerous|pertaining to|' +
    'point in time|prior to|promulgate|provided that|pursuant to|readily apparent|refer back|subsequent to|subsequently|' +
    'sufficient|the month of|the use of|therein|thereof|this day and age|time period|transpire|until such time as|utilisation|' +
    'utilise|utilization|utilize|various different|whether or not|with reference to|with respect to|with the exception of'
  ).split('|'),
);

/** What an editor would say in the margin about one block: passive voice, long or hard sentences, wordy phrases, doubled words. */
export function styleRemarks(block: ProseBlock, reading: EnglishReading): ProseRemark[] {
  const remarks: ProseRemark[] = [];
  const long = reading.sentences.filter(
    (sentence) => wordCount(block.text.slice(sentence.start, sentence.end)) > MAX_WORDS_PER_SENTENCE,
  );
  for (const { start, end } of long) {
    const words = wordCount(block.text.slice(start, end));
    remarks.push({ rule: 'long-sentence', start, end, message: `A sentence of ${words} words; can it be two?` });
  }
  for (const match of block.text.matchAll(SPLIT_WORD)) {
    const start = match.index;
    const end = start + match[0].length;
    if (hasFlag(block, start, end, QUOTED | LOCKED)) continue;
    const message = `“${match[0].replace(/\s+/g, ' ')}”: is “${match[0].replace(/\s+/g, '')}” meant?`;
    remarks.push({ rule: 'split-word', start, end, message });
  }
  for (const finding of reading.findings) {
    if (hasFlag(block, finding.start, finding.end, QUOTED)) continue;
    const message = messageFor(finding, block, long);
    if (message !== undefined) remarks.push({ rule: ruleOf(finding), start: finding.start, end: finding.end, message });
  }
  return remarks;
}

const RULES: Readonly<Record<EnglishFinding['plugin'], string>> = {
  articles: 'indefinite-article',
  contractions: 'contraction',
  passive: 'passive-voice',
  readability: 'readability',
  repeated: 'repeated-word',
  simplify: 'plain-words',
};

function ruleOf(finding: EnglishFinding): string {
  return RULES[finding.plugin];
}

function messageFor(
  { plugin, start, end, actual, expected }: EnglishFinding,
  block: ProseBlock,
  long: readonly { start: number }[],
): string | undefined {
  switch (plugin) {
    case 'passive': {
      const verb = /\p{L}+(?=\P{L}*$)/u.exec(block.text.slice(Math.max(0, start - 24), start))?.[0] ?? '';
      return `“${verb} ${actual}” may be passive voice; who does it?`;
    }
    case 'readability':
      return long.some((sentence) => sentence.start === start) ? undefined : 'A sentence that is hard to read.';
    case 'simplify': {
      const phrase = actual.replace(/\s+/g, ' ');
      if (hasFlag(block, start, end, LOCKED) || !WORDY.has(phrase.toLowerCase())) return undefined;
      const plain = expected.map((word) => `“${word}”`).join(' or ');
      return plain === '' ? `“${phrase}” can often go.` : `Instead of “${phrase}”, perhaps ${plain}.`;
    }
    case 'repeated':
      return hasFlag(block, start, end, LOCKED) || !/^\p{Ll}+\s+\p{Ll}+$/u.test(actual)
        ? undefined
        : `“${actual}”: is the word meant twice?`;
    default:
      return undefined;
  }
}

function wordCount(text: string): number {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}’'.-]*/gu)?.length ?? 0;
}
