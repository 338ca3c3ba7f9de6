/**
 * Asks the ways of getting a component one after the other, until one serves. The decision itself is in `finding.ts`.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import {
  type Answer,
  type Answers,
  ComponentMissingError,
  chooseSource,
  judgeBinary,
  parseVersionOutput,
  type Source,
  WAYS,
  type Way,
} from './finding.js';
import { buildWithGo } from './go-build.js';
import { cachedBinary, toolsDir } from './tools-dir.js';
import type { Component } from './versions.js';

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 10_000;
const PULL_TIMEOUT_MS = 10 * 60_000;

export interface LocateOptions {
  /** Whether a server at the address in the environment serves. @default false: tests want one of their own */
  readonly acceptAddress?: boolean;
  /** Whether Go may build and Docker may pull what is missing, which takes minutes. @default true */
  readonly allowBuild?: boolean;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Told what is being done, when it takes time. */
  readonly log?: (line: string) => void;
}

/** Where a component is to be had, ready to start: never `go`, which has been built by then. */
export type Located = Exclude<Source, { kind: 'go' }>;

/** Finds, builds or pulls a component. @throws ComponentMissingError */
export async function locate(component: Component, options: LocateOptions = {}): Promise<Located> {
  const { acceptAddress = false, allowBuild = true, env = process.env, log = () => {} } = options;
  const dir = toolsDir(env);
  const probes: Record<Way, () => Promise<Answer>> = {
    address: async () => probeAddress(component, env),
    path: () => probePath(component, env),
    cache: () => probeCache(component, dir),
    go: () => probeGo(env, allowBuild),
    docker: () => probeDocker(component, env, allowBuild, log),
  };
  const isUsable = async () => 'found' in (await probes.cache());
  const answers: Answers = {};
  for (const way of WAYS) {
    if (way === 'address' && !acceptAddress) continue;
    answers[way] = await probes[way]();
    const source = chooseSource(answers);
    if (source === undefined) continue;
    if (source.kind !== 'go') return source;
    try {
      return { kind: 'binary', path: await buildWithGo(component, source.go, dir, isUsable, log) };
    } catch (error) {
      answers.go = { absent: messageOf(error) };
    }
  }
  throw new ComponentMissingError(component, answers);
}

function probeAddress(component: Component, env: NodeJS.ProcessEnv): Answer {
  const url = env[component.addressVariable];
  return url ? { found: url } : { absent: `${component.addressVariable} is not set` };
}

async function probePath(component: Component, env: NodeJS.ProcessEnv): Promise<Answer> {
  const path = onPath(component.binary, env);
  if (path === undefined) return { absent: `no ${component.binary} on PATH` };
  try {
    const { stdout, stderr } = await run(path, component.versionArgs, { timeout: PROBE_TIMEOUT_MS });
    return judgeBinary(component, path, parseVersionOutput(stdout) ?? parseVersionOutput(stderr));
  } catch (error) {
    return { absent: `${path} does not run: ${messageOf(error)}` };
  }
}

/** The cache's folders carry the version, and a build of Jaeger does not know its own: that it runs is enough. */
async function probeCache(component: Component, dir: string): Promise<Answer> {
  const path = cachedBinary(component, dir);
  if (!isExecutable(path)) return { absent: `nothing at ${path}` };
  try {
    await run(path, component.versionArgs, { timeout: PROBE_TIMEOUT_MS });
    return { found: path, version: component.version };
  } catch (error) {
    return { absent: `${path} does not run: ${messageOf(error)}` };
  }
}

async function probeGo(env: NodeJS.ProcessEnv, allowBuild: boolean): Promise<Answer> {
  if (!allowBuild) return { absent: 'building was not asked for' };
  const go = onPath('go', env);
  return go ? { found: go } : { absent: 'no go on PATH' };
}

async function probeDocker(
  component: Component,
  env: NodeJS.ProcessEnv,
  allowPull: boolean,
  log: (line: string) => void,
): Promise<Answer> {
  const docker = onPath('docker', env);
  if (docker === undefined) return { absent: 'no docker on PATH' };
  try {
    await run(docker, ['info', '--format', '{{.ServerVersion}}'], { timeout: PROBE_TIMEOUT_MS });
  } catch {
    return { absent: 'docker info does not answer' };
  }
  try {
    await run(docker, ['image', 'inspect', component.image], { timeout: PROBE_TIMEOUT_MS });
    return { found: docker };
  } catch {
    if (!allowPull) return { absent: `the image ${component.image} is not here` };
  }
  log(`pulling ${component.image}`);
  try {
    await run(docker, ['pull', '--quiet', component.image], { timeout: PULL_TIMEOUT_MS });
    return { found: docker };
  } catch (error) {
    return { absent: `docker pull ${component.image} failed: ${messageOf(error)}` };
  }
}

function onPath(binary: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, binary)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n').slice(-3).join(' ');
}
