import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { JsonSchema, JsonSchemaObject } from '../json-schema.js';
import { locate } from './located-schema.js';
import { inclusionGaps } from './schema-inclusion.js';

const gapsOf = (wider: JsonSchema, narrower: JsonSchema) => inclusionGaps(locate(wider), locate(narrower));

const ajv = new Ajv2020({ strict: false, validateFormats: false });

/** Undefined for what is no schema, or refers to nothing, as some edits make it. */
function validatorOf(schema: JsonSchema): ((value: unknown) => boolean | undefined) | undefined {
  if (!ajv.validateSchema(schema)) return undefined;
  const isValid = orUndefined(() => new Ajv2020({ strict: false, validateFormats: false }).compile(schema));
  // A schema that only refers to itself never comes to an end.
  return isValid && ((value) => orUndefined(() => isValid(value) as boolean));
}

function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const name = fc.constantFrom('a', 'b', 'c');
const count = fc.integer({ min: 0, max: 3 });
const bound = fc.integer({ min: -2, max: 3 });
const text = fc.constantFrom('', 'a', 'b', 'ab', 'abc');
const type = fc.constantFrom('null', 'boolean', 'integer', 'number', 'string', 'array', 'object');
const simple: fc.Arbitrary<unknown> = fc.oneof(fc.constant(null), fc.boolean(), bound, fc.constantFrom(0.5, 1.5), text);

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    simple,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}));

/** Schemas that talk about the few values above, so that they often agree and often do not. */
const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => {
  const schemas = fc.array(tie('schema'), { minLength: 1, maxLength: 3 });
  const byName = fc.dictionary(name, tie('schema'), { maxKeys: 3 });
  const keywords: Record<string, fc.Arbitrary<unknown>> = {
    type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
    const: value,
    enum: fc.array(value, { minLength: 1, maxLength: 3 }),
    minimum: bound,
    maximum: bound,
    exclusiveMinimum: bound,
    exclusiveMaximum: bound,
    multipleOf: fc.constantFrom(1, 2, 3, 0.5),
    minLength: count,
    maxLength: count,
    pattern: fc.constantFrom('^a', 'b$'),
    minItems: count,
    maxItems: count,
    uniqueItems: fc.boolean(),
    prefixItems: schemas,
    items: tie('schema'),
    contains: tie('schema').filter((one) => one !== false), // ajv takes [] for { prefixItems: [false], contains: false }
    minContains: count,
    unevaluatedItems: tie('schema'),
    minProperties: count,
    maxProperties: count,
    required: fc.uniqueArray(name, { maxLength: 2 }),
    dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { maxKeys: 2 }),
    properties: byName,
    patternProperties: fc.dictionary(fc.constantFrom('^a', '^[bc]'), tie('schema'), { maxKeys: 2 }),
    additionalProperties: tie('schema'),
    unevaluatedProperties: tie('schema'),
    propertyNames: fc.constantFrom({ enum: ['a', 'b'] }, { pattern: '^a' }),
    dependentSchemas: byName,
    allOf: schemas,
    anyOf: schemas,
    oneOf: schemas,
    not: tie('schema'),
    if: tie('schema'),
    // biome-ignore lint/suspicious/noThenProperty: the name of a keyword
    then: tie('schema'),
    else: tie('schema'),
    $ref: fc.constantFrom('#/$defs/d', '#'),
  };
  const some = fc
    .subarray(Object.keys(keywords), { maxLength: 4 })
    .chain((names) => fc.record(Object.fromEntries(names.map((one) => [one, keywords[one] ?? fc.constant(null)]))));
  return {
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.boolean(),
      fc.record({ type }),
      some,
    ) as fc.Arbitrary<JsonSchema>,
  };
});

const document: fc.Arbitrary<JsonSchema> = fc
  .tuple(schema, schema)
  .map(([root, d]) => (typeof root === 'boolean' ? root : { ...root, $defs: { d } }));

/** A schema and one that came of it by some changes: what new versions are. */
const pair = fc
  .tuple(document, document, fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 3 }))
  .map(([one, other, edits]) => {
    let changed = one;
    for (const [pick, from] of edits) changed = edited(changed, other, pick, from);
    return [one, changed] as const;
  });

/** Takes a keyword away, or takes one over from another schema, at the top or one member further in. */
function edited(one: JsonSchema, other: JsonSchema, pick: number, from: number): JsonSchema {
  if (typeof one === 'boolean' || typeof other === 'boolean') return one;
  const [key, taken] = Object.entries(other)[from % Object.keys(other).length] ?? [];
  const own = Object.keys(one);
  const at = own[pick % own.length] ?? '';
  const inner = one[at];
  if (pick % 3 === 0 && typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
    return { ...one, [at]: edited(inner as JsonSchemaObject, other, pick + 1, from) };
  }
  if (pick % 2 === 0 && at !== '$defs')
    return Object.fromEntries(Object.entries(one).filter(([keyword]) => keyword !== at));
  return key === undefined || (key === '$defs' && '$defs' in one) ? one : { ...one, [key]: taken };
}

const strings = { type: 'string' };
const closed = (properties: object, required: string[] = []) => ({
  ...{ type: 'object', properties, required, additionalProperties: false },
});
const list = { type: 'object', properties: { next: { $ref: '#' } }, additionalProperties: false };

