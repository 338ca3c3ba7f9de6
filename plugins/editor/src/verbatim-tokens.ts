import type { Range } from './template-tags.js';

/**
 * What stands in running text but is not language: addresses, paths, identifiers, flags, math, attribute lists.
 * Quotes, brackets and commas around a token stay outside it, so that a quoted path keeps two editable quotes.
 */
const VERBATIM: readonly RegExp[] = [
  // Addresses, wherever they stand.
  /\b(?:[a-z][a-z\d+.-]{1,30}:\/\/|www\.)[^\s<>"“”]+/giu,
  /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gu,
  // $inline math$ as Pandoc reads it: no space inside the dollars, no digit after.
  /\$(?=\S)[^$\n]{1,200}?(?<=\S)\$(?!\d)/gu,
  // {: .class key="value" } of kramdown, {#id .class} of Pandoc.
  /\{[:#.][^{}\n]*\}/gu,
  // key="value" anywhere.
  /(?<![\w-])[\w-]+=(?:"[^"\n]*"|'[^'\n]*')/gu,
  // [[wiki link]].
  /\[\[[^[\]\n]*\]\]/gu,
  // Lines of directives: :::note "Title", !!! note "Title", ??? note "Title".
  /^(?:!!!|\?\?\?\+?|:::+).*$/gmu,
  // --flags, but not a dash between words.
  /(?<![^\s([])--?[A-Za-z][\w-]*(?:=[^\s"“”]*)?/gu,
  // Tokens with a sign that no word has: a_b, a/b, a=b, a\b, #tag, @name, f(), a::b, snake and camel case, file.ext.
  /(?<![^\s"“”‘’'()[\],;—–…])[^\s"“”‘’'()[\],;—–…]*[_/\\=<>{}@#|~^*`][^\s"“”‘’'()[\],;—–…]*/gu,
  /(?<![\w.])[\w.]+\(\)/gu,
  /\b\w+::\w[\w:]*/gu,
  /\b[a-z]+[A-Z]\w*/gu,
  /(?<![\w.-])\.?[A-Za-z\d-]+(?:\.[A-Za-z\d-]{2,})*\.[a-z]{2,5}(?!\w)/gu,
];

/** Ranges of `text` that no rule may touch, in no particular order. */
export function findVerbatimTokens(text: string): Range[] {
  const tokens: Range[] = [];
  for (const pattern of VERBATIM) {
    for (const match of text.matchAll(pattern)) {
      if (match[0].length > 0) tokens.push({ start: match.index, end: match.index + match[0].length });
    }
  }
  return tokens;
}
