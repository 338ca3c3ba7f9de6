/** What the commands about manifests do. */
import { type Change, compareManifests, type Manifest, mustBeCompatible } from '@orchestrator/manifest';
import { EXIT, UsageError } from './failure.js';
import { isFile } from './input.js';
import { installedManifest, manifestFrom, manifestOfCode, problemLines, readManifestFile } from './manifest-source.js';
import { oneLine } from './one-line.js';
import type { withSession } from './session.js';
import { type Colours, coloursFor, print, printJson } from './terminal.js';

type SessionOptions = Parameters<typeof withSession>[0];

interface JsonOption {
  readonly json?: boolean;
}

export async function printManifest(options: SessionOptions, plugin: string): Promise<void> {
  printJson(isFile(plugin) ? await manifestOfCode(plugin) : await installedManifest(options, plugin));
}

export function validateManifestFile(file: string, { json }: JsonOption): void {
  const { manifest, problems = [] } = readManifestFile(file);
  if (problems.length > 0) process.exitCode = EXIT.fault;
  if (json) printJson({ file, problems });
  else if (manifest) print(`${file}: ${summary(manifest)}`);
  else print(problemLines(file, problems, coloursFor(process.stdout)));
}

export async function diffManifests(
  options: SessionOptions,
  older: string,
  newer: string,
  { json }: JsonOption,
): Promise<void> {
  const [before, after] = [await manifestFrom(options, older), await manifestFrom(options, newer)];
  if (before.name !== after.name) throw new UsageError(`These are two plugins: ${before.name} and ${after.name}.`);
  const changes = compareManifests(before, after);
  const allowed = isAllowed(before, after, changes);
  if (!allowed) process.exitCode = EXIT.fault;
  if (json) printJson({ older: before.version, newer: after.version, allowed, changes });
  else print(renderDiff(before, after, changes, allowed, coloursFor(process.stdout)));
}

/** Does the one have to keep what the other promised? The same version has, too: it is what would be published again. */
function mustStand(before: Manifest, after: Manifest): boolean {
  return before.version === after.version || mustBeCompatible(before.version, after.version);
}

/** The later of the two versions has to keep what the earlier one promises, whichever is published first. */
function isAllowed(before: Manifest, after: Manifest, changes: readonly Change[]): boolean {
  const isBroken = (all: readonly Change[]) => all.some((change) => change.breaking);
  if (mustStand(before, after)) return !isBroken(changes);
  return !mustBeCompatible(after.version, before.version) || !isBroken(compareManifests(after, before));
}

function summary({ name, version, capabilities, uses }: Manifest): string {
  return `${name} ${version}, with ${capabilities.length} capabilities, uses ${uses.length}. It is good.`;
}

function renderDiff(
  before: Manifest,
  after: Manifest,
  changes: readonly Change[],
  allowed: boolean,
  colours: Colours,
): string {
  const lines = changes.map(({ breaking, rule, pointer, message }) => {
    const mark = breaking ? colours.red('✗ breaks ') : colours.green('✓ changes');
    return `${mark} ${rule} ${colours.dim(pointer)}  ${oneLine(message)}`;
  });
  const count = changes.filter((change) => change.breaking).length;
  const verdict = allowed
    ? `${after.name} ${after.version} may follow ${before.version}.`
    : `${after.name} ${after.version} may not follow ${before.version}: it breaks callers in ${count} ${count === 1 ? 'place' : 'places'}. See docs/compatibility.md.`;
  return [...lines, verdict].join('\n');
}
