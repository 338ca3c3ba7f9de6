import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyEdit } from './copy-edit.js';
import { parseMarkdown } from './markdown-tree.js';
import { structureOf } from './structure.js';

const articles = new URL('../../../examples/articles/', import.meta.url);

/** The edits applied to the original by hand, as a caller would who shows them one by one. */
function replay(markdown: string, edits: readonly { offset: number; before: string; after: string }[]): string {
  let text = '';
  let at = 0;
  for (const { offset, before, after } of edits) {
    expect(markdown.slice(offset, offset + before.length)).toBe(before);
    text += markdown.slice(at, offset) + after;
    at = offset + before.length;
  }
  return text + markdown.slice(at);
}

const edited = (markdown: string) => copyEdit(markdown).text;

describe('copyEdit — mends', () => {
  it.each([
    ['a doubled word', 'It is in the the box.', 'It is in the box.'],
    ['a word tripled', 'It is in the the the box.', 'It is in the box.'],
    ['a word doubled at the start', 'The the box is full.', 'The box is full.'],
    ['a word doubled across a line ending', 'It is in the\nthe box.', 'It is in the\nbox.'],
    ['a word doubled across lines of a list item', '- It is in the\n  the box.', '- It is in the\n  box.'],
    ['a before a silent h', 'It took a hour.', 'It took an hour.'],
    ['an before a consonant sound', 'It is an user of an unit.', 'It is a user of a unit.'],
    ['the article of an initialism', 'Call a API at an URL.', 'Call an API at a URL.'],
    ['the article of a number', 'It is a 8 hour shift.', 'It is an 8 hour shift.'],
    ['a capital article', 'A hour went by.', 'An hour went by.'],
    ['a lost apostrophe', 'It doesnt work and they havent seen it.', 'It doesn’t work and they haven’t seen it.'],
    ['an apostrophe one letter early', 'It did’nt work.', 'It didn’t work.'],
    ['two spaces after a sentence', 'One is done.  Two is not.', 'One is done. Two is not.'],
    ['two spaces between words', 'One  more word and all is well.', 'One more word and all is well.'],
    [
      'a lost space after a sentence',
      'It was his concern.The rest was ours.',
      'It was his concern. The rest was ours.',
    ],
    ['a space before a comma', 'First , we look.', 'First, we look.'],
    ['a long word with a short twin', 'We utilize it. Utilizing it is easy.', 'We use it. Using it is easy.'],
    ['a wordy phrase', 'Stop prior to noon in order to rest.', 'Stop before noon to rest.'],
    ['a phrase across a line ending', 'Stop in\norder to rest.', 'Stop to rest.'],
    ['an article its own edit made wrong', 'It is an utilized tool.', 'It is a used tool.'],
    ['typewriter dashes', 'One -- or two --- is fine.', 'One — or two — is fine.'],
    ['a range of years', 'from 1990--1999', 'from 1990–1999'],
    ['dots', 'Wait... what?', 'Wait… what?'],
  ])('%s', (_name, before, after) => {
    expect(edited(before)).toBe(after);
  });

  it.each([
    ['straight where straight prevails', 'It\'s "so" and it\'s “not”.', 'It\'s "so" and it\'s "not".'],
    ['curly where curly prevails', "It’s “so” and it's “not”.", 'It’s “so” and it’s “not”.'],
    ['no dashes or dots in a straight document', "It's so -- isn't it...", "It's so -- isn't it..."],
    ['a lost apostrophe in the prevailing style', "It's so and it doesnt work.", "It's so and it doesn't work."],
  ])('%s', (_name, before, after) => {
    expect(edited(before)).toBe(after);
  });

  it.each([
    ['straight quotes', 'He said "no" and \'yes\'.', 'He said “no” and ‘yes’.'],
    ['quotes within quotes', '"He said \'no\' to me," she said.', '“He said ‘no’ to me,” she said.'],
    ['quotes around markup', '"**bold**" and "*it*"', '“**bold**” and “*it*”'],
    ['quotes around code', 'the "`code`" one', 'the “`code`” one'],
    ['quotes beside attributes', 'Set x="y" in the "head".', 'Set x="y" in the “head”.'],
    ['years and elisions', "the '90s, '99 and 'twas rock", 'the ’90s, ’99 and ’twas rock'],
    ['a decade after a wrong mark', 'the ‘90s', 'the ’90s'],
    ['possessives', "the users' data and James's", 'the users’ data and James’s'],
  ])('%s, in typographic style', (_name, before, after) => {
    expect(copyEdit(before, { quotes: 'typographic' }).text).toBe(after);
  });

  it('in the style asked for', () => {
    expect(copyEdit('It’s “so”.', { quotes: 'straight' }).text).toBe('It\'s "so".');
    expect(copyEdit('It\'s "so" and isn\'t.', { quotes: 'typographic' }).text).toBe('It’s “so” and isn’t.');
  });
});

