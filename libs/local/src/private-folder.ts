import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './exit-guard.js';
import { isAlive } from './lock-file.js';

/** Names the process that a private folder belongs to: machine (containers may share a folder, but no ids) and id. */
const OWNER_FILE = 'owner';
const PREFIX = 'orchestrator-';

export interface PrivateFolder {
  readonly path: string;
  remove(): void;
}

/**
 * A new folder that only this user can read, removed by `remove()` or when this process ends. Nothing can be removed at
 * kill -9, so folders of processes that were killed are removed here, before the new one is made.
 */
export function createPrivateFolder(name: string): PrivateFolder {
  removeOrphans();
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${name}-`));
  const erase = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  const forget = atExit(erase);
  writeFileSync(join(path, OWNER_FILE), `${hostname()} ${process.pid}\n`);
  return {
    path,
    remove: () => {
      forget();
      erase();
    },
  };
}

function removeOrphans(): void {
  for (const entry of readdirSync(tmpdir()).filter((one) => one.startsWith(PREFIX))) {
    const path = join(tmpdir(), entry);
    try {
      const [machine, pid] = readFileSync(join(path, OWNER_FILE), 'utf8').trim().split(' ');
      if (machine !== hostname() || isAlive(Number(pid)) || lstatSync(path).uid !== process.getuid?.()) continue;
      rmSync(path, { recursive: true, force: true });
    } catch {
      // no owner that can be read, or another process was quicker: not ours to remove
    }
  }
}
