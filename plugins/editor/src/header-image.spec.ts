import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { insertHeaderImage } from './header-image.js';
import { parseMarkdown } from './markdown-tree.js';

const image = { path: 'a.svg', alt: 'Alt' };

describe('insertHeaderImage — places it', () => {
  it.each([
    ['before the first block', 'Text.\n', '![Alt](a.svg)\n\nText.\n'],
    ['after the title', '# T\n\nText.\n', '# T\n\n![Alt](a.svg)\n\nText.\n'],
    ['after a title without a blank line', '# T\nText.\n', '# T\n\n![Alt](a.svg)\n\nText.\n'],
    ['after an underlined title', 'T\n=\nText.\n', 'T\n=\n\n![Alt](a.svg)\n\nText.\n'],
    ['after a title that is all', '# T', '# T\n\n![Alt](a.svg)'],
    ['before a second-level heading', '## T\n', '![Alt](a.svg)\n\n## T\n'],
    ['after front matter', '---\na: 1\n---\n\nText.\n', '---\na: 1\n---\n\n![Alt](a.svg)\n\nText.\n'],
    ['after front matter without a blank line', '---\na: 1\n---\nText.', '---\na: 1\n---\n\n![Alt](a.svg)\n\nText.'],
    [
      'after front matter and title',
      '---\na: 1\n---\n\n# T\n\nText.',
      '---\na: 1\n---\n\n# T\n\n![Alt](a.svg)\n\nText.',
    ],
    ['with the document’s line endings', '\u{feff}# T\r\n\r\nText.', '\u{feff}# T\r\n\r\n![Alt](a.svg)\r\n\r\nText.'],
    ['after a byte order mark', '\u{feff}Text.', '\u{feff}![Alt](a.svg)\n\nText.'],
    ['before indented code', '    code\n', '![Alt](a.svg)\n\n    code\n'],
    ['in an empty document', '', '![Alt](a.svg)\n'],
  ])('%s', (_name, before, after) => {
    expect(insertHeaderImage(before, image)).toBe(after);
    expect(insertHeaderImage(after, image)).toBe(after);
  });

  it('so that alt text and path come back whole, whatever they are, and a second time changes nothing', () => {
    const documents = fc.constantFrom(
      'Text.\n',
      '# T\nText.\n',
      '---\na: 1\n---\n- x\n',
      '',
      '> q\n',
      '\u{feff}# T',
      '***\n',
      '[a]: b\n',
    );
    const signs = fc.string({ unit: fc.constantFrom(...'ab []()<>\\`*_{}%!"\'&#;~|$:/.=-é😀'), maxLength: 12 });
    fc.assert(
      fc.property(documents, signs, signs, (markdown, alt, name) => {
        const path = `a${name}.svg`;
        const outcome = insertHeaderImage(markdown, { path, alt });
        const added = outcome.indexOf('![');
        expect(outcome.length).toBeGreaterThan(markdown.length);
        expect(markdown.startsWith(outcome.slice(0, added).trimEnd())).toBe(true);
        const { root, masked } = parseMarkdown(outcome);
        expect(masked).toBe(outcome);
        const images = root.children.flatMap((node) => (node.type === 'paragraph' ? node.children : []));
        const shown = images.find((node) => node.type === 'image');
        expect(shown).toMatchObject({ alt: alt.replace(/\s+/g, ' ').trim() });
        expect(decodeURIComponent(shown?.type === 'image' ? shown.url : '')).toBe(safeDecode(path));
        expect(insertHeaderImage(outcome, { path, alt: 'Other' })).toBe(outcome);
      }),
    );
  });
});

/** What a path means in which some percent signs encode and others do not. */
function safeDecode(path: string): string {
  return decodeURIComponent(path.replace(/%(?![\dA-Fa-f]{2})/g, '%25'));
}
