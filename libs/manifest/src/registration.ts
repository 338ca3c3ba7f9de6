/** May a manifest be installed beside those that are there? Pure. */
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '@orchestrator/protocol';
import { type Change, compareManifests, mustBeCompatible } from './compatibility/compare-manifests.js';
import type { Manifest } from './manifest.js';
import { boundProblems, type Problem } from './problem.js';

/** A version that is installed, and whether an instance of it lives. */
export interface InstalledVersion {
  readonly manifest: Manifest;
  readonly isLive: boolean;
}

/**
 * Undefined where it may. A version that lives cannot become another one; and what a caller gets that accepts a version must
 * do what that version promised, whichever of the two was there first.
 * @param installed the versions of the same plugin
 */
export function refusalOf(manifest: Manifest, installed: readonly InstalledVersion[]): Fault | undefined {
  const { name, version } = manifest;
  // What is installed was compared when it came.
  if (installed.some(({ manifest: known }) => isDeepStrictEqual(known, manifest))) return undefined;
  const others = installed.filter(({ manifest: known }) => known.version !== version);
  const broken = others.flatMap(({ manifest: known }) => brokenPromises(known, manifest) ?? []);
  const isTaken = installed.some(({ manifest: known, isLive }) => known.version === version && isLive);
  if (!isTaken) return broken[0] && breakingFault(broken[0], broken);
  const message = otherManifest(name, version);
  const problems = [{ pointer: '/version', message }, ...broken.flatMap(problemsOf)];
  return new Fault('invalid-argument', message, { plugin: name, version, problems: boundProblems(problems) });
}

function otherManifest(name: string, version: string): string {
  return `An instance of ${name} ${version} runs with another manifest. Give what has changed a version of its own, or stop that one first.`;
}

/** What one version does not keep of what another promises. */
export interface BrokenPromises {
  readonly older: Manifest;
  readonly newer: Manifest;
  /** The breaking ones; never empty. */
  readonly changes: readonly [Change, ...Change[]];
}

/** What the later of two versions has to keep of the earlier one and does not, whichever came first; undefined where nothing. */
export function brokenPromises(one: Manifest, other: Manifest): BrokenPromises | undefined {
  const [older, newer] = mustBeCompatible(one.version, other.version) ? [one, other] : [other, one];
  if (!mustBeCompatible(older.version, newer.version)) return undefined;
  const [first, ...rest] = compareManifests(older, newer).filter((change) => change.breaking);
  return first && { older, newer, changes: [first, ...rest] };
}

function breakingFault({ older, newer, changes }: BrokenPromises, all: readonly BrokenPromises[]): Fault {
  const [first] = changes;
  const problems = all.flatMap(problemsOf);
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : '';
  const message = `${newer.name} ${newer.version} breaks callers of ${older.version}: ${first.rule} at ${first.pointer}: ${first.message}${more}. Raise the ${majorOf(older.version)}, or keep what was promised.`;
  const versions = { older: older.version, newer: newer.version };
  return new Fault('incompatible-version', message, { ...versions, problems: boundProblems(problems) });
}

/** Each says which promise it breaks: there may be several versions. */
function problemsOf({ older, newer, changes }: BrokenPromises): Problem[] {
  const between = `${newer.version} does not keep what ${older.version} promises`;
  return changes.map(({ rule, pointer, message }) => ({ pointer, message: `${rule}: ${message} (${between})` }));
}

/** The part of a version that says that it breaks something. */
function majorOf(version: string): string {
  if (!version.startsWith('0.')) return 'major version';
  return version.startsWith('0.0.') ? 'patch version' : 'minor version';
}
