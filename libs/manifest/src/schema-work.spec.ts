import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { capabilitySchemaProblems } from './capability-schema.js';
import type { JsonSchema, JsonSchemaObject } from './json-schema.js';

const of = (schema: JsonSchema) =>
  capabilitySchemaProblems(schema, '').map(({ pointer, message }) => `${pointer} ${message}`);
const ref = (name: string) => ({ $ref: `#/$defs/${name}` });

/** n definitions, each made of the next one, and the last one of nothing. */
function chain(length: number, link: (next: JsonSchemaObject) => JsonSchema, last: JsonSchema = true): JsonSchema {
  const names = Array.from({ length }, (_, index) => `d${index}`);
  const links = names.map((name, index) => [name, index + 1 < length ? link(ref(`d${index + 1}`)) : last]);
  return { ...ref('d0'), $defs: Object.fromEntries(links) };
}

describe('the work that a schema makes', () => {
  it.each<[string, (next: JsonSchemaObject) => JsonSchema]>([
    ['allOf', (next) => ({ allOf: [next, next] })],
    ['anyOf', (next) => ({ anyOf: [next, { not: next }] })],
    ['members', (next) => ({ properties: { a: next, b: next } })],
    ['members of the same name', (next) => ({ properties: { a: next }, if: { properties: { a: next } } })],
    ['dynamic references', (next) => ({ oneOf: [{ $dynamicRef: next.$ref }, next] })],
  ])('what doubles with every reference — is refused where it has become too much: %s', (_, link) => {
    expect(of(chain(8, link))).toEqual([]);
    const [problem = '', ...rest] = of(chain(40, link));
    expect(rest).toEqual([]);
    expect(problem).toMatch(/^\/\$defs\/d\d+ unfolds to more than 50000 schemas/);
  });

  it('what doubles on its way back to itself — is refused too', () => {
    const last = { properties: { again: ref('d0') } };
    expect(of(chain(40, (next) => ({ allOf: [next, next] }), last))).toHaveLength(1);
  });

  it('a schema that recurs in a part of the value — is good', () => {
    const tree = { properties: { left: { $ref: '#' }, right: { $ref: '#' }, more: { items: { $ref: '#' } } } };
    expect(of(tree)).toEqual([]);
    const branch = (kind: string) => ({ properties: { kind: { const: kind }, left: ref('node'), right: ref('node') } });
    const kinds = Array.from({ length: 50 }, (_, index) => branch(`k${index}`));
    expect(of({ ...ref('node'), $defs: { node: { oneOf: kinds } } })).toEqual([]);
  });

  it.each<[string, JsonSchema, string]>([
    ['itself', { $ref: '#' }, '/$ref'],
    ['itself, in a branch', { anyOf: [{ type: 'string' }, { $ref: '#' }] }, '/anyOf/1/$ref'],
    ['one that refers back', { ...ref('a'), $defs: { a: { not: ref('b') }, b: { if: ref('a') } } }, '/$defs/b/if/$ref'],
    [
      'itself, in a member',
      { properties: { a: { $anchor: 'a', allOf: [{ $ref: '#a' }] } } },
      '/properties/a/allOf/0/$ref',
    ],
  ])('a reference without end, to %s — is refused', (_, schema, pointer) => {
    expect(of(schema)).toEqual([`${pointer} leads back to itself with the same value: checking it would never end`]);
  });

  it('a long chain of references — is refused before anybody follows it', () => {
    expect(of(chain(400, (next) => ({ not: next })))).not.toEqual([]);
    expect(of(chain(200, (next) => ({ not: next })))).toEqual([]);
    for (const link of [(next: JsonSchemaObject) => next, (next: JsonSchemaObject) => ({ items: next })]) {
      expect(of(chain(6_000, link)).join()).toMatch(/is the end of more than 500 schemas/);
    }
  });

  it('what is accepted — is compiled, and checks, without ado', () => {
    const most = chain(14, (next) => ({ allOf: [next, next] }), { type: 'string' });
    expect(of(most)).toEqual([]);
    const check = new Ajv2020({ strict: false }).compile(most as object);
    expect([check('a'), check(1)]).toEqual([true, false]);
  });
});
