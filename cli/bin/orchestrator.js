#!/usr/bin/env node
// The command needs the Node that the project pins: started with an older one, it runs itself with that, and stands for it:
// signals go on to it, its end is the end of this, and it ends with this.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  if (!existsSync(new URL('../dist/main.js', import.meta.url)))
    fail('The project is not built yet. Run: npm run build');
  endWithLauncher();
  await import('../dist/main.js');
} else {
  const pinned = pinnedNode();
  if (pinned === undefined) fail(`Node ${NEEDED} or later is needed; this is ${process.version}. Run: npm ci`);
  launch(pinned);
}

function launch(node) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  // The channel carries nothing: it closes when this process is killed, which the other one then hears.
  const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  child.on('error', (error) => fail(`${node} cannot be started: ${error.message}`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function endWithLauncher() {
  if (process.channel === undefined) return;
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

function pinnedNode() {
  try {
    const file = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
