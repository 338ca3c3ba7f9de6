#!/usr/bin/env node
// The command needs the Node that the project pins: started with an older one, it hands over to that.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  if (!existsSync(new URL('../dist/main.js', import.meta.url))) {
    process.stderr.write('The project is not built yet. Run: npm run build\n');
    process.exit(2);
  }
  await import('../dist/main.js');
} else {
  const pinned = pinnedNode();
  if (pinned === undefined) {
    process.stderr.write(`Node ${NEEDED} or later is needed; this is ${process.version}. Run: npm ci\n`);
    process.exit(2);
  }
  const child = spawnSync(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(child.status ?? 1);
}

function pinnedNode() {
  try {
    const file = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}
