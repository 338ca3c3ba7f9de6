import { Ajv2020 } from 'ajv/dist/2020.js';
import { JSON_SCHEMA_DIALECT, type JsonSchema } from './json-schema.js';
import { type PatternBudget, patternRisk } from './patterns/pattern-cost.js';
import { type Problem, pointerTo } from './problem.js';
import { everySchema, isSchemaKeyword, type LocatedSchema, MAX_SCHEMA_DEPTH } from './schema-keywords.js';
import { workProblems } from './schema-work.js';

/** What judging all patterns of one document may take. */
const DOCUMENT_PATTERN_STEPS = 2_000_000;

/** What checking the schemas of one document may take: they share it. */
export function schemaBudget(): PatternBudget {
  return { steps: DOCUMENT_PATTERN_STEPS };
}

let metaSchema: ReturnType<Ajv2020['getSchema']>;

/** The meta-schema of 2020-12, compiled when first needed: that takes longer than all else here. */
function metaSchemaValidator(): NonNullable<typeof metaSchema> {
  metaSchema ??= new Ajv2020({ allErrors: true }).getSchema(JSON_SCHEMA_DIALECT);
  if (!metaSchema) throw new Error('ajv does not know the 2020-12 meta-schema');
  return metaSchema;
}

/**
 * What is wrong with the input or output schema of a capability: it must be valid 2020-12, use keywords of that dialect
 * only, and stand alone, so that whoever reads it needs nothing else. `pointer` is where it stands in the manifest.
 * It is not compiled: a schema of 200 KB can be made to take a compiler all memory. One that is harmless by these rules
 * takes whoever compiles it, or checks a value with it, bounded work. The cost is linear in its size, and bounded for patterns.
 */
export function capabilitySchemaProblems(
  schema: JsonSchema,
  pointer: string,
  budget = schemaBudget(),
): readonly Problem[] {
  const schemas = [...everySchema(schema, '')];
  /** All that a reference within the schema may name. */
  const targets = new Map(schemas.map((located) => [`#${located.pointer}`, located]));
  for (const { anchor, of } of everyAnchor(schemas)) targets.set(`#${anchor}`, of);
  const problems = [
    ...repeatedAnchors(schemas),
    ...schemas.flatMap((located) => [...misusedKeywords(located, targets, budget)]),
  ];
  const isTooDeep = schemas.some(({ depth }) => depth > MAX_SCHEMA_DEPTH);
  const [root] = schemas;
  if (!isTooDeep) {
    if (root) problems.push(...workProblems(root, (reference) => targets.get(decoded(reference))));
    const isValid = metaSchemaValidator();
    isValid(schema);
    for (const { instancePath, message, keyword } of isValid.errors ?? []) {
      if (problems.some(({ pointer: known }) => known === instancePath)) continue;
      problems.push({ pointer: instancePath, message: `is not valid JSON Schema 2020-12: ${message ?? keyword}` });
    }
  }
  return problems.map((problem) => ({ ...problem, pointer: pointer + problem.pointer }));
}

/** All anchors, with the place of each. */
function* everyAnchor(
  schemas: readonly LocatedSchema[],
): Generator<{ anchor: string; pointer: string; of: LocatedSchema }> {
  for (const of of schemas) {
    const { schema, pointer } = of;
    if (typeof schema === 'boolean') continue;
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const anchor = schema[keyword];
      if (typeof anchor === 'string') yield { anchor, pointer: pointerTo(pointer, keyword), of };
    }
  }
}

function* repeatedAnchors(schemas: readonly LocatedSchema[]): Generator<Problem> {
  const seen = new Set<string>();
  for (const { anchor, pointer } of everyAnchor(schemas)) {
    if (seen.has(anchor)) yield { pointer, message: `expected another anchor: there is a second "${anchor}"` };
    seen.add(anchor);
  }
}

function* misusedKeywords(
  { schema, pointer, depth }: LocatedSchema,
  targets: ReadonlyMap<string, LocatedSchema>,
  budget: PatternBudget,
): Generator<Problem> {
  if (depth > MAX_SCHEMA_DEPTH) {
    yield { pointer, message: `expected schemas at most ${MAX_SCHEMA_DEPTH} deep within each other` };
    return;
  }
  for (const [keyword, value] of Object.entries(schema)) {
    const at = pointerTo(pointer, keyword);
    if (!isSchemaKeyword(keyword)) {
      yield { pointer: at, message: `"${keyword}" is not a keyword of JSON Schema 2020-12` };
    } else if ((keyword === '$ref' || keyword === '$dynamicRef') && typeof value === 'string') {
      if (!targets.has(decoded(value))) {
        yield {
          pointer: at,
          message: `expected a reference to a place within this schema, like #/$defs/…, got ${value}`,
        };
      }
    } else if (keyword === '$anchor' && depth === 0) {
      yield {
        pointer: at,
        message: 'expected no anchor at the root: # refers to it, and not every compiler finds more',
      };
    } else if (keyword === '$id' && depth > 0) {
      yield { pointer: at, message: 'expected $id at the root only: the schema of a capability stands alone' };
    } else if (keyword === '$schema' && value !== JSON_SCHEMA_DIALECT) {
      yield { pointer: at, message: `expected "${JSON_SCHEMA_DIALECT}": other dialects are not supported` };
    } else if (keyword === 'pattern' && typeof value === 'string') {
      const message = patternProblem(value, budget);
      if (message) yield { pointer: at, message };
    } else if (keyword === 'patternProperties' && typeof value === 'object' && value !== null) {
      for (const pattern of Object.keys(value)) {
        const message = patternProblem(pattern, budget);
        if (message) yield { pointer: pointerTo(at, pattern), message: `the key: ${message}` };
      }
    }
  }
}

/** A reference as plain text: it is a URI, in which anything may be percent-encoded. */
function decoded(reference: string): string {
  try {
    return decodeURIComponent(reference);
  } catch {
    return reference;
  }
}

function patternProblem(source: string, budget: PatternBudget): string | undefined {
  if (!isPattern(source)) return 'expected a regular expression of ECMA-262 that is valid with the u flag';
  const risk = patternRisk(source, budget);
  return risk && `expected a pattern that takes a time linear in the text whatever that is: this one ${risk}`;
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
