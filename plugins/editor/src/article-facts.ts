import type { ArticleFacts } from './article-reading.js';

/** Reads title, description and key terms of a Markdown article. Broken front matter is passed over. */
export async function articleFacts(markdown: string): Promise<ArticleFacts> {
  const { readArticleFacts } = await import('./article-reading.js');
  return readArticleFacts(markdown);
}