describe('inclusionGaps', () => {
  it.each<[string, JsonSchema, JsonSchema]>([
    ['the same', { type: 'string', pattern: '^a' }, { type: 'string', pattern: '^a' }],
    ['everything', true, { type: 'array' }],
    ['anything of nothing', { type: 'string', minLength: 3 }, false],
    ['one more type', { type: ['string', 'null'] }, strings],
    ['whole numbers among numbers', { type: 'number' }, { type: 'integer' }],
    ['one more value', { enum: ['a', 'b', 'c'] }, { enum: ['a', 'b'] }],
    ['values of a type', { type: 'string', maxLength: 2 }, { enum: ['a', 'ab'] }],
    ['looser bounds', { minimum: 0, maxLength: 9 }, { type: ['integer', 'string'], minimum: 1, maxLength: 5 }],
    ['a bound that was exclusive', { type: 'integer', exclusiveMinimum: 0 }, { type: 'integer', minimum: 1 }],
    ['one more member that may be left out', closed({ a: strings, b: strings }), closed({ a: strings })],
    ['a member that need not be there any more', closed({ a: strings }), closed({ a: strings }, ['a'])],
    [
      'one more branch',
      { anyOf: [strings, { type: 'null' }, { type: 'integer' }] },
      { anyOf: [{ type: 'null' }, strings] },
    ],
    [
      'one more branch, told apart by a member',
      { oneOf: ['x', 'y', 'z'].map((kind) => closed({ kind: { const: kind } }, ['kind'])) },
      { oneOf: ['x', 'y'].map((kind) => closed({ kind: { const: kind } }, ['kind'])) },
    ],
    ['the same by another name', { $defs: { t: strings }, items: { $ref: '#/$defs/t' } }, { items: strings }],
    ['a list that contains itself', { ...list, properties: { ...list.properties, name: strings } }, list],
    [
      'a longer tuple',
      { prefixItems: [strings, { type: ['integer', 'null'] }] },
      { type: 'array', prefixItems: [strings, { type: 'null' }], items: false },
    ],
  ])('%s — is accepted', (_what, wider, narrower) => {
    expect(gapsOf(wider, narrower)).toEqual([]);
  });

  it.each<[string, JsonSchema, JsonSchema, string]>([
    ['one type less', strings, { type: ['string', 'null'] }, '/type'],
    ['one value less', { enum: ['a'] }, { enum: ['a', 'b'] }, '/enum'],
    ['a list of values where any was accepted', { enum: ['a'] }, strings, '/enum'],
    ['a tighter bound', { type: 'string', maxLength: 3 }, { type: 'string', maxLength: 4 }, '/maxLength'],
    ['a bound where was none', { type: 'integer', minimum: 0 }, { type: 'integer' }, '/minimum'],
    ['one more member that must be there', closed({ a: strings }, ['a']), closed({ a: strings }), '/required'],
    ['a member less', closed({}), closed({ a: strings }), '/additionalProperties'],
    ['a member of another type', closed({ a: { type: 'integer' } }), closed({ a: strings }), '/properties/a/type'],
    [
      'a new member, where any others were accepted',
      { properties: { b: strings } },
      { type: 'object' },
      '/properties/b/type',
    ],
    ['an item of another type', { items: { type: 'integer' } }, { type: 'array', items: strings }, '/items/type'],
    ['a pattern', { type: 'string', pattern: '^a' }, strings, '/pattern'],
    ['a branch less', { anyOf: [strings] }, { anyOf: [strings, { type: 'null' }] }, '/anyOf'],
    ['branches that both fit', { oneOf: [strings, { minLength: 1 }] }, strings, '/oneOf'],
    ['what only refers to itself', { $ref: '#' }, strings, ''],
  ])('%s — is a gap, at its place', (_what, wider, narrower, pointer) => {
    expect(gapsOf(wider, narrower).map((gap) => gap.wider)).toContain(pointer);
  });

  it('an anchor — is one only where a schema stands', () => {
    const older = {
      $ref: '#x',
      $defs: { d: { $anchor: 'x', type: 'string' } },
      default: { $anchor: 'x', type: 'integer' },
    };
    expect(gapsOf({ type: 'integer' }, older)).toHaveLength(1);
    expect(gapsOf({ type: 'string' }, older)).toEqual([]);
  });

  it('patterns of others — are never run', () => {
    const hostile = { type: 'object', patternProperties: { '^(a+)+$': { type: 'string' } } };
    const value = { const: { [`${'a'.repeat(64)}!`]: 1 } };
    expect(gapsOf(hostile, value)).not.toEqual([]);
    expect(inclusionGaps(locate(hostile), locate(value), { ignorePatterns: true })).toEqual([]);
  });

  it('a value as deep as it likes — takes no longer than it is large', () => {
    const deep = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`);
    expect(gapsOf({ type: 'array', items: { $ref: '#' } }, { const: deep })).not.toEqual([]);
  });

  it('members that the wider schema does not know — may be ignored, at every depth', () => {
    const wider = closed({ a: closed({ b: strings }) });
    const narrower = closed({ a: closed({ b: strings, c: strings }), d: strings });
    const options = { ignoreUnknownMembers: true };
    expect(gapsOf(wider, narrower)).not.toEqual([]);
    expect(inclusionGaps(locate(wider), locate(narrower), options)).toEqual([]);
    const changed = closed({ a: closed({ b: { type: 'integer' } }) });
    expect(inclusionGaps(locate(wider), locate(changed), options)).toHaveLength(1);
  });

  it('no gap — then no value is refused that was accepted', () => {
    fc.assert(
      fc.property(pair, fc.array(value, { minLength: 10, maxLength: 30 }), ([one, other], values) => {
        for (const [wider, narrower] of [
          [one, other],
          [other, one],
        ] as const) {
          if (gapsOf(wider, narrower).length > 0) continue;
          const [isIn, wasIn] = [validatorOf(wider), validatorOf(narrower)];
          for (const each of values)
            if (wasIn?.(each) === true && isIn) expect([each, isIn(each)]).toEqual([each, true]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
