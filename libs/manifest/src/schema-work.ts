/**
 * How much there is to do for a schema, for whoever compiles it or checks a value: every schema in it, with what it refers to
 * in place of each reference. A few references that each lead to two more are as much as a schema of any size. Pure.
 */
import type { Problem } from './problem.js';
import { pointerTo } from './problem.js';
import { type LocatedSchema, schemasWithin } from './schema-keywords.js';

/** Schemas that one may unfold to; honest ones unfold to some hundred. */
const MAX_UNFOLDED = 50_000;
/** Schemas that may be entered one after the other, through references too. */
const MAX_CHAIN = 500;

/** Those that are applied to the very value that the schema around them is. */
const IN_PLACE = new Set('allOf anyOf oneOf not if then else dependentSchemas $ref $dynamicRef'.split(' '));
/** Nothing is checked with these where they stand. */
const NOT_APPLIED = new Set(['$defs', 'definitions', 'contentSchema']);

interface Step {
  readonly inPlace: boolean;
  /** Where it is asked for: that of the reference, where it is one. */
  readonly pointer: string;
  readonly to: LocatedSchema;
}

/** @param targetOf what a reference leads to; undefined where it leads nowhere */
export function workProblems(
  root: LocatedSchema,
  targetOf: (reference: string) => LocatedSchema | undefined,
): readonly Problem[] {
  const walk = new Walk(targetOf);
  const endless = walk.endless(root);
  return endless.length > 0 ? endless : walk.tooLarge(root);
}

class Walk {
  readonly #targetOf: (reference: string) => LocatedSchema | undefined;
  readonly #steps = new Map<string, readonly Step[]>();

  constructor(targetOf: (reference: string) => LocatedSchema | undefined) {
    this.#targetOf = targetOf;
  }

  /** What leads back to itself without going on to a part of the value: checking would never end. */
  endless(root: LocatedSchema): Problem[] {
    const problems: Problem[] = [];
    const done = new Set<string>();
    const open = new Set<string>();
    const enter = (schema: LocatedSchema) => {
      open.add(schema.pointer);
      for (const { inPlace, pointer, to } of this.#stepsFrom(schema)) {
        if (inPlace && open.has(to.pointer)) {
          problems.push({ pointer, message: 'leads back to itself with the same value: checking it would never end' });
        } else if (inPlace && !done.has(to.pointer)) {
          if (open.size >= MAX_CHAIN) return problems.push(tooLong(pointer));
          enter(to);
        }
      }
      open.delete(schema.pointer);
      done.add(schema.pointer);
      return 0;
    };
    // Every schema is the first of its own chain: what is a part of the value begins another.
    const seen = new Set<string>();
    const next = [root];
    for (let schema = next.pop(); schema; schema = next.pop()) {
      if (seen.has(schema.pointer)) continue;
      seen.add(schema.pointer);
      if (!done.has(schema.pointer)) enter(schema);
      if (problems.length > 0) break;
      next.push(...this.#stepsFrom(schema).map(({ to }) => to));
    }
    return problems;
  }

  /** The innermost schemas that unfold to too many, a schema that recurs counting once. */
  tooLarge(root: LocatedSchema): Problem[] {
    const problems = new Map<string, Problem>();
    const sizes = new Map<string, number>();
    const open = new Set<string>();
    const sizeOf = (schema: LocatedSchema): number => {
      const known = sizes.get(schema.pointer);
      if (known !== undefined) return known;
      open.add(schema.pointer);
      let size = 1;
      let isReported = false;
      for (const { pointer, to } of this.#stepsFrom(schema)) {
        if (open.has(to.pointer)) continue;
        if (open.size >= MAX_CHAIN) {
          problems.set(pointer, tooLong(pointer));
          continue;
        }
        const inner = sizeOf(to);
        isReported ||= inner > MAX_UNFOLDED;
        size += inner;
      }
      open.delete(schema.pointer);
      if (size > MAX_UNFOLDED && !isReported) {
        const message = `unfolds to more than ${MAX_UNFOLDED} schemas, with what it refers to in place of each reference`;
        problems.set(schema.pointer, { pointer: schema.pointer, message });
      }
      sizes.set(schema.pointer, size);
      return size;
    };
    sizeOf(root);
    return [...problems.values()];
  }

  #stepsFrom(located: LocatedSchema): readonly Step[] {
    const known = this.#steps.get(located.pointer);
    if (known) return known;
    const steps: Step[] = [];
    for (const { keyword, ...to } of schemasWithin(located)) {
      if (!NOT_APPLIED.has(keyword)) steps.push({ inPlace: IN_PLACE.has(keyword), pointer: to.pointer, to });
    }
    for (const keyword of ['$ref', '$dynamicRef']) {
      const reference = typeof located.schema === 'object' ? located.schema[keyword] : undefined;
      const to = typeof reference === 'string' ? this.#targetOf(reference) : undefined;
      if (to) steps.push({ inPlace: true, pointer: pointerTo(located.pointer, keyword), to });
    }
    this.#steps.set(located.pointer, steps);
    return steps;
  }
}

function tooLong(pointer: string): Problem {
  return {
    pointer,
    message: `is the end of more than ${MAX_CHAIN} schemas within each other, or referring to each other`,
  };
}
