/** Writes the published JSON Schemas of what people write by hand. A test tells when it has to be run again. */
import { writeFileSync } from 'node:fs';
import { MANIFEST_SCHEMA } from '@orchestrator/manifest';

const file = new URL('../docs/manifest.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(MANIFEST_SCHEMA, null, 2)}\n`);
