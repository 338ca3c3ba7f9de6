import { describe, expect, it } from '@jest/globals';
import type { CapabilityManifest, Manifest } from '../manifest.js';
import { compareManifests, mustBeCompatible } from './compare-manifests.js';

const strings = { type: 'string' };
const object = <P extends object>(properties: P, required: string[] = []) => ({
  ...{ type: 'object', properties, required, additionalProperties: false },
});

const copyEdit = {
  name: 'copy-edit',
  description: 'Edits.',
  input: object({ text: strings, style: { enum: ['plain', 'formal'] } }, ['text']),
  output: object({ text: strings, notes: { type: 'array', items: object({ line: { type: 'integer' } }, ['line']) } }, [
    'text',
  ]),
} satisfies CapabilityManifest;

function editor(...capabilities: CapabilityManifest[]): Manifest {
  return { name: 'editor', version: '1.0.0', description: 'Edits.', capabilities, uses: [] };
}

const changed = (changes: Partial<CapabilityManifest>) => editor({ ...copyEdit, ...changes });
const changes = (newer: Manifest, older = editor(copyEdit)) =>
  compareManifests(older, newer).map(({ breaking, rule, pointer }) => [breaking, rule, pointer]);

describe('compareManifests', () => {
  it('the same — changes nothing', () => {
    expect(changes(editor(copyEdit))).toEqual([]);
  });

  it('a capability that is gone — breaks; a new one does not', () => {
    expect(changes(editor({ ...copyEdit, name: 'proof-read' }))).toEqual([
      [true, 'capability-removed', '/capabilities/0'],
      [false, 'capability-added', '/capabilities/0'],
    ]);
  });

  it('an input that takes less — breaks, at the place where it does', () => {
    const input = object({ text: { ...strings, maxLength: 100 }, style: { enum: ['plain'] } }, ['text', 'style']);
    expect(changes(changed({ input }))).toEqual([
      [true, 'input-narrowed', '/capabilities/0/input/properties/text/maxLength'],
      [true, 'input-narrowed', '/capabilities/0/input/properties/style/enum'],
      [true, 'input-narrowed', '/capabilities/0/input/required'],
    ]);
  });

  it('an input that takes more — breaks nothing', () => {
    const style = { enum: ['plain', 'formal', 'poetic'] };
    expect(changes(changed({ input: object({ text: strings, style, tone: strings }) }))).toEqual([]);
  });

  it('a result that can be what it could not be — breaks', () => {
    const output = object({ ...copyEdit.output.properties, text: { type: ['string', 'null'] } }, ['text']);
    expect(changes(changed({ output }))).toEqual([[true, 'output-widened', '/capabilities/0/output/properties/text']]);
  });

  it('a member of the result that need not be there any more — breaks', () => {
    const output = object(copyEdit.output.properties);
    expect(changes(changed({ output }))).toMatchObject([[true, 'output-widened', expect.any(String)]]);
  });

  it('a member of the result that was never certain, and is gone — breaks, at any depth', () => {
    const { text } = copyEdit.output.properties;
    expect(changes(changed({ output: object({ text }, ['text']) }))).toEqual([
      [true, 'output-field-lost', '/capabilities/0/output'],
    ]);
    const older = changed({ output: object({ meta: object({ by: strings }) }) });
    const newer = changed({ output: object({ meta: object({}) }) });
    expect(compareManifests(older, newer).map((one) => one.message)).toEqual(['results have no /meta/by any more']);
  });

  it('results that contain themselves — are compared once', () => {
    const tree = {
      type: 'object',
      properties: { a: { $ref: '#' }, b: { $ref: '#' }, c: { $ref: '#' }, text: strings },
    };
    const { text: _text, ...rest } = tree.properties;
    expect(changes(changed({ output: tree }), changed({ output: tree }))).toEqual([]);
    const lost = changes(changed({ output: { ...tree, properties: rest } }), changed({ output: tree }));
    expect(lost.map(([, rule]) => rule)).toContain('output-field-lost');
    expect(lost.length).toBeLessThan(10);
  });

  it('a member below members that are not named, or in a tuple — is lost as well', () => {
    const inner = (properties: object) => ({ type: 'object', additionalProperties: object(properties) });
    const tuple = (properties: object) => ({ type: 'array', prefixItems: [object(properties)] });
    for (const holding of [inner, tuple]) {
      expect(changes(changed({ output: holding({}) }), changed({ output: holding({ a: strings }) }))).toEqual([
        [true, 'output-field-lost', '/capabilities/0/output'],
      ]);
    }
  });

  it('a result with more members — breaks nothing: readers ignore what they do not know', () => {
    const output = object({ ...copyEdit.output.properties, words: { type: 'integer' } }, ['text', 'words']);
    expect(changes(changed({ output }))).toEqual([]);
  });

  it('output that is not streamed any more — breaks; that is streamed now does not', () => {
    expect(changes(editor(copyEdit), changed({ streaming: true }))).toEqual([
      [true, 'streaming-lost', '/capabilities/0/streaming'],
    ]);
    expect(changes(changed({ streaming: true }))).toEqual([]);
  });

  it('work that may not run twice any more — breaks; that may do so now does not', () => {
    expect(changes(changed({ idempotent: false }))).toEqual([[true, 'idempotence-lost', '/capabilities/0/idempotent']]);
    expect(changes(changed({ idempotent: true }), changed({ idempotent: false }))).toEqual([
      [false, 'idempotence-gained', '/capabilities/0/idempotent'],
    ]);
  });
});

describe('mustBeCompatible', () => {
  it.each([
    ['1.0.0', '1.0.1', true],
    ['1.0.0', '1.9.0', true],
    ['1.0.0', '2.0.0', false],
    ['1.1.0', '1.0.0', false],
    ['1.0.0', '1.0.0', false],
    ['0.1.0', '0.1.1', true],
    ['0.1.0', '0.2.0', false],
    ['0.0.1', '0.0.2', false],
    ['1.0.0', '1.1.0-rc.1', false],
    ['1.0.0-rc.1', '1.0.0', false],
  ])('%s, then %s — %s', (older, newer, must) => {
    expect(mustBeCompatible(older, newer)).toBe(must);
  });
});
