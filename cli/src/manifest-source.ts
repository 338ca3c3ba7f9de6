/** Where a manifest comes from: a file, what is installed, or a plugin's own code. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readPlugins } from '@orchestrator/bus';
import type { Manifest } from '@orchestrator/manifest';
import { type ManifestText, readManifestText } from '@orchestrator/manifest/file';
import { Fault, type InstalledPlugin } from '@orchestrator/protocol';
import { UsageError } from './failure.js';
import { isFile, readText } from './input.js';
import { oneLine } from './one-line.js';
import { type SessionOptions, withSession } from './session.js';
import { type Colours, coloursFor } from './terminal.js';

const START_MS = 30_000;

export function readManifestFile(file: string): ManifestText {
  return readManifestText(readText(file), file.endsWith('.json'));
}

/** @param source a file, or a plugin's name with or without version @throws UsageError for a bad file, Fault `not-found` */
export async function manifestFrom(options: SessionOptions, source: string): Promise<Manifest> {
  if (/^[a-z0-9-]+(@.*)?$/.test(source) && !isFile(source)) return installedManifest(options, source);
  const { manifest, problems = [] } = readManifestFile(source);
  if (manifest) return manifest;
  throw new UsageError(`${source} is no good manifest.\n${problemLines(source, problems, coloursFor(process.stderr))}`);
}

/** Of a version, or of the highest where none is named. @throws Fault `not-found` */
export async function installedManifest(options: SessionOptions, source: string): Promise<Manifest> {
  const [name, version] = source.split('@');
  const all = await installedManifests(options);
  const [found] = all.filter((one) => one.name === name && (version ?? one.version) === one.version);
  if (found) return found;
  const there = all.map((one) => `${one.name}@${one.version}`).join(', ') || 'none';
  throw new Fault('not-found', `${source} is no file and not installed. Installed are: ${there}.`);
}

/** Everything that the registry knows, by name, highest version first. @throws Fault `unavailable` */
export async function installedManifests(options: SessionOptions): Promise<Manifest[]> {
  const plugins = await withSession(options, ({ client }) => readPlugins<InstalledPlugin & Manifest>(client.requester));
  return plugins.map(
    ({ instances: _instances, lastSeenMs: _lastSeenMs, waitingFor: _waitingFor, ...manifest }) => manifest,
  );
}

/** Every SDK plugin prints its manifest instead of running when it is told to. @throws UsageError */
export async function manifestOfCode(entry: string): Promise<unknown> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [entry, '--manifest'], { timeout: START_MS });
    return JSON.parse(stdout);
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? '').trim();
    throw new UsageError(`${entry} prints no manifest when it is run with --manifest.${said && `\n${said}`}`);
  }
}

/** One line each: `file:line:column /pointer  what was expected`. */
export function problemLines(file: string, problems: NonNullable<ManifestText['problems']>, colours: Colours): string {
  const lines = problems.map(({ line, column, pointer, message }) => {
    const at = pointer === '' ? '' : ` ${pointer}`;
    return `${file}:${line}:${column}${colours.dim(at)}  ${oneLine(message)}`;
  });
  return lines.join('\n');
}