describe('copyEdit — leaves alone', () => {
  it.each([
    ['doublings that are meant', 'They had had it. I know that that is so. It is “done done.” Log in in time.'],
    ['names that double', 'Duran Duran and Walla Walla, bye bye.'],
    ['hyphens after a doubled word', 'Add it to to-do lists.'],
    [
      'right articles',
      'An hour, a user, an SPDY stream, an 18F team, a one-off, a European, an unidentified MRI, a uuid, an npm package.',
    ],
    [
      'articles on which speakers differ',
      'A historic herb, an historic herb, a hotel, an hotel, a SQL query, an SQL query.',
    ],
    ['an a that is a letter', 'Take option a instead. Vitamin a is good. From a to b.'],
    ['unarmed and nth', 'An unarmed man, an nth try, an x-ray, an ssh key, an html page, an f-string.'],
    ['words like contractions', 'They are wont to cant and lets its hell were well.'],
    ['should of course', 'She should of course recognize it.'],
    [
      'names that are phrases',
      'The firm Utilize is new. A word is in order to thank you. It’s in order to win. Re-utilize it.',
    ],
    ['words of others', '“We utilize a API,” he wrote, and I read *How to utilize*.'],
    ['block quotes', '> We utilize the the API for a hour.'],
    ['titles and link texts', '# How to utilize it\n\n[Utilize it in order to win](https://example.com)'],
    ['inches and feet', 'A 27" screen, 5\'10" tall, 6\' wide and 40°26\'46" north.'],
    [
      'dots that are no sentence end',
      'See Node.Buffer, use Array.From and main...feature, analytics.usa.gov, .gov and e.g. this.',
    ],
    ['flags and ranges', 'Use --only and --publish, or 1...10 and ...args, or block--modifier.'],
    ['attributes', 'Set x="y" and y=\'z\' now.'],
    ['commands', 'Run git log -- path/to/file now.'],
    ['text laid out by spaces', 'name    size    date'],
    ['hard breaks', 'One  \nTwo\\\nThree'],
    ['nested dots', 'Really.... and (...)'],
  ])('%s', (_name, text) => {
    const { text: outcome, edits } = copyEdit(text, { quotes: 'typographic' });
    expect(edits).toEqual([]);
    expect(outcome).toBe(text);
  });

  it.each([
    ['front matter', '---\ntitle: "the the  title"\nx: \'a hour\'\n---\n\nText.\n'],
    ['TOML front matter', '+++\ntitle = "the the  title"\n+++\n\nText.\n'],
    ['inline code', 'Run `the the "x"  y` now.'],
    ['fenced code', '```js\nconst a = "the the  x";\n```\n'],
    ['indented code', 'Text.\n\n    the the "x"  y\n'],
    ['code in a list', '- Text.\n\n  ```\n  the the "x"\n  ```\n'],
    ['HTML blocks', '<div class="the the">\nthe the "x"  y\n</div>\n'],
    ['inline HTML', 'Some <span title="the the">the the "x"  y</span> here.'],
    ['comments', 'Some <!-- the the "x" --> here.'],
    ['output tags', 'Some {{ "the the  x" | url }} here.'],
    ['output tags over lines', 'Some {{ "the the"\n| url  }} here.'],
    ['statement tags', '{% image "the the.png" "a hour  ago" %}\n'],
    ['template tags in destinations', '[text]({{ "/the the/" | url }}) and ![alt]({{ "/a.png"\n | url }})'],
    ['raw blocks', '{% raw %}\nthe the "x"\n\na hour\n{% endraw %}\n'],
    ['destinations and titles', '[text](https://example.com/the--the "the the title")'],
    ['autolinks', "<https://example.com/the--the...> and https://example.com/a--b and www.example.com/it's"],
    ['definitions', '[text][ref]\n\n[ref]: https://example.com/a--b "the the  title"\n'],
    ['shortcut references', '[the the label]\n\n[the the label]: https://example.com\n'],
    ['images', '![the the "alt"  text](a.png)'],
    ['math', 'Let $a -- b$ and\n\n$$\nthe the "x"\n$$\n'],
    ['footnote labels', 'Text.[^the--the]\n\n[^the--the]: Note.\n'],
    ['escapes', 'A \\"quoted\\" word.'],
    ['attribute lists', '{: .class title="the the"}'],
    ['directives', '!!! note "The the title"\n'],
    ['e-mail and paths', 'Write to it--s@example.com or see /the/the...x and a_b--c.'],
  ])('%s, byte for byte', (_name, text) => {
    expect(edited(text)).toBe(text);
  });

  it('line endings, byte order mark and a missing last newline', () => {
    expect(edited('\u{feff}# A hour\r\n\r\nthe the box\r\n\r\n- “x”  \r\n  y')).toBe(
      '\u{feff}# An hour\r\n\r\nthe box\r\n\r\n- “x”  \r\n  y',
    );
  });

  it('structure, where an edit would change it', () => {
    const text = 'One the the\n# b\n\nthe\nthe\n- x\n';
    const outcome = edited(text);
    expect(structureOf(parseMarkdown(outcome))).toBe(structureOf(parseMarkdown(text)));
  });
});

