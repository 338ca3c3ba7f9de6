import { boundProblems, type Problem, pointerTo } from '@orchestrator/manifest/schema';
import { type DtoClass, type DtoDefinition, definitionOf, type PropertyDefinition } from './dto-definition.js';
import type { PropertyRule } from './property-rule.js';

/** An instance of the class, or every field that is wrong. */
export type DtoVerdict<T extends object> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Objects within objects: a recursive class allows any number, the stack does not. */
const MAX_DEPTH = 256;

/** Where a value stands; made into a pointer only when there is a problem. */
interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Checks a JSON value against a class, and makes an instance of it. Each decorator is asked as class-validator would
 * ask it, with whitelist, forbidNonWhitelisted and forbidUnknownValues and without conversion, but read once and not for
 * each call. Where class-validator alone is laxer than its decorators say, this is not: @ValidateNested takes an
 * object, with `each` a list of them, and needs a value unless optional; `each` needs a list; lengths are counted in
 * code points; no name of an inherited member passes as a field; and an enum does not accept the names of its numbers.
 * A key whose value is undefined counts as absent, as it is in JSON.
 */
export function validateDto<T extends object>(dto: DtoClass<T>, value: unknown): DtoVerdict<T> {
  const problems: Problem[] = [];
  const definition = definitionOf(dto);
  if (!isJsonObject(value)) return { ok: false, problems: [{ pointer: '', message: 'must be an object' }] };
  const instance = readObject(definition, value, undefined, 1, problems);
  return problems.length === 0 ? { ok: true, value: instance } : { ok: false, problems: boundProblems(problems) };
}

/** May the property be absent, a default value aside? */
export function acceptsAbsence({ isOptional, rules, elementRules, nested }: PropertyDefinition): boolean {
  return isOptional || (!nested && elementRules.length === 0 && rules.every((rule) => rule.accepts(undefined)));
}

function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pointerOf(place: Place | undefined): string {
  return place ? pointerTo(pointerOf(place.parent), place.key) : '';
}

function readObject<T extends object>(
  { dto, properties }: DtoDefinition<T>,
  source: Json,
  place: Place | undefined,
  depth: number,
  problems: Problem[],
): T {
  const instance = new dto();
  const target = instance as Record<string, unknown>;
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (value === undefined) continue;
    if (properties.has(key)) target[key] = value;
    else {
      const known = [...properties.keys()].join(', ') || 'none';
      problems.push({ pointer: pointerTo(pointerOf(place), key), message: `unknown field; known are ${known}` });
    }
  }
  for (const property of properties.values()) readProperty(property, target, place, depth, problems);
  return instance;
}

function readProperty(
  property: PropertyDefinition,
  target: Record<string, unknown>,
  parent: Place | undefined,
  depth: number,
  problems: Problem[],
): void {
  const { name, isOptional, rules, elementRules, nested } = property;
  const value = target[name];
  if (isOptional && (value === null || value === undefined)) return;
  const failed = firstFailures(rules, value);
  if (failed) {
    const isMissing = value === undefined ? 'is missing: ' : '';
    const pointer = pointerTo(pointerOf(parent), name);
    for (const rule of failed) problems.push({ pointer, message: isMissing + rule.describe(value, target) });
    if (failed[0]?.isType || isMissing) return;
  }
  if (elementRules.length === 0 && !nested) return;
  const place = { parent, key: name };
  if (nested && !nested.isList) target[name] = readNested(nested.dto, value, place, depth, problems);
  if (elementRules.length === 0 && !nested?.isList) return;
  if (!Array.isArray(value)) {
    problems.push({ pointer: pointerOf(place), message: wrongShape(value, 'a list') });
    return;
  }
  for (const [index, element] of value.entries()) {
    for (const rule of firstFailures(elementRules, element) ?? []) {
      const pointer = pointerTo(pointerOf(place), index);
      problems.push({ pointer, message: rule.describe(element, target) });
    }
  }
  if (nested?.isList) {
    target[name] = value.map((element, key) =>
      readNested(nested.dto, element, { parent: place, key }, depth, problems),
    );
  }
}

function readNested(dto: DtoClass, value: unknown, place: Place, depth: number, problems: Problem[]): unknown {
  if (!isJsonObject(value)) {
    problems.push({ pointer: pointerOf(place), message: wrongShape(value, 'an object') });
    return value;
  }
  if (depth === MAX_DEPTH) {
    problems.push({ pointer: pointerOf(place), message: `must be at most ${MAX_DEPTH} objects deep` });
    return value;
  }
  return readObject(definitionOf(dto), value, place, depth + 1, problems);
}

function wrongShape(value: unknown, expected: string): string {
  return value === undefined ? `is missing: must be ${expected}` : `must be ${expected}`;
}

/** The rules that a value breaks: the one about its type alone, if that is broken; undefined when it breaks none. */
function firstFailures(rules: readonly PropertyRule[], value: unknown): readonly PropertyRule[] | undefined {
  let failed: PropertyRule[] | undefined;
  for (const rule of rules) {
    if (rule.accepts(value)) continue;
    if (rule.isType || value === undefined) return [rule];
    failed ??= [];
    failed.push(rule);
  }
  return failed;
}
