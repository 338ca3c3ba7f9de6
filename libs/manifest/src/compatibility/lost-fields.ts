/** Members that a schema names and a later one knows nothing of: whoever read them waits in vain, though the rest fits. */

import type { JsonSchema } from '../json-schema.js';
import { pointerTo } from '../problem.js';
import { isNever, matches, partsOf, propertyOf } from './facts.js';
import { type Located, listWithin, locate, namesWithin, within } from './located-schema.js';

/** Results as deep as this are compared; a schema that contains itself has no end. */
const MAX_DEPTH = 16;

/** Their pointers in values: `/meta/author`; an item of a list is `*`. */
export function lostFields(older: JsonSchema, newer: JsonSchema): string[] {
  return lostIn([locate(older)], [locate(newer)], '', 0);
}

function lostIn(older: readonly Located[], newer: readonly Located[], pointer: string, depth: number): string[] {
  if (depth > MAX_DEPTH) return [];
  const [before, after] = [withBranches(older), withBranches(newer)];
  const names = new Set(before.flatMap((part) => namesWithin(part, 'properties')));
  const lost = [...names].flatMap((name) => {
    const at = pointerTo(pointer, name);
    const was = named(before, name);
    if (isNever(was)) return [];
    const is = named(after, name);
    return is.length === 0 || isNever(is) ? [at] : lostIn(was, is, at, depth + 1);
  });
  const items = after.flatMap((part) => within(part, 'items') ?? []);
  const inItems =
    items.length > 0
      ? lostIn(
          before.flatMap((part) => within(part, 'items') ?? []),
          items,
          pointerTo(pointer, '*'),
          depth + 1,
        )
      : [];
  return [...lost, ...inItems];
}

/** What is said of a member by name or pattern, not merely of all others. */
function named(parts: readonly Located[], name: string): Located[] {
  const naming = parts.filter((part) => within(part, 'properties', name) !== undefined);
  return partsOf(naming.length > 0 ? propertyOf(naming, name) : parts.flatMap((part) => [...byPattern(part, name)]));
}

function* byPattern(part: Located, name: string): Generator<Located> {
  for (const pattern of namesWithin(part, 'patternProperties')) {
    const member = within(part, 'patternProperties', pattern);
    if (member && matches(pattern, name)) yield member;
  }
}

/** A field of any branch is a field. */
function withBranches(schemas: readonly Located[]): Located[] {
  const parts = partsOf(schemas);
  const branches = parts.flatMap((part) => ['anyOf', 'oneOf'].flatMap((keyword) => listWithin(part, keyword)));
  return branches.length > 0 ? [...parts, ...partsOf(branches)] : parts;
}
