import { describe, expect, it } from '@jest/globals';
import type { JsonSchema } from './json-schema.js';
import type { CapabilityManifest, Manifest } from './manifest.js';
import { type CapabilityQuery, parseCapabilityQuery, searchCapabilities } from './search.js';

const text = {
  type: 'object',
  properties: { text: { type: 'string' } },
  required: ['text'],
  additionalProperties: false,
};
const picture = {
  type: 'object',
  properties: { svg: { type: 'string' }, width: { type: 'integer' } },
  required: ['svg'],
};

function capability(
  name: string,
  input: JsonSchema,
  output: JsonSchema,
  more: Partial<CapabilityManifest> = {},
): CapabilityManifest {
  return { name, description: `Does ${name}.`, input, output, ...more };
}

const editor: Manifest = {
  ...{ name: 'editor', version: '1.0.0', description: 'Edits prose.', keywords: ['writing'], uses: [] },
  capabilities: [
    capability('spell', text, text, { deprecated: { since: '1.0.0' } }),
    capability('copy-edit', text, text, { title: 'Copy-editing', tags: ['prose'] }),
  ],
};
const designer: Manifest = {
  ...{ name: 'designer', version: '2.0.0', description: 'Draws.', uses: [] },
  capabilities: [capability('illustrate', { type: 'object', properties: { title: { type: 'string' } } }, picture)],
};

const found = (query: CapabilityQuery) =>
  searchCapabilities([editor, designer], query).capabilities.map((one) => one.capability);

describe('searchCapabilities', () => {
  it.each<[string, CapabilityQuery, string[]]>([
    ['nothing — everything, what is deprecated last', {}, ['editor.copy-edit', 'designer.illustrate', 'editor.spell']],
    ['words in any case and place', { text: 'PROSE copy' }, ['editor.copy-edit']],
    ['the whole name, as a word', { text: 'editor.copy' }, ['editor.copy-edit']],
    ['the name of a plugin', { name: 'editor' }, ['editor.copy-edit', 'editor.spell']],
    ['the name of a capability', { name: 'spell' }, ['editor.spell']],
    ['both names', { name: 'designer.illustrate' }, ['designer.illustrate']],
    ['a part of a name', { name: 'edit' }, []],
    ['a tag', { tag: 'prose' }, ['editor.copy-edit']],
    ['a keyword of the plugin', { tag: 'writing' }, ['editor.copy-edit', 'editor.spell']],
    [
      'a value that they take',
      { accepts: { text: 'tea' } },
      ['editor.copy-edit', 'designer.illustrate', 'editor.spell'],
    ],
    ['a value that few take', { accepts: { title: 'Tea' } }, ['designer.illustrate']],
    ['a schema that their results fit', { produces: { required: ['svg'] } }, ['designer.illustrate']],
    ['all of it', { text: 'edit', accepts: { text: '' }, produces: text, tag: 'prose' }, ['editor.copy-edit']],
    ['what nobody has', { text: 'translate' }, []],
  ])('%s', (_what, query, expected) => {
    expect(found(query)).toEqual(expected);
  });
});

describe('parseCapabilityQuery', () => {
  it('takes what fits, and nothing else', () => {
    const query = { name: 'editor', text: 'tea', tag: 'prose', accepts: null, produces: { type: 'object' } };
    expect(parseCapabilityQuery(query)).toEqual(query);
    for (const wrong of [
      { ...query, more: 1 },
      { text: 1 },
      { tag: null },
      { name: 1 },
      { text: 'x'.repeat(300) },
      { produces: 'object' },
      { produces: { type: 'tea' } },
    ]) {
      expect(() => parseCapabilityQuery(wrong)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    }
  });

  it('tells all that is wrong, with its place', () => {
    const wrong = { text: 1, tag: 'x'.repeat(300), produces: { type: 'tea', colour: 1 }, 'm/ore': 1, limit: 5 };
    expect(() => parseCapabilityQuery(wrong)).toThrow(
      expect.objectContaining({
        details: {
          problems: ['/m~1ore', '/limit', '/text', '/tag', '/produces/colour', '/produces/type'].map((pointer) => ({
            pointer,
            message: expect.any(String),
          })),
        },
      }),
    );
  });
});
