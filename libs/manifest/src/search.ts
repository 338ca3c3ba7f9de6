/** Finds capabilities by what they are, take and give. Pure. */
import { Fault, formatCapabilityRef } from '@orchestrator/protocol';
import { capabilitySchemaProblems } from './capability-schema.js';
import { locate } from './compatibility/located-schema.js';
import { type Budget, inclusionGaps } from './compatibility/schema-inclusion.js';
import type { JsonSchema } from './json-schema.js';
import { type CapabilityManifest, MANIFEST_LIMITS, type Manifest } from './manifest.js';
import { boundProblems, type Problem, pointerTo } from './problem.js';

/** All that is given has to fit. */
export interface CapabilityQuery {
  /** Of a plugin, of a capability, or of both: `editor`, `copy-edit`, `editor.copy-edit`. */
  readonly name?: string;
  /** Words that stand in names, titles, descriptions, tags or keywords: every one of them, in any case. */
  readonly text?: string;
  /** A tag of the capability or a keyword of its plugin. */
  readonly tag?: string;
  /** A value that it takes as arguments. */
  readonly accepts?: unknown;
  /** A schema that all of its results fit. */
  readonly produces?: JsonSchema;
}

export interface FoundCapability {
  /** `editor.copy-edit` */
  readonly capability: string;
  readonly version: string;
  readonly title?: string;
  readonly description: string;
  /** It is not to be relied on any more. */
  readonly deprecated: boolean;
}

/** Steps that one search may take to compare schemas: what comes after is not found. */
const SEARCH_STEPS = 100_000;
/** What one answer holds. */
const MAX_FOUND = 200;

/** In the order of the manifests, those that are deprecated last; the first two hundred. */
export function searchCapabilities(
  manifests: readonly Manifest[],
  query: CapabilityQuery,
): { readonly capabilities: readonly FoundCapability[]; readonly more: boolean } {
  const budget = { steps: SEARCH_STEPS };
  const found = manifests.flatMap((manifest) =>
    manifest.capabilities
      .filter((capability) => fits(manifest, capability, query, budget))
      .map((capability) => ({
        capability: formatCapabilityRef({ plugin: manifest.name, capability: capability.name }),
        version: manifest.version,
        ...(capability.title !== undefined && { title: capability.title }),
        description: capability.description,
        deprecated: capability.deprecated !== undefined,
      })),
  );
  found.sort((a, b) => Number(a.deprecated) - Number(b.deprecated));
  return { capabilities: found.slice(0, MAX_FOUND), more: found.length > MAX_FOUND || budget.steps < 0 };
}

const FIELDS = 'name, text, tag, accepts, produces';

/** @throws Fault `invalid-argument` with all that is wrong */
export function parseCapabilityQuery(args: Readonly<Record<string, unknown>>): CapabilityQuery {
  const { name, text, tag, accepts, produces, ...more } = args;
  const problems = [
    ...Object.keys(more).map((field) => ({
      pointer: pointerTo('', field),
      message: `unknown field; known are ${FIELDS}`,
    })),
    ...Object.entries({ name, text, tag }).flatMap(([field, value]) => textProblems(field, value)),
    ...(produces === undefined ? [] : schemaProblems(produces)),
  ];
  if (problems.length > 0) {
    const [first] = problems;
    const message = `The question has ${problems.length} problem(s): ${first?.pointer}: ${first?.message}`;
    throw new Fault('invalid-argument', message, { problems: boundProblems(problems) });
  }
  return {
    ...(name !== undefined && { name: String(name) }),
    ...(text !== undefined && { text: String(text) }),
    ...(tag !== undefined && { tag: String(tag) }),
    ...(accepts !== undefined && { accepts }),
    ...(produces !== undefined && { produces: produces as JsonSchema }),
  };
}

function textProblems(field: string, value: unknown): Problem[] {
  const isText = value === undefined || (typeof value === 'string' && value.length <= MANIFEST_LIMITS.textLength);
  const message = `expected a text of at most ${MANIFEST_LIMITS.textLength} characters`;
  return isText ? [] : [{ pointer: pointerTo('', field), message }];
}

function schemaProblems(schema: unknown): readonly Problem[] {
  if (typeof schema === 'boolean') return [];
  const isObject = typeof schema === 'object' && schema !== null && !Array.isArray(schema);
  if (isObject) return capabilitySchemaProblems(schema as JsonSchema, '/produces');
  return [{ pointer: '/produces', message: 'expected a JSON Schema 2020-12: an object or a boolean' }];
}

function fits(manifest: Manifest, capability: CapabilityManifest, query: CapabilityQuery, budget: Budget): boolean {
  return (
    budget.steps >= 0 &&
    (query.name === undefined || namesOf(manifest, capability).includes(query.name)) &&
    hasWords(manifest, capability, query.text ?? '') &&
    (query.tag === undefined || [...(capability.tags ?? []), ...(manifest.keywords ?? [])].includes(query.tag)) &&
    (query.accepts === undefined || takes(capability.input, query.accepts, budget)) &&
    (query.produces === undefined ||
      inclusionGaps(locate(query.produces), locate(capability.output), {}, budget).length === 0)
  );
}

function namesOf({ name: plugin }: Manifest, { name: capability }: CapabilityManifest): readonly string[] {
  return [plugin, capability, formatCapabilityRef({ plugin, capability })];
}

function hasWords(manifest: Manifest, capability: CapabilityManifest, text: string): boolean {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  const { title, description, keywords = [] } = manifest;
  const own = [capability.title, capability.description, ...(capability.tags ?? [])];
  const all = [...namesOf(manifest, capability), title, description, ...keywords, ...own].join(' ').toLowerCase();
  return words.every((word) => all.includes(word));
}

/** Patterns and formats are not run: what they would refuse is found all the same. */
function takes(input: JsonSchema, value: unknown, budget: Budget): boolean {
  return inclusionGaps(locate(input), locate({ const: value }), { ignorePatterns: true }, budget).length === 0;
}
