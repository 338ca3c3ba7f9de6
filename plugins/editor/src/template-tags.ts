/** A half-open range of UTF-16 offsets. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The longest tag that is believed; past this an unclosed brace is taken for text. */
const MAX_TAG_LENGTH = 4_000;
/** Paired tags whose whole content belongs to the template engine, not to the prose. */
const OPAQUE_BLOCK = /^\{%-?\s*(raw|verbatim|comment|highlight|code)\b/;
const CLOSERS: Readonly<Record<string, string>> = { '{{': '}}', '{%': '%}', '{#': '#}' };

/**
 * The template tags of a document (`{{ }}`, `{% %}`, `{# #}` as in Liquid, Jinja, Nunjucks, Hugo), in order.
 * A tag may span soft line breaks, never a blank line or a code fence. Of `{% raw %}` and its like the content is included.
 */
export function findTemplateTags(source: string): Range[] {
  const tags: Range[] = [];
  const exhausted = new Set<string>();
  const opener = /\{[{%#]/g;
  for (let match = opener.exec(source); match; match = opener.exec(source)) {
    const end = endOfTag(source, match.index, match[0], exhausted);
    if (end === undefined) continue;
    tags.push({ start: match.index, end });
    opener.lastIndex = end;
  }
  return tags;
}

/** The document with every template tag replaced by letters: same length, so that offsets stay valid. */
export function maskTemplateTags(source: string, tags: readonly Range[]): string {
  let masked = '';
  let at = 0;
  for (const tag of tags) {
    masked += source.slice(at, tag.start) + 'x'.repeat(tag.end - tag.start);
    at = tag.end;
  }
  return masked + source.slice(at);
}

function endOfTag(source: string, start: number, opener: string, exhausted: Set<string>): number | undefined {
  const closer = CLOSERS[opener] ?? '';
  if (exhausted.has(closer)) return undefined;
  const close = source.indexOf(closer, start + 2);
  if (close < 0) {
    exhausted.add(closer);
    return undefined;
  }
  const end = close + 2;
  if (end - start > MAX_TAG_LENGTH) return undefined;
  const tag = source.slice(start, end);
  if (/(\r?\n|\r)[ \t>]*(\r?\n|\r|```|~~~)/.test(tag)) return undefined;
  return endOfOpaqueBlock(source, tag, end, exhausted) ?? end;
}

function endOfOpaqueBlock(source: string, tag: string, end: number, exhausted: Set<string>): number | undefined {
  const name = OPAQUE_BLOCK.exec(tag)?.[1];
  if (name === undefined || exhausted.has(name)) return undefined;
  const closer = new RegExp(`\\{%-?\\s*end${name}\\s*-?%\\}`, 'g');
  closer.lastIndex = end;
  if (closer.test(source)) return closer.lastIndex;
  exhausted.add(name);
  return undefined;
}
