/**
 * What is certain of every value that some schemas accept, all of them together. Whatever is not understood is left out,
 * so that what is said here is never too much.
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonSchemaObject } from '../json-schema.js';
import { MAX_SCHEMA_DEPTH } from '../schema-keywords.js';
import { keywordsOf, type Located, listWithin, namesWithin, referred, within } from './located-schema.js';

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';

/** `integer` is part of `number`: a value that is either has `integer` here only where it must be one. */
const TYPES: readonly JsonType[] = ['null', 'boolean', 'number', 'string', 'array', 'object'];
/** References are followed so far, in place: a schema that only refers to itself says nothing. */
const MAX_PARTS = 64;

/** All schemas that a value must fit where it fits these: those of `allOf` and behind `$ref` as well. */
export function partsOf(schemas: readonly Located[]): Located[] {
  const parts: Located[] = [];
  const open = [...schemas];
  for (let next = open.shift(); next && parts.length < MAX_PARTS; next = open.shift()) {
    if (parts.some((part) => part.schema === next?.schema)) continue;
    parts.push(next);
    const target = referred(next);
    open.push(...listWithin(next, 'allOf'), ...(target ? [target] : []));
  }
  return parts;
}

/** True where no value can fit them all. */
export function isNever(parts: readonly Located[]): boolean {
  return parts.some(({ schema }) => schema === false) || typesOf(parts).size === 0 || finiteOf(parts)?.length === 0;
}

/** The types that a value may have. */
export function typesOf(parts: readonly Located[]): ReadonlySet<JsonType> {
  let types = new Set<JsonType>(TYPES);
  for (const part of parts) {
    const { type } = keywordsOf(part);
    if (type !== undefined) types = intersection(types, [type].flat() as JsonType[]);
  }
  const values = finiteOf(parts);
  return values ? intersection(new Set(values.map(typeOf)), [...types]) : types;
}

function intersection(some: ReadonlySet<JsonType>, others: readonly JsonType[]): Set<JsonType> {
  const both = new Set<JsonType>();
  for (const type of some) {
    if (others.includes(type) || (type === 'integer' && others.includes('number'))) both.add(type);
    else if (type === 'number' && others.includes('integer')) both.add('integer');
  }
  return both;
}

function typeOf(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value as JsonType;
}

/** The values themselves, where there are only so many: of `const` and `enum`. */
export function finiteOf(parts: readonly Located[]): readonly unknown[] | undefined {
  let values: readonly unknown[] | undefined;
  for (const part of parts) {
    const keywords = keywordsOf(part);
    const lists: unknown[][] = [];
    if (Object.hasOwn(keywords, 'const')) lists.push([keywords.const]);
    if (Array.isArray(keywords.enum)) lists.push(keywords.enum);
    for (const list of lists) values = values ? values.filter((one) => includesValue(list, one)) : list;
  }
  return values;
}

export function includesValue(list: readonly unknown[], value: unknown): boolean {
  return list.some((one) => isDeepStrictEqual(one, value));
}

/** What is certain of one value, written as a schema: each made once, whatever it stands in. */
export function schemaOfValue(value: unknown, depth = 0): JsonSchemaObject {
  const is = { const: value, type: typeOf(value) };
  const made = { ...is, ...(depth < MAX_SCHEMA_DEPTH && certainOf(value, depth)) };
  ofValues.add(made);
  return made;
}

const ofValues = new WeakSet<object>();

/** Was it made of a value, so that nothing more is certain of that? */
export function isOfValue({ schema }: Located): boolean {
  return typeof schema === 'object' && ofValues.has(schema);
}

function certainOf(value: unknown, depth: number): JsonSchemaObject {
  const inner = (member: unknown) => schemaOfValue(member, depth + 1);
  if (typeof value === 'number') return { minimum: value, maximum: value };
  if (typeof value === 'string') {
    const length = [...value].length;
    return { minLength: length, maxLength: length };
  }
  if (Array.isArray(value)) {
    const { length } = value;
    return { minItems: length, maxItems: length, prefixItems: value.map(inner), items: false };
  }
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value);
  const properties = Object.fromEntries(entries.map(([name, member]) => [name, inner(member)]));
  const count = entries.length;
  const required = Object.keys(value);
  return { properties, required, additionalProperties: false, minProperties: count, maxProperties: count };
}

