import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Component } from './versions.js';

/** The folder of built tools: `ORC_TOOLS_DIR`, else `.tools` at the project's root, else `.tools` where one stands. */
export function toolsDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.ORC_TOOLS_DIR || join(projectRoot() ?? process.cwd(), '.tools');
}

/** Where the cached binary of a component's pinned version lies. */
export function cachedBinary(component: Component, dir: string): string {
  return join(dir, `${component.name}-${component.version}`, component.binary);
}

/** The folder of the package.json named "orchestrator" above this module. */
export function projectRoot(): string | undefined {
  for (let dir = dirname(fileURLToPath(import.meta.url)); dir !== dirname(dir); dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'orchestrator') return dir;
  }
  return undefined;
}
