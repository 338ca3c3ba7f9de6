import { JSON_SCHEMA_DIALECT, type JsonSchemaObject, pointerTo } from '@orchestrator/manifest/schema';
import { combineSchemas, excluding, orNull } from './combine-schemas.js';
import { type DtoClass, definitionOf, dtoFault, type PropertyDefinition } from './dto-definition.js';
import type { PropertyRule } from './property-rule.js';
import { acceptsAbsence, validateDto } from './validate-dto.js';

/**
 * The JSON Schema 2020-12 of a class: it accepts exactly what `validateDto` accepts.
 * @throws Fault `invalid-argument` naming class, property and decorator, when that cannot be done
 */
export function dtoToJsonSchema(dto: DtoClass): JsonSchemaObject {
  const names = new Map<DtoClass, string>();
  const referenceTo = (nested: DtoClass): JsonSchemaObject => {
    if (nested === dto) return { $ref: '#' };
    const name = names.get(nested) ?? freeName(nested, [...names.values()]);
    names.set(nested, name);
    return { $ref: `#/$defs/${name}` };
  };
  const root = objectSchema(dto, referenceTo);
  const definitions: Record<string, JsonSchemaObject> = {};
  // The map grows while it is walked: a nested class may bring others.
  for (const [nested, name] of names) definitions[name] = objectSchema(nested, referenceTo);
  return {
    $schema: JSON_SCHEMA_DIALECT,
    ...root,
    ...(names.size > 0 && { $defs: definitions }),
  };
}

function freeName(dto: DtoClass, taken: readonly string[]): string {
  const base = dto.name.replace(/\W/g, '_') || 'Nested';
  let name = base;
  for (let count = 2; taken.includes(name); count++) name = `${base}${count}`;
  return name;
}

type ReferenceTo = (dto: DtoClass) => JsonSchemaObject;

function objectSchema(dto: DtoClass, referenceTo: ReferenceTo): JsonSchemaObject {
  const properties: Record<string, JsonSchemaObject> = {};
  const required: string[] = [];
  const { properties: defined } = definitionOf(dto);
  const defaults = defaultsOf(dto);
  for (const property of defined.values()) {
    const { name } = property;
    properties[name] = { ...propertySchema(property, referenceTo), ...defaults.get(name) };
    if (!defaults.has(name) && !acceptsAbsence(property)) required.push(name);
  }
  return {
    title: dto.name,
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** Properties that have a value when none is given, with that value, unless it differs from one instance to the next. */
function defaultsOf(dto: DtoClass): ReadonlyMap<string, { readonly default?: unknown }> {
  const valuesOf = (instance: object) =>
    Object.entries(instance).map(([name, value]) => [name, JSON.stringify(value)] as const);
  const again = new Map(valuesOf(new dto()));
  const given = valuesOf(new dto()).filter(([, json]) => json !== undefined);
  const verdict = validateDto(dto, {});
  return new Map(
    given.map(([name, json]) => {
      const at = pointerTo('', name);
      const problems = verdict.ok ? [] : verdict.problems;
      const wrong = problems.find(({ pointer }) => pointer === at || pointer.startsWith(`${at}/`));
      if (wrong) throw dtoFault(dto, name, `its own default value does not fit: ${wrong.message}`);
      return [name, again.get(name) === json ? { default: JSON.parse(json) } : {}];
    }),
  );
}

function propertySchema(property: PropertyDefinition, referenceTo: ReferenceTo): JsonSchemaObject {
  const { isOptional, rules, elementRules, nested } = property;
  const reference = nested ? [referenceTo(nested.dto)] : [];
  const isList = nested?.isList || elementRules.length > 0;
  const items = () => rulesSchema(elementRules, nested?.isList ? reference : []);
  const schema = rulesSchema(rules, [
    ...(isList ? [{ type: 'array', items: items() }] : []),
    ...(nested && !nested.isList ? reference : []),
  ]);
  return isOptional ? orNull(schema) : schema;
}

function rulesSchema(rules: readonly PropertyRule[], others: readonly JsonSchemaObject[]): JsonSchemaObject {
  const keywords = rules.flatMap((rule) => (rule.keywords ? [rule.keywords] : []));
  return excluding(
    combineSchemas([...keywords, ...others]),
    rules.flatMap(({ excludes = [] }) => excludes),
  );
}
