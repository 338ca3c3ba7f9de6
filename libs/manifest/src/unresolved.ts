/** Why no version of a capability that is there can run a call, in words. */
import { type CapabilityRef, Fault, formatCapabilityRef } from '@orchestrator/protocol';
import type { Problem } from './problem.js';

/** The range of whoever names none. */
export const ANY_RELEASE = '*';

/** A version that is installed, and what of it is there. */
export interface VersionStanding {
  readonly version: string;
  /** `waiting`: an instance lives, and something that it cannot do without does not. */
  readonly is: 'live' | 'waiting' | 'gone';
}

export function invalidRange(range: string): Fault {
  return new Fault('invalid-argument', `"${range}" is not a semver range. Write one like ^1.0.0, 1.x or >=1.2.0 <3.`);
}

/** A version that does not fit what its caller declares, and where. */
export interface VersionMisfit {
  readonly version: string;
  /** By pointers into the manifest of the caller. */
  readonly problems: readonly Problem[];
}

/** `incompatible-version`: the version that a call tree is bound to is not what the manifest of the caller says that it needs. */
export function boundMisfits(plugin: string, { version, problems }: VersionMisfit): Fault {
  const message = `The call tree is bound to ${plugin} ${version}, which does not fit what the caller declares in uses.`;
  return new Fault('incompatible-version', message, { bound: version, available: [version], problems });
}

/** `incompatible-version`: the versions in range are not what the manifest of the caller says that it needs. */
export function noneFits(ref: CapabilityRef, range: string, misfits: readonly VersionMisfit[]): Fault {
  const versions = misfits.map(({ version }) => version).join(', ');
  const what = formatCapabilityRef(ref);
  const message = `No version of ${what} in the range "${range}" fits what its caller declares in uses. In range: ${versions}.`;
  return new Fault('incompatible-version', message, {
    available: misfits.map(({ version }) => version),
    problems: misfits.flatMap(({ problems }) => problems),
  });
}

/** `incompatible-version`, naming what is there instead: highest version first. */
export function noneInRange(ref: CapabilityRef, range: string, versions: readonly VersionStanding[]): Fault {
  const what =
    range === ANY_RELEASE
      ? `Only prereleases of ${formatCapabilityRef(ref)} are installed, and they are used only when a range names them.`
      : `No version of ${formatCapabilityRef(ref)} is in the range "${range}".`;
  return incompatible(what, versions);
}

/** `unavailable`: the version that a call tree is bound to is not there any more. It may come back. */
export function boundToGone(plugin: string, bound: string): Fault {
  const message = `The call tree is bound to ${plugin} ${bound}, which is not installed any more.`;
  return new Fault('unavailable', message, { plugin, version: bound, bound });
}

/** `incompatible-version`: the version that a call tree is bound to is not one that this call can use. */
export function boundToOther(
  ref: CapabilityRef & { readonly range?: string | undefined },
  bound: string,
  lacks: 'capability' | 'range',
  versions: readonly VersionStanding[],
): Fault {
  const why =
    lacks === 'capability'
      ? `which has no capability "${ref.capability}"`
      : `which is not in the range "${ref.range ?? ANY_RELEASE}" of this call`;
  return incompatible(`The call tree is bound to ${ref.plugin} ${bound}, ${why}.`, versions, { bound });
}

function incompatible(what: string, versions: readonly VersionStanding[], details = {}): Fault {
  const listed = versions.map(({ version, is }) => (is === 'live' ? version : `${version} (${is})`));
  const named = (wanted: VersionStanding['is']) => versions.filter(({ is }) => is === wanted).map((one) => one.version);
  return new Fault('incompatible-version', `${what} Available: ${listed.join(', ')}.`, {
    ...details,
    available: versions.map(({ version }) => version),
    live: named('live'),
    waiting: named('waiting'),
  });
}
