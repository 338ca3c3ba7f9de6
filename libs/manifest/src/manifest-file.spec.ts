import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readManifestText } from './manifest-file.js';

const YAML = `# Spells.
name: speller
version: 1.0.0
description: Spells words.
capabilities:
  - name: spell
    description: Spells a word.
    input:
      type: object
      properties: { word: { type: string } }
    output: true
uses: []
`;

const problemsOf = (text: string, isJson = false) =>
  (readManifestText(text, isJson).problems ?? []).map(({ line, column, pointer }) => [line, column, pointer]);

describe('readManifestText', () => {
  it('YAML or JSON — the same manifest', () => {
    const { manifest } = readManifestText(YAML);
    expect(manifest).toMatchObject({ name: 'speller', capabilities: [{ name: 'spell', output: true }] });
    for (const space of [undefined, 2, '\t']) {
      expect(readManifestText(JSON.stringify(manifest, null, space), true)).toEqual({ manifest });
    }
  });

  it('every problem — is told with its place, in the order of the text', () => {
    const text = YAML.replace('1.0.0', 'one').replace('type: string', 'type: text').replace('uses: []', 'used: []');
    expect(problemsOf(text)).toEqual([
      [2, 1, '/uses'],
      [3, 1, '/version'],
      [10, 29, '/capabilities/0/input/properties/word/type'],
      [12, 1, '/used'],
    ]);
  });

  it('what is not YAML, or not JSON where it must be — is told where', () => {
    expect(problemsOf('name: speller\nname: again\n')).toEqual([[2, 1, '']]);
    expect(problemsOf('name: a: b\n')).toEqual([[1, 7, '']]);
    expect(problemsOf('{\n  "name": speller\n}', true)).toEqual([[2, 11, '']]);
    expect(problemsOf('')).toEqual([[1, 1, '']]);
  });

  it('aliases that multiply without end — are refused', () => {
    const lines = Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(', ')}]`);
    const text = ['a0: &a0 x', ...lines].join('\n');
    expect(readManifestText(text).problems).toMatchObject([{ message: expect.stringContaining('not usable') }]);
  });

  it('any text — a manifest or problems, never an error', () => {
    const pieces = fc.constantFrom(
      'name: a\n',
      '  - ',
      '{',
      '}',
      '[',
      '&a ',
      '*a',
      ': ',
      '"',
      '\t',
      '!!binary x',
      '? ',
      '\n---\n',
      '%YAML',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (any, isJson) => {
        const read = readManifestText(any, isJson);
        for (const { line, column } of read.problems ?? []) expect(Math.min(line, column)).toBeGreaterThan(0);
        expect(read.problems?.length).not.toBe(0);
      }),
    );
  });
});
