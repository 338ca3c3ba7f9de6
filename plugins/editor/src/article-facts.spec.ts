import { describe, expect, it } from '@jest/globals';
import { articleFacts } from './article-facts.js';

describe('articleFacts — title', () => {
  it.each([
    ['front matter first', '---\ntitle: "A: b"\n---\n\n# Other\n', 'A: b'],
    ['a folded front matter title', '---\ntitle: One\n  two\n---\n', 'One two'],
    ['a heading next, without its markup', 'Text.\n\n## The `x` *way*, [here](https://a.b)\n', 'The x way, here'],
    ['the first sentence last', 'Some words here. And more.\n', 'Some words here'],
    ['broken front matter passed over', '---\ntitle: "a\nb: [\n---\n\n# Real\n', 'Real'],
    ['front matter that is no map', '---\n- a\n---\n\n# Real\n', 'Real'],
    ['nothing of nothing', '', ''],
  ])('%s', (_name, markdown, title) => {
    expect(articleFacts(markdown).title).toBe(title);
  });

  it('is cut at a word', () => {
    const { title } = articleFacts(`${'word '.repeat(40)}\n`);
    expect(title).toMatch(/^(?:word )+word…$/);
    expect(title.length).toBeLessThanOrEqual(91);
  });
});

describe('articleFacts — description', () => {
  it.each([
    ['description', '---\ndescription: D.\nexcerpt: E.\n---\n\nText.', 'D.'],
    ['excerpt', '---\nexcerpt: E\n  over lines.\n---\n\nText.', 'E over lines.'],
    ['first paragraph', '# Title\n\nText **of**\nit.\n\nMore.', 'Text of it.'],
  ])('%s', (_name, markdown, description) => {
    expect(articleFacts(markdown).description).toBe(description);
  });
});

describe('articleFacts — key terms', () => {
  it('are what the text speaks of, most of all in title and headings', () => {
    const { keyTerms } = articleFacts(
      '# Retry budgets\n\nA retry budget limits load. With a retry budget the API survives; APIs without one fall over.\n\n' +
        '## Load\n\nThe load of an API is what the budget limits.\n',
    );
    expect(keyTerms.slice(0, 2)).toEqual(['retry budget', 'load']);
    expect(keyTerms).toContain('API');
    expect(keyTerms.length).toBeLessThanOrEqual(7);
  });

  it('come from the text, not from code, addresses, templates or markup', () => {
    const noise = '`zig` {{ zig }} <b zig="1"> https://zig.example/zig ![zig](zig.png)\n\n```\nzig zig\n```\n';
    const { keyTerms } = articleFacts(
      `---\ntitle: Big cats\nzig: zig\n---\n\n${noise.repeat(5)}Lions eat. Lions sleep. Lions play.\n`,
    );
    expect(keyTerms).toEqual(['lions']);
  });

  it('keep the capital of a name, which running text never writes without; not that of a sentence or a heading', () => {
    const { keyTerms } = articleFacts(
      '# Better Dashboards with Google\n\nGoogle is big. We asked Google for dashboards. Dashboards of Google’s are free.\n\n' +
        'Jim Highsmith left. Jim Highsmith came. Ask the Highsmith family.\n\nSummer is hot. In Summer and in summer. Summer!',
    );
    expect(keyTerms).toEqual(expect.arrayContaining(['Google', 'dashboards', 'Jim Highsmith', 'summer']));
  });

  it('are no endless runs of letters', () => {
    expect(articleFacts(`A cat and a ${'b'.repeat(41)} cat. ${'C-'.repeat(50)} cat.`).keyTerms).toEqual(['cat']);
  });

  it('list no word twice and no stop words', () => {
    const { keyTerms } = articleFacts(
      'Report on reports. Reporting the reports. It is what it is, and it is not. A story, two stories.',
    );
    expect(keyTerms).toEqual(['reports', 'story']);
  });
});
