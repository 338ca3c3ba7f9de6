/**
 * `@orchestrator/manifest/schema`: what those need who make schemas and name problems. Apart from the rest, so that a
 * plugin's process loads no validator and no resolver.
 */
export { JSON_SCHEMA_DIALECT, type JsonSchema, type JsonSchemaObject } from './json-schema.js';
export { boundProblems, type Problem, pointerTo } from './problem.js';
