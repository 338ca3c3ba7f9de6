/** When two schemas are the same one, so that nothing more need be compared. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../json-schema.js';
import type { Located } from './located-schema.js';

/** The same schema in documents in which its references mean the same. */
export function isSame(one: Located, other: Located): boolean {
  if (!isDeepStrictEqual(one.schema, other.schema)) return false;
  return !refers(one.schema) || areSameRoots(one.root.schema, other.root.schema);
}

/** Whole documents are compared once, however often something refers to them. */
const sameRoots = new WeakMap<object, WeakMap<object, boolean>>();

function areSameRoots(one: JsonSchema, other: JsonSchema): boolean {
  if (typeof one === 'boolean' || typeof other === 'boolean') return one === other;
  const known = sameRoots.get(one) ?? new WeakMap<object, boolean>();
  sameRoots.set(one, known);
  const same = known.get(other) ?? isDeepStrictEqual(one, other);
  known.set(other, same);
  return same;
}

/** The same schemas, not merely equal ones. */
export function isSameList(some: readonly Located[], others: readonly Located[]): boolean {
  return some.length === others.length && some.every((one, index) => one.schema === others[index]?.schema);
}

/** Does it say something that depends on the document it stands in? */
export function refers(value: unknown): boolean {
  return /"\$(dynamicR|r)ef":/.test(JSON.stringify(value));
}
