/** What the commands about manifests do. */
import { brokenPromises, type Change, compareManifests, type Manifest } from '@orchestrator/manifest';
import { EXIT, UsageError } from './failure.js';
import { isFile } from './input.js';
import { checkInstalled, renderCheck } from './installed-check.js';
import { installedManifest, manifestFrom, manifestOfCode, problemLines, readManifestFile } from './manifest-source.js';
import { oneLine } from './one-line.js';
import type { SessionOptions } from './session.js';
import { type Colours, coloursFor, print, printJson } from './terminal.js';

interface JsonOption {
  readonly json?: boolean;
}

export async function printManifest(options: SessionOptions, plugin: string): Promise<void> {
  printJson(isFile(plugin) ? await manifestOfCode(plugin) : await installedManifest(options, plugin));
}

export async function validateManifestFile(
  options: SessionOptions,
  file: string,
  { json, installed }: JsonOption & { readonly installed?: boolean },
): Promise<void> {
  const { manifest, problems = [] } = readManifestFile(file);
  const checked = manifest && installed ? await checkInstalled(options, manifest) : undefined;
  if (problems.length > 0 || (checked && checked.refused.length > 0)) process.exitCode = EXIT.fault;
  const colours = coloursFor(process.stdout);
  if (json) printJson({ file, problems, ...(manifest && { asks: manifest.grants ?? [] }), ...checked });
  else if (!manifest) print(problemLines(file, problems, colours));
  else {
    const verdict = checked && checked.refused.length > 0 ? 'It would be refused.' : 'It is good.';
    const details = checked ? renderCheck(checked, colours) : asked(manifest);
    print([`${file}: ${summary(manifest)} ${verdict}`, ...details].join('\n'));
  }
}

function asked({ grants = [] }: Manifest): string[] {
  return grants.length > 0 ? [`It asks the operator to grant it ${grants.join(', ')}.`] : [];
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
  const broken = brokenBy(before, after, changes);
  const allowed = broken.length === 0;
  if (!allowed) process.exitCode = EXIT.fault;
  if (json) printJson({ older: before.version, newer: after.version, allowed, changes });
  else print(renderDiff(before, after, changes, broken, coloursFor(process.stdout)));
}

/** What may not be published beside the other: the same version may not differ at all in what it promises. */
function brokenBy(before: Manifest, after: Manifest, changes: readonly Change[]): readonly Change[] {
  if (before.version === after.version) return changes.filter((change) => change.breaking);
  return brokenPromises(before, after)?.changes ?? [];
}

function summary({ name, version, capabilities, uses }: Manifest): string {
  return `${name} ${version}, with ${capabilities.length} capabilities, uses ${uses.length}.`;
}

function renderDiff(
  before: Manifest,
  after: Manifest,
  changes: readonly Change[],
  broken: readonly Change[],
  colours: Colours,
): string {
  const lines = changes.map(({ breaking, rule, pointer, message }) => {
    const mark = breaking ? colours.red('✗ breaks ') : colours.green('✓ changes');
    return `${mark} ${rule} ${colours.dim(pointer)}  ${oneLine(message)}`;
  });
  const count = broken.length;
  const verdict =
    count === 0
      ? `${after.name} ${after.version} may follow ${before.version}.`
      : `${after.name} ${after.version} may not follow ${before.version}: it breaks callers in ${count} ${count === 1 ? 'place' : 'places'}. See docs/compatibility.md.`;
  return [...lines, verdict].join('\n');
}