/** The greatest of a keyword that bounds from below, over all parts. */
export function atLeast(parts: readonly Located[], keyword: string): number | undefined {
  const bounds = numbersOf(parts, keyword);
  return bounds.length > 0 ? Math.max(...bounds) : undefined;
}

/** The least of a keyword that bounds from above, over all parts. */
export function atMost(parts: readonly Located[], keyword: string): number | undefined {
  const bounds = numbersOf(parts, keyword);
  return bounds.length > 0 ? Math.min(...bounds) : undefined;
}

export function numbersOf(parts: readonly Located[], keyword: string): number[] {
  return parts.map((part) => keywordsOf(part)[keyword]).filter((value) => typeof value === 'number');
}

export function requiredOf(parts: readonly Located[]): ReadonlySet<string> {
  return new Set(parts.flatMap((part) => stringsOf(keywordsOf(part).required)));
}

export function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/**
 * What the member of that name must fit. The patterns of `patternProperties` are never run, since strangers wrote them: a name
 * that may match one may have to fit that, or what the rest has to fit, and so nothing is certain.
 */
export function propertyOf(parts: readonly Located[], name: string): Located[] {
  return parts.flatMap((part) => {
    const named = within(part, 'properties', name);
    if (named) return [named];
    return namesWithin(part, 'patternProperties').length > 0 ? [] : restOf(part);
  });
}

/** What members must fit that no part names, as far as every part says it of all others. */
export function othersOf(parts: readonly Located[]): Located[] {
  return parts.flatMap(restOf);
}

/** `additionalProperties`, or `unevaluatedProperties` where nothing else in place could have evaluated any. */
function restOf(part: Located): Located[] {
  const rest = within(part, 'additionalProperties');
  if (rest) return [rest];
  const unevaluated = hasInPlace(part) ? undefined : within(part, 'unevaluatedProperties');
  return unevaluated ? [unevaluated] : [];
}

/** What the item at that place must fit. */
export function itemOf(parts: readonly Located[], index: number): Located[] {
  return parts.flatMap((part) => within(part, 'prefixItems', index) ?? laterItemsOf(part));
}

/** What items must fit that come after all that stand in a `prefixItems`. */
export function otherItemsOf(parts: readonly Located[]): Located[] {
  return parts.flatMap(laterItemsOf);
}

function laterItemsOf(part: Located): Located[] {
  const items = within(part, 'items') ?? (hasInPlace(part) ? undefined : within(part, 'unevaluatedItems'));
  return items ? [items] : [];
}

const IN_PLACE = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'if', 'not', 'dependentSchemas', 'contains'];

/** Is there more in this schema than its own keywords that says something of the same value? */
export function hasInPlace(part: Located): boolean {
  const keywords = keywordsOf(part);
  return IN_PLACE.some((keyword) => Object.hasOwn(keywords, keyword));
}

/** Certainly no value fits both: they differ in type, in value, or in a member that one asks for. */
export function areDisjoint(some: readonly Located[], others: readonly Located[]): boolean {
  const both = [...some, ...others];
  if (isNever(both)) return true;
  if (!typesOf(both).has('object') || typesOf(both).size > 1) return false;
  return [...requiredOf(both)].some((name) =>
    isNever(partsOf([...propertyOf(some, name), ...propertyOf(others, name)])),
  );
}

/** The branches of the first choice that a value makes, where it makes any that has not been made. */
export function branchesOf(parts: readonly Located[]): Located[] | undefined {
  for (const part of parts) {
    for (const keyword of ['anyOf', 'oneOf']) {
      const branches = listWithin(part, keyword);
      const isOpen =
        branches.length > 0 && !branches.some((branch) => parts.some((one) => one.schema === branch.schema));
      if (isOpen) return branches;
    }
  }
  return undefined;
}
