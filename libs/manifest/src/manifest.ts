import { LIMITS, NAME_PATTERN, RETRY_LIMITS, type RetryPolicy } from '@orchestrator/protocol';
import { JSON_SCHEMA_DIALECT, type JsonSchema, type JsonSchemaObject } from './json-schema.js';

/** What one capability of a plugin takes and returns. */
export interface CapabilityManifest {
  readonly name: string;
  readonly description: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** The deadline of a call whose caller asks for none. */
  readonly deadlineMs?: number;
  /** May it run again for the same invocation? If not, it is started at most once. @default true */
  readonly idempotent?: boolean;
  /** How many calls of it one instance works on at once. @default as many as come */
  readonly concurrency?: number;
  /** Does it send output while it runs? @default false */
  readonly streaming?: boolean;
  /** How durable calls that fail are tried again. @default DEFAULT_RETRY */
  readonly retry?: RetryPolicy;
}

/** A capability that a plugin calls, and the versions of its plugin that it can work with. */
export interface UsedCapability {
  /** `editor.copy-edit` */
  readonly capability: string;
  /** A semver range: `^1.0.0`. */
  readonly range: string;
}

/** What a plugin promises: who it is, what it can do, and what it needs of others. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly capabilities: readonly CapabilityManifest[];
  readonly uses: readonly UsedCapability[];
}

/** The bounds of a manifest. */
export const MANIFEST_LIMITS = {
  /** As JSON, in UTF-8. */
  bytes: 256 * 1024,
  capabilities: 1000,
  concurrency: 10_000,
  uses: 1000,
  versionLength: LIMITS.versionLength,
  rangeLength: 256,
} as const;

const NAME = NAME_PATTERN.slice(1, -1);
const PRERELEASE = '(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)';
const NAME_RULE = `lower case letters, digits and inner hyphens, at most ${LIMITS.nameLength} characters`;

const name = (of: string): JsonSchemaObject => ({
  description: `the name of the ${of}: ${NAME_RULE}`,
  type: 'string',
  maxLength: LIMITS.nameLength,
  pattern: NAME_PATTERN,
});

const text = (of: string): JsonSchemaObject => ({
  description: `a sentence on what the ${of} does`,
  type: 'string',
});

const schema = (of: string): JsonSchemaObject => ({
  description: `the JSON Schema 2020-12 of the ${of}, an object or a boolean`,
  type: ['object', 'boolean'],
});

const backoff = (of: string): JsonSchemaObject => ({
  description: `${of}, a whole number of milliseconds from 0 to ${RETRY_LIMITS.backoffMs}`,
  type: 'integer',
  minimum: 0,
  maximum: RETRY_LIMITS.backoffMs,
});

const RETRY: JsonSchemaObject = {
  description: 'how failed durable calls are tried again: an object with attempts, backoffMs and maxBackoffMs',
  type: 'object',
  properties: {
    attempts: {
      description: `how often it may be tried, a whole number from 1 to ${RETRY_LIMITS.attempts}`,
      type: 'integer',
      minimum: 1,
      maximum: RETRY_LIMITS.attempts,
    },
    backoffMs: backoff('the longest delay after the first attempt'),
    maxBackoffMs: backoff('the longest delay of all'),
  },
  required: ['attempts', 'backoffMs', 'maxBackoffMs'],
  additionalProperties: false,
};

const CAPABILITY: JsonSchemaObject = {
  description: 'a capability: an object with name, description, input and output',
  type: 'object',
  properties: {
    name: name('capability'),
    description: text('capability'),
    input: schema('arguments'),
    output: schema('result'),
    deadlineMs: {
      description: `the default deadline in milliseconds, a whole number from 1 to ${LIMITS.maxDeadlineMs}`,
      type: 'integer',
      minimum: 1,
      maximum: LIMITS.maxDeadlineMs,
    },
    idempotent: {
      description: 'false when it must not run twice for one invocation; true or false',
      type: 'boolean',
    },
    concurrency: {
      description: `how many calls of it one instance works on at once, a whole number from 1 to ${MANIFEST_LIMITS.concurrency}`,
      type: 'integer',
      minimum: 1,
      maximum: MANIFEST_LIMITS.concurrency,
    },
    streaming: {
      description: 'true when it streams output while it runs; true or false',
      type: 'boolean',
    },
    retry: RETRY,
  },
  required: ['name', 'description', 'input', 'output'],
  additionalProperties: false,
};

const USED: JsonSchemaObject = {
  description: 'a capability that the plugin calls: an object with capability and range',
  type: 'object',
  properties: {
    capability: {
      description: `plugin.capability, like editor.copy-edit, either name of ${NAME_RULE}`,
      type: 'string',
      maxLength: 2 * LIMITS.nameLength + 1,
      pattern: `^(?=[^.]{1,${LIMITS.nameLength}}\\.[^.]{1,${LIMITS.nameLength}}$)${NAME}\\.${NAME}$`,
    },
    range: {
      description: `a semver range, like ^1.0.0, of at most ${MANIFEST_LIMITS.rangeLength} characters`,
      type: 'string',
      maxLength: MANIFEST_LIMITS.rangeLength,
    },
  },
  required: ['capability', 'range'],
  additionalProperties: false,
};

/** The shape of a manifest as a JSON Schema document. `validateManifest` checks more than a schema can say. */
export const MANIFEST_SCHEMA: JsonSchemaObject = {
  $schema: JSON_SCHEMA_DIALECT,
  $id: 'urn:orchestrator:manifest:1',
  title: 'Manifest',
  description: 'a manifest: an object with name, version, description, capabilities and uses',
  type: 'object',
  properties: {
    name: name('plugin'),
    version: {
      description: `an exact semver version without build metadata, like 1.2.3 or 2.0.0-rc.1, at most ${MANIFEST_LIMITS.versionLength} characters`,
      type: 'string',
      maxLength: MANIFEST_LIMITS.versionLength,
      pattern: `^(0|[1-9][0-9]*)(\\.(0|[1-9][0-9]*)){2}(-${PRERELEASE}(\\.${PRERELEASE})*)?$`,
    },
    description: text('plugin'),
    capabilities: {
      description: `the capabilities, a list of at most ${MANIFEST_LIMITS.capabilities}`,
      type: 'array',
      maxItems: MANIFEST_LIMITS.capabilities,
      items: CAPABILITY,
    },
    uses: {
      description: `the capabilities that the plugin calls, a list of at most ${MANIFEST_LIMITS.uses}`,
      type: 'array',
      maxItems: MANIFEST_LIMITS.uses,
      items: USED,
    },
  },
  required: ['name', 'version', 'description', 'capabilities', 'uses'],
  additionalProperties: false,
};
