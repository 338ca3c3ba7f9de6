import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './exit-guard.js';

export interface PrivateFolder {
  readonly path: string;
  remove(): void;
}

/** A new folder that only this user can read, removed by `remove()` or when this process ends. */
export function createPrivateFolder(name: string): PrivateFolder {
  const path = mkdtempSync(join(tmpdir(), `orchestrator-${name}-`));
  const erase = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  const forget = atExit(erase);
  return {
    path,
    remove: () => {
      forget();
      erase();
    },
  };
}
