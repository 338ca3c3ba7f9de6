import { reservedReason } from '@orchestrator/protocol';
import { type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import semver from 'semver';
import { capabilitySchemaProblems, schemaBudget } from './capability-schema.js';
import { locate } from './compatibility/located-schema.js';
import { type Budget, inclusionGaps } from './compatibility/schema-inclusion.js';
import type { JsonSchema } from './json-schema.js';
import { MANIFEST_LIMITS, type Manifest } from './manifest.js';
import { MANIFEST_SCHEMA } from './manifest-schema.js';
import type { PatternBudget } from './patterns/pattern-cost.js';
import { boundProblems, type Problem, pointerTo } from './problem.js';

/** A manifest that may be installed, or all that is wrong with it. */
export type ManifestVerdict =
  | { readonly manifest: Manifest; readonly problems?: undefined }
  | { readonly manifest?: undefined; readonly problems: readonly Problem[] };

let shape: ValidateFunction<Manifest> | undefined;

function shapeValidator(): ValidateFunction<Manifest> {
  shape ??= new Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true }).compile<Manifest>(MANIFEST_SCHEMA);
  return shape;
}

/**
 * Checks a manifest from anywhere: its shape, names, versions and ranges, and the schemas of its capabilities.
 * Reports every problem, never throws, and returns a copy that is JSON and nothing else.
 */
export function validateManifest(value: unknown): ManifestVerdict {
  const { json, problem } = copyAsJson(value);
  if (problem) return { problems: [problem] };
  const isManifest = shapeValidator();
  const problems = new Map<string, Problem>();
  const add = (found: Problem) => {
    if (!problems.has(found.pointer)) problems.set(found.pointer, found);
  };
  if (!isManifest(json)) (isManifest.errors ?? []).map(problemFromError).forEach(add);
  for (const found of problemsBeyondShape(json)) add(found);
  return problems.size === 0
    ? { manifest: json as Manifest }
    : { problems: boundProblems([...problems.values()].sort((a, b) => a.pointer.localeCompare(b.pointer))) };
}

function copyAsJson(value: unknown): { json?: unknown; problem?: Problem } {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
    if (text !== undefined && Buffer.byteLength(text) <= MANIFEST_LIMITS.bytes) return { json: JSON.parse(text) };
  } catch {
    text = undefined;
  }
  const message =
    text === undefined
      ? `expected ${MANIFEST_SCHEMA.description}, got something that is not JSON, or too deep`
      : `expected at most ${MANIFEST_LIMITS.bytes} bytes of JSON, got ${Buffer.byteLength(text)}`;
  return { problem: { pointer: '', message } };
}

function problemFromError(error: ErrorObject): Problem {
  const { keyword, instancePath, params, parentSchema = {}, data } = error;
  if (keyword === 'additionalProperties') {
    const known = Object.keys(parentSchema.properties).join(', ');
    return {
      pointer: pointerTo(instancePath, params.additionalProperty),
      message: `unknown field; known are ${known}`,
    };
  }
  if (keyword === 'required') {
    const expected = parentSchema.properties[params.missingProperty].description;
    return { pointer: pointerTo(instancePath, params.missingProperty), message: `is missing; expected ${expected}` };
  }
  return { pointer: instancePath, message: `expected ${parentSchema.description}, got ${preview(data)}` };
}

function preview(data: unknown): string {
  if (Array.isArray(data)) return `a list of ${data.length}`;
  if (typeof data === 'object' && data !== null) return 'an object';
  const text = JSON.stringify(data);
  return text.length <= 80 ? text : `${text.slice(0, 77)}…`;
}

type Unchecked = { readonly [key: string]: unknown };

function membersOf(parent: unknown, field: string): readonly (readonly [string, Unchecked])[] {
  const list = typeof parent === 'object' && parent !== null ? (parent as Unchecked)[field] : undefined;
  if (!Array.isArray(list)) return [];
  return list
    .slice(0, MANIFEST_LIMITS.capabilities)
    .map((member, index) => [pointerTo(pointerTo('', field), index), member] as const)
    .filter(([, member]) => typeof member === 'object' && member !== null);
}

