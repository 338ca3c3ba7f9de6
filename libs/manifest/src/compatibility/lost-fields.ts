/** Members that a schema names and a later one knows nothing of: whoever read them waits in vain, though the rest fits. */
import type { JsonSchema } from '../json-schema.js';
import { pointerTo } from '../problem.js';
import { isNever, partsOf } from './facts.js';
import { type Located, listWithin, locate, namesWithin, within } from './located-schema.js';
import { isSameList } from './schema-identity.js';

/** Honest schemas take some hundred: beyond it nothing is looked for any more. */
const MAX_STEPS = 2_000;

/** Their pointers in values: `/meta/author`; an item of a list, or a member that is not named, is `*`. */
export function lostFields(older: JsonSchema, newer: JsonSchema): string[] {
  return new Comparison().lostIn([locate(older)], [locate(newer)], '');
}

class Comparison {
  #steps = 0;
  /** What was compared already: a schema that contains itself comes back to it, and says nothing new. */
  readonly #seen: (readonly [readonly Located[], readonly Located[]])[] = [];

  lostIn(older: readonly Located[], newer: readonly Located[], pointer: string): string[] {
    const [before, after] = [withBranches(older), withBranches(newer)];
    const isKnown = this.#seen.some(([was, is]) => isSameList(was, before) && isSameList(is, after));
    if (isKnown || ++this.#steps > MAX_STEPS) return [];
    this.#seen.push([before, after]);
    const names = new Set(before.flatMap((part) => namesWithin(part, 'properties')));
    const mayMatch = after.some((part) => namesWithin(part, 'patternProperties').length > 0);
    const lost = [...names].flatMap((name) => {
      const was = partsOf(before.flatMap((part) => within(part, 'properties', name) ?? []));
      const is = partsOf(after.flatMap((part) => within(part, 'properties', name) ?? []));
      if (isNever(was) || (is.length === 0 && mayMatch)) return [];
      const at = pointerTo(pointer, name);
      return is.length === 0 || isNever(is) ? [at] : this.lostIn(was, is, at);
    });
    const others = ['items', 'additionalProperties'].flatMap((keyword) =>
      this.#lostBelow(
        before.flatMap((part) => within(part, keyword) ?? []),
        after.flatMap((part) => within(part, keyword) ?? []),
        pointer,
      ),
    );
    const tuples = before.flatMap((part) => listWithin(part, 'prefixItems').map((_, index) => index));
    const inTuples = [...new Set(tuples)].flatMap((index) => {
      const itemsOf = (parts: readonly Located[]) => parts.flatMap((part) => within(part, 'prefixItems', index) ?? []);
      return this.#lostBelow(itemsOf(before), itemsOf(after), pointer);
    });
    return [...lost, ...others, ...inTuples];
  }

  #lostBelow(before: readonly Located[], after: readonly Located[], pointer: string): string[] {
    return before.length > 0 && after.length > 0 ? this.lostIn(before, after, pointerTo(pointer, '*')) : [];
  }
}

/** A field of any branch is a field, and of any branch of it. */
function withBranches(schemas: readonly Located[]): Located[] {
  const parts = partsOf(schemas);
  for (const part of parts) {
    const branches = ['anyOf', 'oneOf'].flatMap((keyword) => listWithin(part, keyword));
    for (const one of partsOf(branches)) if (!parts.some(({ schema }) => schema === one.schema)) parts.push(one);
  }
  return parts;
}
