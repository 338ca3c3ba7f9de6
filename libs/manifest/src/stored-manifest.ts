/** Reading a manifest back from where a registry stored it. Pure. */

import { Fault } from '@orchestrator/protocol';
import { type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import semver from 'semver';
import type { JsonSchemaObject } from './json-schema.js';
import type { Manifest } from './manifest.js';
import { MANIFEST_SCHEMA } from './manifest-schema.js';

let shape: ValidateFunction<Manifest> | undefined;

/**
 * A manifest that was checked when it was stored. Its schemas are not compiled again; that all else is of its type is looked at,
 * since a bucket may be damaged. Fields that are not known here are let be: a newer registry may have stored it.
 * @throws Fault `internal` saying what is wrong
 */
export function asStoredManifest(plugin: string, version: string, value: unknown): Manifest {
  shape ??= new Ajv2020({ allowUnionTypes: true, strict: false }).compile<Manifest>(open(MANIFEST_SCHEMA));
  if (!shape(value)) {
    const [{ instancePath = '', message = '' } = {}] = shape.errors ?? [];
    throw new Fault('internal', `${instancePath || 'it'} ${message}`);
  }
  if (value.name !== plugin || value.version !== version) {
    throw new Fault('internal', `it is the manifest of ${value.name} ${value.version}`);
  }
  const bad = value.uses.findIndex(({ range }) => semver.validRange(range) === null);
  if (bad >= 0) throw new Fault('internal', `/uses/${bad}/range is no semver range`);
  return value;
}

/** The same schema, letting unknown fields be. */
function open(schema: JsonSchemaObject): JsonSchemaObject {
  return JSON.parse(JSON.stringify(schema), (key, value) => (key === 'additionalProperties' ? undefined : value));
}