const LENIENT = { ignorePatterns: true };
/** Steps that the examples of a manifest may take to be compared with their schemas. */
const EXAMPLE_STEPS = 100_000;

/** What a schema cannot say. Looks at whatever is there, so that a wrong shape in one place hides nothing elsewhere. */
function* problemsBeyondShape(json: unknown): Generator<Problem> {
  const version = typeof json === 'object' && json !== null ? (json as Unchecked).version : undefined;
  if (typeof version === 'string' && semver.valid(version) !== version) {
    yield { pointer: '/version', message: `expected an exact semver version, got ${preview(version)}` };
  }
  const named = typeof json === 'object' && json !== null ? (json as Unchecked).name : undefined;
  const reserved = typeof named === 'string' ? reservedReason(named) : undefined;
  if (reserved)
    yield { pointer: '/name', message: `expected another name: ${preview(named)} is reserved: ${reserved}` };
  const capabilities = membersOf(json, 'capabilities');
  yield* repeated(capabilities, 'name');
  const exampleSteps = { steps: EXAMPLE_STEPS };
  const budget = schemaBudget();
  for (const [pointer, capability] of capabilities) {
    for (const side of ['input', 'output']) {
      const problems = [...schemaProblems(capability[side], pointerTo(pointer, side), budget)];
      yield* problems;
      if (problems.length === 0) yield* exampleProblems(capability, side, pointer, exampleSteps);
    }
  }
  const config = typeof json === 'object' && json !== null ? (json as Unchecked).config : undefined;
  yield* schemaProblems(config, '/config', budget);
  const uses = membersOf(json, 'uses');
  yield* repeated(uses, 'capability');
  for (const [pointer, { range, input, output }] of uses) {
    yield* schemaProblems(input, pointerTo(pointer, 'input'), budget);
    yield* schemaProblems(output, pointerTo(pointer, 'output'), budget);
    if (typeof range === 'string' && semver.validRange(range) === null) {
      yield { pointer: pointerTo(pointer, 'range'), message: `expected a semver range, got ${preview(range)}` };
    }
  }
}

function* schemaProblems(schema: unknown, pointer: string, budget: PatternBudget): Generator<Problem> {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return;
  yield* capabilitySchemaProblems(schema as Unchecked, pointer, budget);
}

/** Examples that their schema does not accept. What would take a compiler, patterns and formats, is not looked at. */
function* exampleProblems(capability: Unchecked, side: string, pointer: string, budget: Budget): Generator<Problem> {
  const schema = capability[side];
  const isSchema = typeof schema === 'boolean' || (typeof schema === 'object' && schema !== null);
  if (!isSchema || !Array.isArray(capability.examples)) return;
  for (const [index, example] of capability.examples.slice(0, MANIFEST_LIMITS.list).entries()) {
    if (typeof example !== 'object' || example === null || !Object.hasOwn(example, side)) continue;
    const at = pointerTo(pointerTo(pointerTo(pointer, 'examples'), index), side);
    const value = locate({ const: (example as Unchecked)[side] }, at);
    const gaps = inclusionGaps(locate(schema as JsonSchema, pointerTo(pointer, side)), value, LENIENT, budget);
    for (const gap of gaps) yield { pointer: at, message: `does not fit ${gap.wider}: ${gap.message}` };
  }
}

function* repeated(members: readonly (readonly [string, Unchecked])[], field: string): Generator<Problem> {
  const seen = new Map<unknown, string>();
  for (const [pointer, member] of members) {
    const value = member[field];
    const first = seen.get(value);
    if (first === undefined) seen.set(value, pointer);
    else if (typeof value === 'string') {
      yield { pointer: pointerTo(pointer, field), message: `${preview(value)} is already at ${first}` };
    }
  }
}
