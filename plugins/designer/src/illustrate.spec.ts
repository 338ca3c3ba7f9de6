import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import type { Box } from './box.js';
import { CANVAS } from './composition.js';
import { contrastRatio, SHAPE_CONTRAST, TEXT_CONTRAST } from './contrast.js';
import { illustrate } from './illustrate.js';
import { InvalidIllustrationInput } from './invalid-input.js';
import { type IllustrationInput, type Layout, layOut } from './layout.js';
import { cleanText } from './plain-text.js';

const LONG_TITLE =
  'A very long headline that keeps going because its author could not decide which of the many findings of the report mattered the most to the readers who were waiting for it, and so it names nearly all of';

const TELLING_INPUTS: readonly IllustrationInput[] = [
  { title: 'Go', terms: [] },
  { title: 'What is technical debt?', terms: ['best practices', 'technical debt'] },
  {
    title: LONG_TITLE,
    subtitle: LONG_TITLE,
    terms: Array.from({ length: 12 }, (_, index) => `${LONG_TITLE} ${index}`),
  },
  { title: 'W'.repeat(200), terms: ['W'.repeat(200)] },
  { title: '我们如何构建一个让每个人都能理解的开放数据平台'.repeat(8), terms: ['开放数据'.repeat(20)] },
  { title: 'ما هي الديون التقنية ولماذا يجب أن نهتم بها؟', terms: ['ديون', 'API'] },
  { title: '﷽'.repeat(30), terms: ['﷽'.repeat(9)] },
  { title: '👩‍👩‍👧‍👦'.repeat(60), terms: ['👩‍👩‍👧‍👦'.repeat(30)] },
  { title: `Z${'\u0335\u0321'.repeat(80)}algo`, terms: [`x${'\u0301'.repeat(90)}`] },
  { title: '<script>alert(1)</script> & "quotes" \'single\' ]]>', terms: ['<b onload="x">', '&amp;'] },
  { title: 'White on white', terms: ['a'], palette: { background: '#fff', foreground: '#fff', accent: '#fff' } },
  { title: 'Middle grey', terms: ['a'], subtitle: 'b', palette: { background: '#777777', foreground: '#808080' } },
];

const anyText = (maxLength: number) =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength }),
    fc.string({ unit: 'grapheme', maxLength }),
    fc.string({
      unit: fc.constantFrom(
        ...'<>&"\'-',
        'W',
        'i',
        ' ',
        'é',
        '字',
        'ب',
        'क्ष',
        'Ẫ',
        '🏳️‍🌈',
        '\u0301',
        '\u0000',
        '\ud800',
      ),
      maxLength,
    }),
  );
const anyColour = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);
const anyInput: fc.Arbitrary<IllustrationInput> = fc
  .record(
    {
      title: anyText(220),
      terms: fc.array(anyText(40), { maxLength: 12 }),
      subtitle: anyText(160),
      palette: fc.record({ background: anyColour, foreground: anyColour, accent: anyColour }, { requiredKeys: [] }),
    },
    { requiredKeys: ['title', 'terms'] },
  )
  .filter(({ title }) => cleanText(title) !== '');

function forAnyInput(check: (input: IllustrationInput) => void): void {
  TELLING_INPUTS.forEach(check);
  fc.assert(fc.property(anyInput, check), { numRuns: 200 });
}

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Reads a document with a parser that refuses what is not well-formed. */
function parse(svg: string): { elements: Element[]; text: string[] } {
  const elements: Element[] = [];
  const text: string[] = [];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag: SaxesTagNS) => {
    const attributes = Object.values<SaxesAttributeNS>(tag.attributes).map(({ name, value }) => [name, value] as const);
    elements.push({ name: tag.name, attributes: new Map(attributes) });
  });
  parser.on('text', (content) => {
    if (content.trim() !== '') {
      text.push(content);
    }
  });
  parser.write(svg).close();
  return { elements, text };
}

const HARMLESS_ELEMENTS = new Set(['svg', 'title', 'desc', 'clipPath', 'g', 'path', 'rect', 'text']);

