import { describe, expect, it } from '@jest/globals';
import { combineSchemas, excluding, orNull } from './combine-schemas.js';

describe('combineSchemas', () => {
  it.each([
    ['nothing', [], {}],
    ['a type and its bounds', [{ type: 'string' }, { type: 'string', minLength: 1 }], { type: 'string', minLength: 1 }],
    [
      'two bounds',
      [
        { minLength: 1, maxLength: 9 },
        { minLength: 3, maxLength: 5 },
      ],
      { minLength: 3, maxLength: 5 },
    ],
    ['numbers of both kinds', [{ type: 'number', minimum: 1 }, { type: 'integer' }], { type: 'integer', minimum: 1 }],
    ['a reference and its type', [{ type: 'object' }, { $ref: '#' }], { $ref: '#' }],
    ['two patterns', [{ pattern: 'a' }, { pattern: 'b' }], { pattern: 'a', allOf: [{ pattern: 'b' }] }],
    [
      'what contradicts itself',
      [{ type: 'string' }, { type: 'array' }],
      { type: 'string', allOf: [{ type: 'array' }] },
    ],
  ])('combines %s', (_, schemas, expected) => {
    expect(combineSchemas(schemas)).toEqual(expected);
  });
});

describe('excluding', () => {
  it.each([
    ['says nothing where the type does', { type: 'integer' }, [null, ''], { type: 'integer' }],
    ['turns the empty text into a length', { type: 'string' }, [null, ''], { type: 'string', minLength: 1 }],
    ['keeps a greater length', { type: 'string', minLength: 3 }, [''], { type: 'string', minLength: 3 }],
    ['lists what is left', { type: 'string' }, ['a', 7], { type: 'string', not: { enum: ['a'] } }],
    ['lists all without a type', {}, [null, ''], { not: { enum: [null, ''] } }],
    ['mentions only what is listed', { enum: ['a', ''] }, ['', null], { enum: ['a', ''], not: { enum: [''] } }],
  ])('%s', (_, schema, values, expected) => {
    expect(excluding(schema, values)).toEqual(expected);
  });
});

describe('orNull', () => {
  it.each([
    ['a type', { type: 'string', minLength: 1 }, { type: ['string', 'null'], minLength: 1 }],
    ['an enum', { type: 'string', enum: ['a'] }, { type: ['string', 'null'], enum: ['a', null] }],
    ['a mixed enum', { enum: ['a', 1] }, { anyOf: [{ enum: ['a', 1] }, { type: 'null' }] }],
    ['a reference', { $ref: '#' }, { anyOf: [{ $ref: '#' }, { type: 'null' }] }],
    ['anything', {}, {}],
  ])('adds null to %s', (_, schema, expected) => {
    expect(orNull(schema)).toEqual(expected);
  });
});
