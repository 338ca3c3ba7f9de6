import { LIMITS, NAME_PATTERN, RETRY_LIMITS } from '@orchestrator/protocol';
import { JSON_SCHEMA_DIALECT, type JsonSchemaObject } from './json-schema.js';
import { MANIFEST_LIMITS } from './manifest.js';

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

const label = (what: string): JsonSchemaObject => ({
  description: `${what}, at most ${MANIFEST_LIMITS.textLength} characters`,
  type: 'string',
  minLength: 1,
  maxLength: MANIFEST_LIMITS.textLength,
});

const list = (what: string, items: JsonSchemaObject): JsonSchemaObject => ({
  description: `${what}, a list of at most ${MANIFEST_LIMITS.list}`,
  type: 'array',
  maxItems: MANIFEST_LIMITS.list,
  items,
});

const amount = (of: string): JsonSchemaObject => ({
  description: `${of}, a number from 0`,
  type: 'number',
  minimum: 0,
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

const VERSION: JsonSchemaObject = {
  description: `an exact semver version without build metadata, like 1.2.3 or 2.0.0-rc.1, at most ${MANIFEST_LIMITS.versionLength} characters`,
  type: 'string',
  maxLength: MANIFEST_LIMITS.versionLength,
  pattern: `^(0|[1-9][0-9]*)(\\.(0|[1-9][0-9]*)){2}(-${PRERELEASE}(\\.${PRERELEASE})*)?$`,
};

const REFERENCE: JsonSchemaObject = {
  description: `plugin.capability, like editor.copy-edit, either name of ${NAME_RULE}`,
  type: 'string',
  maxLength: 2 * LIMITS.nameLength + 1,
  pattern: `^(?=[^.]{1,${LIMITS.nameLength}}\\.[^.]{1,${LIMITS.nameLength}}$)${NAME}\\.${NAME}$`,
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
    title: label('a name for people'),
    costHint: {
      description: 'what a call costs as a rule: an object with tokens, usd or both',
      type: 'object',
      properties: { tokens: amount('tokens'), usd: amount('USD') },
      additionalProperties: false,
    },
    tags: list('tags', label('a tag')),
    deprecated: {
      description: 'that it is not to be relied on: an object with since, and useInstead if there is something better',
      type: 'object',
      properties: { since: VERSION, useInstead: REFERENCE },
      required: ['since'],
      additionalProperties: false,
    },
    examples: list('examples', {
      description: 'an example: an object with input, and output and description if you like',
      type: 'object',
      properties: {
        description: label('a sentence on what the example shows'),
        input: { description: 'the arguments' },
        output: { description: 'the result' },
      },
      required: ['input'],
      additionalProperties: false,
    }),
  },
  required: ['name', 'description', 'input', 'output'],
  additionalProperties: false,
};

const USED: JsonSchemaObject = {
  description: 'a capability that the plugin calls: an object with capability and range',
  type: 'object',
  properties: {
    capability: REFERENCE,
    range: {
      description: `a semver range, like ^1.0.0, of at most ${MANIFEST_LIMITS.rangeLength} characters`,
      type: 'string',
      maxLength: MANIFEST_LIMITS.rangeLength,
    },
    optional: { description: 'true when it can do without; true or false', type: 'boolean' },
    input: schema('arguments that it sends'),
    output: schema('result that it relies on'),
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
    version: VERSION,
    title: label('a name for people'),
    description: text('plugin'),
    author: label('who wrote it'),
    license: label('its licence as an SPDX expression, like Apache-2.0'),
    homepage: {
      description: 'its web page, a URL with http or https',
      type: 'string',
      maxLength: MANIFEST_LIMITS.textLength,
      pattern: '^https?://[^\\s]+$',
    },
    keywords: list('keywords', label('a keyword')),
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
    config: schema('configuration'),
    grants: list('what it asks to be granted beyond its uses', {
      description: 'plugin.capability, plugin.*, * or start-root',
      type: 'string',
      maxLength: 2 * LIMITS.nameLength + 1,
      pattern: `^(\\*|start-root|${NAME}\\.(\\*|${NAME}))$`,
    }),
  },
  required: ['name', 'version', 'description', 'capabilities', 'uses'],
  additionalProperties: false,
};