const OVERLAP_TOLERANCE_PX = 0.01;

function overlaps(a: Box, b: Box): boolean {
  const share = OVERLAP_TOLERANCE_PX;
  return (
    a.x + a.width > b.x + share &&
    b.x + b.width > a.x + share &&
    a.y + a.height > b.y + share &&
    b.y + b.height > a.y + share
  );
}

function isInside(inner: Box, outer: Box): boolean {
  const share = OVERLAP_TOLERANCE_PX;
  return (
    inner.x >= outer.x - share &&
    inner.y >= outer.y - share &&
    inner.x + inner.width <= outer.x + outer.width + share &&
    inner.y + inner.height <= outer.y + outer.height + share
  );
}

/** What no two of may touch: lines of text (a tag counts as its pill), the rule and the motif. */
function solids({ lines, pills, rule, motif }: Layout): Box[] {
  return [...lines.filter((line) => line.role !== 'term').map((line) => line.box), ...pills, rule, motif.area];
}

describe('illustrate — layout', () => {
  it('keeps every text, tag and the motif on the canvas and apart from each other', () => {
    const canvas = { x: 0, y: 0, ...CANVAS };
    forAnyInput((input) => {
      const layout = layOut(input);
      const boxes = solids(layout);
      for (const [index, box] of boxes.entries()) {
        expect(isInside(box, canvas)).toBe(true);
        for (const other of boxes.slice(index + 1)) {
          expect(overlaps(box, other)).toBe(false);
        }
      }
      const terms = layout.lines.filter((line) => line.role === 'term');
      expect(terms).toHaveLength(layout.pills.length);
      for (const [index, term] of terms.entries()) {
        expect(isInside(term.box, layout.pills[index] ?? canvas)).toBe(true);
      }
    });
  });

  it('keeps texts clear of the edge of the canvas', () => {
    forAnyInput((input) => {
      for (const { box } of layOut(input).lines) {
        expect(box.x).toBeGreaterThanOrEqual(50);
        expect(box.x + box.width).toBeLessThanOrEqual(CANVAS.width - 50);
        expect(box.y).toBeGreaterThanOrEqual(40);
        expect(box.y + box.height).toBeLessThanOrEqual(CANVAS.height - 40);
      }
    });
  });

  it('gives every text 4.5:1 and the accent 3:1 on what is behind it', () => {
    forAnyInput((input) => {
      const { lines, tones } = layOut(input);
      for (const { colour, ground } of lines) {
        expect(contrastRatio(colour, ground)).toBeGreaterThanOrEqual(TEXT_CONTRAST);
      }
      expect(contrastRatio(tones.accent, tones.background)).toBeGreaterThanOrEqual(SHAPE_CONTRAST);
    });
  });

  it('shows the whole title of 200 characters, and cuts only what cannot fit', () => {
    const shown = (title: string) =>
      layOut({ title, terms: ['a', 'b'] })
        .lines.filter((line) => line.role === 'title')
        .map((line) => line.text)
        .join(' ');
    expect(shown(LONG_TITLE)).toBe(LONG_TITLE);
    expect(shown(LONG_TITLE.repeat(10))).toMatch(/^A very long headline .*[^\s\p{P}]…$/u);
  });

  it('counts the terms that found no room', () => {
    const terms = Array.from({ length: 12 }, (_, index) => `a rather wordy key term ${index}`);
    const shown = layOut({ title: 'Many terms', terms }).lines.filter((line) => line.role === 'term');
    expect(shown.at(-1)?.text).toBe(`+${12 - (shown.length - 1)}`);
  });

  it('starts at the right for a title that is read from there', () => {
    const title = layOut({ title: 'ما هي الديون التقنية؟', terms: ['ديون'] }).lines[0];
    expect(title?.anchor).toBe('end');
    expect(title?.x).toBe(CANVAS.width - 72);
  });

  it('names each key term once', () => {
    const { lines } = layOut({ title: 'Terms', terms: ['API', 'api', ' ', 'API '] });
    expect(lines.filter((line) => line.role === 'term')).toHaveLength(1);
  });
});

