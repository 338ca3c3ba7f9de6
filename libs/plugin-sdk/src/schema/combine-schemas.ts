import type { JsonSchemaObject } from '@orchestrator/manifest';
import type { Scalar } from './decorator-rules.js';

/** How two values of a keyword become one that says both; undefined when none does. */
type Merge = (a: unknown, b: unknown) => unknown;

const larger: Merge = (a, b) => Math.max(a as number, b as number);
const smaller: Merge = (a, b) => Math.min(a as number, b as number);

const MERGES: Readonly<Record<string, Merge>> = {
  type: (a, b) => (isNumeric(a) && isNumeric(b) ? 'integer' : undefined),
  minLength: larger,
  minItems: larger,
  minimum: larger,
  exclusiveMinimum: larger,
  maxLength: smaller,
  maxItems: smaller,
  maximum: smaller,
  exclusiveMaximum: smaller,
};

function isNumeric(type: unknown): boolean {
  return type === 'number' || type === 'integer';
}

function merged(a: JsonSchemaObject, b: JsonSchemaObject): JsonSchemaObject | undefined {
  const both: Record<string, unknown> = { ...a };
  for (const [keyword, value] of Object.entries(b)) {
    const other = both[keyword];
    both[keyword] = other === undefined || other === value ? value : MERGES[keyword]?.(other, value);
    if (both[keyword] === undefined) return undefined;
  }
  return both;
}

/** One schema that asks for all that some ask for: flat where that is possible, with `allOf` where not. */
export function combineSchemas(schemas: readonly JsonSchemaObject[]): JsonSchemaObject {
  let combined: JsonSchemaObject = {};
  const apart: JsonSchemaObject[] = [];
  for (const schema of schemas) {
    const both = merged(combined, schema);
    if (both) combined = both;
    else apart.push(schema);
  }
  if (combined.$ref !== undefined && combined.type === 'object') {
    const { type: _, ...rest } = combined;
    combined = rest;
  }
  return apart.length === 0 ? combined : { ...combined, allOf: apart };
}

/** A schema without some values; those that it refuses anyway are not mentioned. */
export function excluding(schema: JsonSchemaObject, values: readonly Scalar[]): JsonSchemaObject {
  const possible = [...new Set(values)].filter((value) => mayAccept(schema, value));
  const isText = schema.type === 'string' && schema.enum === undefined;
  if (isText && possible.includes('')) {
    const { minLength = 0 } = schema;
    return excluding(
      { ...schema, minLength: Math.max(1, minLength as number) },
      possible.filter((value) => value !== ''),
    );
  }
  return possible.length === 0 ? schema : { ...schema, not: { enum: possible } };
}

function mayAccept({ type, enum: values, $ref }: JsonSchemaObject, value: Scalar): boolean {
  if ($ref !== undefined) return false;
  if (Array.isArray(values) && !values.includes(value)) return false;
  if (type === undefined) return true;
  return value !== null && (isNumeric(type) ? typeof value === 'number' : type === typeof value);
}

/** A schema that accepts null besides. */
export function orNull(schema: JsonSchemaObject): JsonSchemaObject {
  const { type, enum: values, $ref, allOf, not } = schema;
  if (Object.keys(schema).length === 0) return schema;
  if (typeof type !== 'string' || $ref !== undefined || allOf !== undefined || not !== undefined) {
    return { anyOf: [schema, { type: 'null' }] };
  }
  return { ...schema, type: [type, 'null'], ...(Array.isArray(values) && { enum: [...values, null] }) };
}