describe('copyEdit — reports', () => {
  it('edits with line, column and offset in the original', () => {
    const { edits } = copyEdit('One.\r\n\r\n> 😀 “Two”\r\n\r\nIt took a hour.\r\n');
    expect(edits).toEqual([{ rule: 'indefinite-article', line: 5, column: 9, offset: 30, before: 'a', after: 'an' }]);
  });

  it.each([
    ['passive-voice', 'The box was taken away by them.', 'taken'],
    ['spelling', 'This is a sentense with one mistake.', 'sentense'],
    ['plain-words', 'We facilitate it.', 'facilitate'],
    ['repeated-word', 'It was very very late.', 'very very'],
    ['split-word', 'There is no where to go.', 'no where'],
  ])('%s as a remark, changing nothing', (rule, text, excerpt) => {
    const { text: outcome, edits, remarks } = copyEdit(text);
    expect(outcome).toBe(text);
    expect(edits).toEqual([]);
    expect(remarks).toContainEqual(expect.objectContaining({ rule, line: 1, offset: text.indexOf(excerpt), excerpt }));
  });

  it('a long sentence once', () => {
    const text = `${'we saw one big old red dog and '.repeat(7)}that was all.`;
    const { remarks } = copyEdit(text);
    expect(remarks.map(({ rule }) => rule)).toEqual(['long-sentence']);
  });

  it('a misspelt word once, and no names, terms, initialisms or British spellings', () => {
    const text =
      'We recieve it, and recieve more. Ask Illsley at the GSA about idempotency, webhooks and the colour of an organisation. ' +
      'The `foobaz` and fooBaz and foo_bar are code. My zorgle knows.';
    const { remarks } = copyEdit(text, { knownWords: ['Zorgle'] });
    expect(remarks.filter(({ rule }) => rule === 'spelling').map(({ excerpt }) => excerpt)).toEqual(['recieve']);
  });
});

describe('copyEdit — on whole documents', () => {
  const names = readdirSync(articles).filter((name) => name.endsWith('.md'));
  it.each(names)('%s: finds its slips, then nothing more, and its edits replay', (name) => {
    const markdown = readFileSync(new URL(name, articles), 'utf8');
    const { text, edits } = copyEdit(markdown);
    expect(new Set(edits.map(({ rule }) => rule))).toEqual(
      new Set(['repeated-word', 'sentence-spacing', 'word-spacing', 'quotes', 'plain-words', 'indefinite-article']),
    );
    expect(replay(markdown, edits)).toBe(text);
    expect(copyEdit(text).edits).toEqual([]);
    expect(structureOf(parseMarkdown(text))).toBe(structureOf(parseMarkdown(markdown)));
  });
});

describe('copyEdit — for any document', () => {
  const piece = fc.constantFrom(
    ...[
      'the',
      'the',
      'The',
      'a',
      'an',
      'hour',
      'user',
      'API',
      'utilize',
      'in order to',
      'doesnt',
      "it's",
      "users'",
      "'90s",
    ],
    ...[
      '"',
      "'",
      '“',
      '”',
      '‘',
      '’',
      '"word"',
      "'word'",
      '--',
      '---',
      '...',
      '.',
      ',',
      '.  ',
      '  ',
      ' ',
      ' ',
      ' ',
      '\n',
      '\r\n',
      '\n\n',
    ],
    ...[
      '\n- ',
      '\n1. ',
      '\n> ',
      '\n# ',
      '\n    ',
      '\n```\n',
      '`',
      '*',
      '**',
      '_',
      '~~',
      '[',
      ']',
      '](',
      ')',
      '[^1]',
      '![',
      '<b>',
      '</b>',
      '<br>',
    ],
    ...[
      '{{',
      '}}',
      '{%',
      '%}',
      '$',
      '$$',
      '|',
      '\n|-|-|\n',
      '&mdash;',
      '&',
      '\\',
      '\\"',
      '#',
      'https://a.b/c--d',
      'a@b.cd',
      '😀',
      'é',
      '\t',
      '27"',
    ],
  );
  const document = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

  it('its outcome is final, its edits replay, its structure stays', () => {
    fc.assert(
      fc.property(document, (markdown) => {
        const { text, edits, remarks } = copyEdit(markdown);
        expect(replay(markdown, edits)).toBe(text);
        expect(structureOf(parseMarkdown(text))).toBe(structureOf(parseMarkdown(markdown)));
        expect(copyEdit(text).edits).toEqual([]);
        for (const { offset } of remarks) expect(offset).toBeLessThan(markdown.length);
      }),
      { numRuns: 500 },
    );
  });
});
