/** May a manifest be installed beside those that are there? Pure. */
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '@orchestrator/protocol';
import { compareManifests, mustBeCompatible } from './compatibility/compare-manifests.js';
import type { Manifest } from './manifest.js';
import { boundProblems } from './problem.js';

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
  for (const { manifest: known, isLive } of installed) {
    if (known.version === version) {
      const isOther = !isDeepStrictEqual(known, manifest);
      if (isOther && isLive)
        return new Fault('invalid-argument', otherManifest(name, version), { plugin: name, version });
    } else {
      const fault = mustBeCompatible(known.version, version)
        ? breakingFault(known, manifest)
        : mustBeCompatible(version, known.version) && breakingFault(manifest, known);
      if (fault) return fault;
    }
  }
  return undefined;
}

function otherManifest(name: string, version: string): string {
  return `An instance of ${name} ${version} runs with another manifest. Give what has changed a version of its own, or stop that one first.`;
}

function breakingFault(older: Manifest, newer: Manifest): Fault | undefined {
  const changes = compareManifests(older, newer).filter((change) => change.breaking);
  const [first] = changes;
  if (!first) return undefined;
  const more = changes.length > 1 ? `, and ${changes.length - 1} more` : '';
  const message = `${newer.name} ${newer.version} breaks callers of ${older.version}: ${first.rule} at ${first.pointer}: ${first.message}${more}. Raise the ${majorOf(older.version)}, or keep what was promised.`;
  const problems = changes.map(({ rule, pointer, message: what }) => ({ pointer, message: `${rule}: ${what}` }));
  return new Fault('incompatible-version', message, {
    older: older.version,
    newer: newer.version,
    problems: boundProblems(problems),
  });
}

/** The part of a version that says that it breaks something. */
function majorOf(version: string): string {
  if (!version.startsWith('0.')) return 'major version';
  return version.startsWith('0.0.') ? 'patch version' : 'minor version';
}
