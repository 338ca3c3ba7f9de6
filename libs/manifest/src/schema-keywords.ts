import { type JsonSchema, type JsonSchemaObject } from './json-schema.js';
import { pointerTo } from './problem.js';

/** What stands under a keyword: nothing to descend into, one schema, a list of schemas, or schemas by name. */
type KeywordHolds = 'value' | 'schema' | 'list' | 'map';

const HOLDS: readonly (readonly [KeywordHolds, string])[] = [
  ['schema', 'items contains additionalProperties propertyNames unevaluatedItems unevaluatedProperties'],
  ['schema', 'not if then else contentSchema'],
  ['list', 'allOf anyOf oneOf prefixItems'],
  ['map', 'properties patternProperties dependentSchemas $defs definitions'],
  ['value', '$schema $id $ref $dynamicRef $anchor $dynamicAnchor $comment'],
  ['value', 'type const enum multipleOf maximum exclusiveMaximum minimum exclusiveMinimum'],
  ['value', 'maxLength minLength pattern maxItems minItems uniqueItems maxContains minContains'],
  ['value', 'maxProperties minProperties required dependentRequired'],
  ['value', 'title description default deprecated readOnly writeOnly examples'],
  ['value', 'format contentEncoding contentMediaType'],
];

/** Every keyword of JSON Schema 2020-12 that a capability's schema may use, and what stands under it. */
const KEYWORDS: ReadonlyMap<string, KeywordHolds> = new Map(
  HOLDS.flatMap(([holds, names]) => names.split(' ').map((name) => [name, holds] as const)),
);

export function isSchemaKeyword(name: string): boolean {
  return KEYWORDS.has(name);
}

/** A schema somewhere in a document. */
export interface LocatedSchema {
  readonly schema: JsonSchema;
  readonly pointer: string;
  /** How many schemas it stands in. */
  readonly depth: number;
}

/** Deeper schemas are not looked into: whoever compiles a schema recurses, and no honest one comes near. */
export const MAX_SCHEMA_DEPTH = 64;

function isObject(value: unknown): value is JsonSchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'boolean' || isObject(value);
}

/** A schema within another, and the keyword that it stands under. */
interface InnerSchema extends LocatedSchema {
  readonly keyword: string;
}

/** The schemas directly within a schema. What merely looks like one, in `const` or under an unknown key, is left out. */
export function* schemasWithin({ schema, pointer, depth }: LocatedSchema): Generator<InnerSchema> {
  for (const [keyword, value] of Object.entries(schema)) {
    const holds = KEYWORDS.get(keyword);
    const at = pointerTo(pointer, keyword);
    if (holds === 'schema' && isSchema(value)) yield { schema: value, pointer: at, depth: depth + 1, keyword };
    const members = (holds === 'list' && Array.isArray(value)) || (holds === 'map' && isObject(value)) ? value : {};
    for (const [key, member] of Object.entries(members)) {
      if (isSchema(member)) yield { schema: member, pointer: pointerTo(at, key), depth: depth + 1, keyword };
    }
  }
}

/** A schema and all schemas within it, down to the first that is too deep. */
export function* everySchema(schema: JsonSchema, pointer: string): Generator<LocatedSchema> {
  const open: LocatedSchema[] = [{ schema, pointer, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield next;
    if (next.depth > MAX_SCHEMA_DEPTH) continue;
    for (const inner of schemasWithin(next)) open.push(inner);
  }
}
