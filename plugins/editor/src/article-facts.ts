/** What an article says about itself. */
export interface ArticleFacts {
  /** Of the front matter, else the first heading, else the beginning of the first sentence; empty for an empty article. */
  readonly title: string;
  /** Front matter `description` or `excerpt`, else the first paragraph, shortened at a word. */
  readonly description: string;
  /** Up to seven terms the text is about, the strongest first. */
  readonly keyTerms: readonly string[];
}

/** Reads title, description and key terms of a Markdown article. Broken front matter is passed over. */
export async function articleFacts(markdown: string): Promise<ArticleFacts> {
  const { readArticleFacts } = await import('./article-reading.js');
  return readArticleFacts(markdown);
}