describe('illustrate — SVG', () => {
  it('is the same for the same input, and another for another title', () => {
    forAnyInput((input) => {
      expect(illustrate(structuredClone(input))).toEqual(illustrate(input));
    });
    expect(illustrate({ title: 'One', terms: [] }).svg).not.toBe(illustrate({ title: 'Two', terms: [] }).svg);
  });

  it('is well-formed and holds nothing that runs or loads', () => {
    forAnyInput((input) => {
      const { svg } = illustrate(input);
      const { elements } = parse(svg);
      const strange = elements.filter(
        ({ name, attributes }) =>
          !HARMLESS_ELEMENTS.has(name) ||
          [...attributes].some(
            ([attribute, value]) =>
              /^on|href|^style$|^src$/iu.test(attribute) ||
              /url\(|javascript:|NaN|undefined|Infinity/u.test(value.replace(/^url\(#illustration-[\w-]+\)$/u, '')),
          ),
      );
      expect(strange).toEqual([]);
      expect(svg).not.toMatch(/<script|<!|<\?/iu);
    });
  });

  it('names itself for those who do not see it, with ids of its own', () => {
    const input = { title: 'Tags & <angles>', terms: ['one', 'two'], subtitle: 'Below' };
    const { svg, alt } = illustrate(input);
    const { elements, text } = parse(svg);
    const root = elements[0]?.attributes;
    const ids = elements.flatMap(({ attributes }) => attributes.get('id') ?? []);
    expect(root?.get('role')).toBe('img');
    expect(root?.get('aria-labelledby')?.split(' ')).toEqual(ids.slice(0, 2));
    expect(new Set(ids).size).toBe(ids.length);
    expect(text[0]).toBe('Tags & <angles>');
    expect(text[1]).toBe(alt);
    expect(alt).toContain('one, two');
    const other = parse(illustrate({ ...input, palette: { accent: '#123456' } }).svg);
    expect(other.elements.flatMap(({ attributes }) => attributes.get('id') ?? [])).not.toContain(ids[0]);
  });

  it('draws every family of motifs without a broken number, within 100 kB', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 120; index++) {
      const input = { title: `Article number ${index}`, terms: ['a', 'b'] };
      const { motif } = layOut(input);
      seen.add(`${motif.name} ${motif.area.width > motif.area.height ? 'wide' : 'tall'}`);
      const { svg } = illustrate(input);
      expect(svg).not.toMatch(/NaN|Infinity|undefined|e-\d/u);
      expect(svg.length).toBeLessThan(100_000);
    }
    expect(seen.size).toBe(16);
  });
});

describe('illustrate — input', () => {
  it('uses the colours of the caller and reports those it had to change', () => {
    const own = { background: '#101010', foreground: '#fafafa', accent: '#ff8800' };
    expect(illustrate({ title: 'Own', terms: [], palette: own }).palette).toEqual(own);
    const { palette } = illustrate({ title: 'Own', terms: [], palette: { ...own, foreground: '#111' } });
    expect(palette.background).toBe(own.background);
    expect(contrastRatio(palette.foreground, palette.background)).toBeGreaterThanOrEqual(TEXT_CONTRAST);
  });

  it.each([
    [{ title: 'x', terms: [], palette: { accent: 'red' } }, 'palette.accent'],
    [{ title: 'x', terms: [], palette: { background: '#12' } }, 'palette.background'],
    [{ title: 'x', terms: [], palette: { foreground: 'url(http://example.org)' } }, 'palette.foreground'],
    [{ title: ' \u200b\n', terms: [] }, 'title'],
    [{ title: 'x', terms: Array.from({ length: 13 }, String) }, 'terms'],
  ] satisfies [IllustrationInput, string][])('refuses %j by the name of the field', (input, field) => {
    let thrown: unknown;
    try {
      illustrate(input);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidIllustrationInput);
    expect(thrown).toBeInstanceOf(RangeError);
    expect(thrown).toMatchObject({ field });
    expect(String(thrown)).toContain(field);
  });
});
