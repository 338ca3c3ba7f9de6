/**
 * Builds a component with Go into the tools folder. The binary is built aside and renamed into place as a whole, so that
 * a reader sees all of it or nothing, however many processes build and however they end.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from './lock-file.js';
import { startProcess } from './processes.js';
import { cachedBinary } from './tools-dir.js';
import type { Component } from './versions.js';

const PROGRESS_INTERVAL_MS = 10_000;

/** Builds the component unless another process has by now, and gives the binary's path. @throws Error with Go's last lines */
export async function buildWithGo(
  component: Component,
  go: string,
  dir: string,
  isUsable: () => Promise<boolean>,
  log: (line: string) => void,
): Promise<string> {
  const target = cachedBinary(component, dir);
  const title = `${component.name} ${component.version}`;
  const onWait = (pid: number) => log(`waiting for process ${pid}, which is building ${title}`);
  await withLock(join(dir, `${component.name}.lock`), onWait, async () => {
    if (await isUsable()) return;
    log(`building ${title} with Go, once; this usually takes ${component.usualBuildSeconds} s`);
    for (const left of readdirSync(dir).filter((name) => name.startsWith(`.building-${component.name}-`))) {
      rmSync(join(dir, left), { recursive: true, force: true }); // of a build that was killed: the lock is ours
    }
    const aside = mkdtempSync(join(dir, `.building-${component.name}-`));
    const startedAt = Date.now();
    const seconds = () => Math.round((Date.now() - startedAt) / 1000);
    const progress = setInterval(() => log(`still building ${title}: ${seconds()} s`), PROGRESS_INTERVAL_MS);
    try {
      await compile(component, go, aside);
      chmodSync(aside, 0o755);
      rmSync(dirname(target), { recursive: true, force: true });
      renameSync(aside, dirname(target));
      log(`built ${title} in ${seconds()} s`);
    } finally {
      clearInterval(progress);
      rmSync(aside, { recursive: true, force: true });
    }
  });
  return target;
}

async function compile(component: Component, go: string, aside: string): Promise<void> {
  if (component.goPackage === undefined) {
    await runGo(go, ['install', component.goModule], { GOBIN: aside });
    return;
  }
  // Inside the module's own folder, so that its go.sum and replace lines apply.
  const { stdout } = await promisify(execFile)(go, ['mod', 'download', '-json', component.goModule], { cwd: tmpdir() });
  const moduleDir: string = JSON.parse(stdout).Dir;
  const binary = join(aside, component.binary);
  await runGo(go, ['build', '-C', moduleDir, '-buildvcs=false', '-o', binary, component.goPackage], {});
}

async function runGo(go: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = await startProcess({ name: 'go', command: go, args, env, cwd: tmpdir() });
  const { code } = await child.exited;
  if (code !== 0) {
    throw new Error(`go ${args[0]} of ${args.at(-1)} failed: ${child.tail().slice(-5).join('\n      ')}`);
  }
}
