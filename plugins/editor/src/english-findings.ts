import type { Root } from 'nlcst';
import retextContractions from 'retext-contractions';
import retextEnglish from 'retext-english';
import retextIndefiniteArticle from 'retext-indefinite-article';
import retextPassive from 'retext-passive';
import retextReadability from 'retext-readability';
import retextRepeatedWords from 'retext-repeated-words';
import retextSimplify from 'retext-simplify';
import { unified } from 'unified';
import { VFile } from 'vfile';
import type { Range } from './template-tags.js';

/** What a retext plugin found in a text. Whether it is right in its place is for our rules to judge. */
export interface EnglishFinding extends Range {
  readonly plugin: 'articles' | 'contractions' | 'passive' | 'readability' | 'repeated' | 'simplify';
  readonly actual: string;
  readonly expected: readonly string[];
}

/** Findings and sentence ranges of one text. */
export interface EnglishReading {
  readonly findings: readonly EnglishFinding[];
  readonly sentences: readonly Range[];
}

const PLUGIN_BY_SOURCE: Readonly<Record<string, EnglishFinding['plugin']>> = {
  'retext-indefinite-article': 'articles',
  'retext-contractions': 'contractions',
  'retext-passive': 'passive',
  'retext-readability': 'readability',
  'retext-repeated-words': 'repeated',
  'retext-simplify': 'simplify',
};

const reader = unified()
  .use(retextEnglish)
  .use(retextRepeatedWords)
  .use(retextIndefiniteArticle)
  .use(retextContractions, { straight: true })
  .use(retextSimplify)
  .use(retextPassive)
  .use(retextReadability, { age: 18, threshold: 5 / 7, minWords: 12 })
  .freeze();

/** Reads a block of running English. */
export function readEnglish(text: string): EnglishReading {
  // A run of hundreds of letters and signs is data, and costs the parser the square of its length.
  const file = new VFile(text.replace(/\S{200,}/g, (run) => 'x'.padEnd(run.length)));
  const tree: Root = reader.parse(file);
  reader.runSync(tree, file);
  const findings = file.messages.flatMap((message): EnglishFinding[] => {
    const plugin = PLUGIN_BY_SOURCE[message.source ?? ''];
    const place = message.place;
    if (plugin === undefined || place === undefined || !('start' in place)) return [];
    const start = place.start.offset ?? 0;
    const end = place.end.offset ?? start;
    return [{ plugin, start, end, actual: text.slice(start, end), expected: message.expected ?? [] }];
  });
  return { findings, sentences: sentencesOf(tree) };
}

function sentencesOf(tree: Root): Range[] {
  const sentences: Range[] = [];
  for (const paragraph of tree.children) {
    if (paragraph.type !== 'ParagraphNode') continue;
    for (const node of paragraph.children) {
      const { start, end } = node.position ?? {};
      if (node.type !== 'SentenceNode' || start?.offset === undefined || end?.offset === undefined) continue;
      sentences.push({ start: start.offset, end: end.offset });
    }
  }
  return sentences;
}
