import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { JsonSchema, JsonSchemaObject } from '../json-schema.js';
import type { CapabilityManifest, Manifest, UsedCapability } from '../manifest.js';
import { declaredUse, placedIn, useProblems } from './use-fit.js';

const object = (properties: JsonSchemaObject, more: JsonSchemaObject = {}): JsonSchema => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});
const capability = (input: JsonSchema, output: JsonSchema): CapabilityManifest => ({
  ...{ name: 'spell', description: 'Spells.', input, output },
});
const use = (input?: JsonSchema, output?: JsonSchema): UsedCapability => ({
  ...{ capability: 'speller.spell', range: '^1.0.0' },
  ...(input !== undefined && { input }),
  ...(output !== undefined && { output }),
});
const text = { type: 'string' };
const told = (one: UsedCapability, other: CapabilityManifest) =>
  useProblems(one, other).map(({ pointer, message }) => `${pointer} ${message}`);

describe('useProblems', () => {
  const speller = capability(
    object({ word: { ...text, maxLength: 20 }, language: text }, { required: ['word'] }),
    object({ letters: { type: 'array', items: text }, hint: text }, { required: ['letters'] }),
  );

  it.each<[string, UsedCapability]>([
    ['nothing but a range', use()],
    ['to send less than it takes', use(object({ word: { enum: ['tea', 'cup'] } }, { required: ['word'] }))],
    [
      'to rely on less than it gives',
      use(undefined, object({ letters: { type: 'array' } }, { required: ['letters'] })),
    ],
    ['to read what it may give', use(undefined, object({ letters: true, hint: text }))],
  ])('a use that declares %s — fits', (_, one) => {
    expect(told(one, speller)).toEqual([]);
  });

  it.each<[string, UsedCapability, string[]]>([
    [
      'input-refused: a value',
      use(object({ word: text }, { required: ['word'] })),
      ['/input/properties/word input-refused: /input/properties/word/maxLength of the capability'],
    ],
    [
      'input-refused: a member that it does not know',
      use(object({ word: { const: 'tea' }, colour: text }, { required: ['word'] })),
      ['/input/properties/colour input-refused: /input/additionalProperties of the capability'],
    ],
    [
      'input-refused: a member that is not always sent',
      use(object({ language: text })),
      ['/input input-refused: /input/required of the capability'],
    ],
    [
      'output-unfit: a member that is relied on',
      use(undefined, object({ hint: text }, { required: ['hint'] })),
      ['/output/required output-unfit:'],
    ],
    [
      'output-unfit: a type',
      use(undefined, object({ letters: { type: 'array', items: { type: 'integer' } } })),
      ['/output/properties/letters/items/type output-unfit:'],
    ],
    [
      'both at once',
      use({ type: 'string' }, { type: 'string' }),
      ['/input input-refused: /input/type of the capability', '/output/type output-unfit:'],
    ],
  ])('%s — is told with its place', (_, one, expected) => {
    const problems = told(one, speller);
    for (const start of expected) expect(problems).toContainEqual(expect.stringContaining(start));
    expect(new Set(problems).size).toBe(problems.length);
  });

  it('members of a result that nobody relies on — do not matter', () => {
    expect(told(use(undefined, object({})), speller)).toEqual([]);
  });

  it('schemas that are too involved — are not known to fit', () => {
    const wide = (from: number) => ({
      anyOf: Array.from({ length: 200 }, (_, n) => ({ properties: { kind: { const: n + from } }, required: ['kind'] })),
    });
    expect(told(use(wide(0)), capability(wide(200), true)).join()).toMatch(/too complex/);
  });

  it('what is called to fit — takes all that is sent', () => {
    const ajv = new Ajv2020({ strict: false });
    const leaf = fc.constantFrom<JsonSchema>(
      true,
      text,
      { type: 'integer' },
      { enum: ['a', 1] },
      { maximum: 3 },
      { const: null },
    );
    const schema = fc
      .tuple(fc.dictionary(fc.constantFrom('a', 'b'), leaf), fc.boolean(), fc.subarray(['a', 'b']))
      .map(([properties, isOpen, required]) => object(properties, { additionalProperties: isOpen, required }));
    const value = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('a', 1, 5, null, true));
    const accepts = (one: JsonSchema, data: unknown) => ajv.compile(one as object)(data);
    fc.assert(
      fc.property(schema, schema, value, (sent, taken, data) => {
        if (useProblems(use(sent), capability(taken, true)).length > 0) return;
        if (accepts(sent, data)) expect(accepts(taken, data)).toBe(true);
      }),
    );
  });
});

describe('declaredUse', () => {
  const uses = [{ capability: 'clock.now', range: '*' }, use({ type: 'object' })];
  const manifest: Manifest = { name: 'editor', version: '1.0.0', description: '', capabilities: [], uses };

  it('a use that says more than a range — is found, and its problems have their place in the manifest', () => {
    expect(declaredUse(manifest, 'clock.now')).toBeUndefined();
    const found = declaredUse(manifest, 'speller.spell');
    expect(found).toBe(uses[1]);
    expect(placedIn(manifest, use(), [])).toEqual([]);
    expect(found && placedIn(manifest, found, [{ pointer: '/input/type', message: 'x' }])).toEqual([
      { pointer: '/uses/1/input/type', message: 'x' },
    ]);
  });
});
