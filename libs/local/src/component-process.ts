/**
 * Starts a located component: the binary itself, or its image under `docker run` in the foreground, so that either way
 * there is one process here whose output, end and signals stand for the server's.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Located } from './locate.js';
import { type ProcessOptions, type RunningProcess, startProcess } from './processes.js';
import type { Component } from './versions.js';

const run = promisify(execFile);

/** What differs between a binary on this machine and a container of the same server. */
export interface ComponentStart extends Omit<ProcessOptions, 'name' | 'command' | 'args'> {
  readonly binaryArgs: readonly string[];
  readonly container: ContainerSpec;
}

export interface ContainerSpec {
  readonly args: readonly string[];
  /** Port on 127.0.0.1 to port in the container; `host` where they are the machine's own. */
  readonly ports: 'host' | readonly (readonly [number, number])[];
  /** Path here to path in the container. */
  readonly mounts: readonly (readonly [string, string])[];
}

export async function startComponent(
  component: Component,
  located: Exclude<Located, { kind: 'address' }>,
  start: ComponentStart,
): Promise<RunningProcess> {
  const { binaryArgs, container, ...options } = start;
  if (located.kind === 'binary') {
    return startProcess({ ...options, name: component.name, command: located.path, args: binaryArgs });
  }
  const name = `orchestrator-${component.name}-${randomBytes(4).toString('hex')}`;
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const args = dockerRunArgs(name, component.image, user, container);
  const client = await startProcess({ ...options, name: component.name, command: located.docker, args });
  const docker = (...words: string[]) => run(located.docker, words).catch(() => {}); // the container is gone already
  return {
    ...client,
    kill: (signal) => void docker('kill', '--signal', signal, name),
    stop: async () => {
      const exit = await client.stop();
      await docker('rm', '--force', name);
      return exit;
    },
  };
}

/** The arguments of `docker run`: published on 127.0.0.1 only, files written as the user who starts it. */
export function dockerRunArgs(name: string, image: string, user: string, spec: ContainerSpec): string[] {
  return [
    ...['run', '--rm', '--name', name, '--user', user],
    ...(spec.ports === 'host'
      ? ['--network', 'host']
      : spec.ports.flatMap(([here, inside]) => ['--publish', `127.0.0.1:${here}:${inside}`])),
    ...spec.mounts.flatMap(([here, inside]) => ['--volume', `${here}:${inside}`]),
    image,
    ...spec.args,
  ];
}
