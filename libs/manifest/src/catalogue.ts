import { type CapabilityRef, Fault, formatCapabilityRef } from '@orchestrator/protocol';
import semver from 'semver';
import { useProblems } from './compatibility/use-fit.js';
import { type CapabilityManifest, MANIFEST_LIMITS, type Manifest, type UsedCapability } from './manifest.js';
import { nearestCapabilities } from './nearest.js';
import type { Problem } from './problem.js';
import {
  ANY_RELEASE,
  boundMisfits,
  boundToGone,
  boundToOther,
  invalidRange,
  noneFits,
  noneInRange,
  type VersionMisfit,
  type VersionStanding,
} from './unresolved.js';

/** Which capability is asked for, and who is there to run it. */
export interface ResolveQuery extends CapabilityRef {
  /** A semver range. Without one: any version that is not a prerelease. */
  readonly range?: string | undefined;
  readonly isLive: (plugin: string, version: string) => boolean;
  /** Is all there that this live version cannot do without? Asked only where there is a choice. @default always */
  readonly isReady?: (plugin: string, version: string) => boolean;
  /** Does it fail so much at the moment that the call would be refused? Asked only where there is a choice. @default never */
  readonly isFailing?: (plugin: string, version: string) => boolean;
  /** What the caller declares of its use: versions that do not fit it are passed over. @default all fit */
  readonly use?: UsedCapability | undefined;
  /** Versions that go before all others, in this order, as far as they are in range. @default none */
  readonly favoured?: readonly string[] | undefined;
  /** The only version that it may be, if it can run the call at all: the call tree is bound to it. */
  readonly bound?: string | undefined;
}

/** The version that is to run a call. */
export interface Resolved {
  readonly ok: true;
  readonly version: string;
  readonly capability: CapabilityManifest;
  /** False when no version in range has a live instance: then it is the highest one. */
  readonly live: boolean;
}

/** Why no version can run a call: `not-found`, `incompatible-version` or `invalid-argument`. */
export interface Unresolved {
  readonly ok: false;
  readonly fault: Fault;
}

export type Resolution = Resolved | Unresolved;

/** A version with both answers that it can give, made once. */
interface Candidate {
  readonly version: string;
  readonly live: Resolved;
  readonly idle: Resolved;
}

/** What is known of one capability of one plugin, over all its versions. */
interface CapabilityEntry {
  /** All versions that have it, highest first. */
  readonly versions: Candidate[];
  /** What was found for a range that was asked for. */
  readonly byRange: Map<string, RangeAnswer>;
}

/** Versions, highest first and at least one; a range that none is in; or why it is no range. */
type RangeAnswer = readonly Candidate[] | { readonly range: string } | Unresolved;

/** What speaks against a live version; one that waits is refused for certain. */
const WAITING = 2;
const FAILING = 1;
const NO_CANDIDATES: readonly Candidate[] = [];

/** Ranges remembered for a capability, and failures for all: enough for real callers, and a bound on hostile ones. */
const MAX_RANGES = 64;
const MAX_FAILURES = 256;

/** Keeps a map from growing past its bound: the oldest entry makes room. */
function remember<V>(map: Map<string, V>, key: string, value: V, bound: number): V {
  if (map.size >= bound) {
    const { value: oldest } = map.keys().next();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
  return value;
}

/**
 * What is installed, in memory. Resolving what was asked for before costs three map look-ups and a call of `isLive` for
 * each version tried (one, if the highest lives), and allocates nothing: answers are made once, and shared by all who
 * get them. A new range costs one pass of semver over the versions. `set` and `remove` forget only what they concern.
 */
export class Catalogue {
  readonly #manifests = new Map<string, Map<string, Manifest>>();
  readonly #capabilities = new Map<string, Map<string, CapabilityEntry>>();
  readonly #notFound = new Map<string, Unresolved>();
  /** Who uses something of each plugin. */
  readonly #users = new Map<string, Set<Manifest>>();

  /** Installs a manifest that was validated, in place of one with the same name and version. */
  set(manifest: Manifest): void {
    const versions = this.#manifests.get(manifest.name) ?? new Map<string, Manifest>();
    const replaced = versions.get(manifest.version);
    if (replaced) this.#forgetUses(replaced);
    versions.set(manifest.version, manifest);
    this.#manifests.set(manifest.name, versions);
    for (const plugin of usedPlugins(manifest)) {
      this.#users.set(plugin, (this.#users.get(plugin) ?? new Set()).add(manifest));
    }
    this.#changed(manifest.name);
  }

  /** Removes a version of a plugin; unknown ones are ignored. */
  remove(plugin: string, version: string): void {
    const versions = this.#manifests.get(plugin);
    const removed = versions?.get(version);
    if (!versions || !removed) return;
    versions.delete(version);
    this.#forgetUses(removed);
    if (versions.size === 0) this.#manifests.delete(plugin);
    this.#changed(plugin);
  }

  /** The installed versions of a plugin, in no order. */
  versionsOf(plugin: string): readonly Manifest[] {
    return [...(this.#manifests.get(plugin)?.values() ?? [])];
  }

  /** Those whose manifests list a capability of the plugin in their uses, whatever the range. */
  usersOf(plugin: string): readonly Manifest[] {
    return [...(this.#users.get(plugin) ?? [])];
  }

  #forgetUses(manifest: Manifest): void {
    for (const plugin of usedPlugins(manifest)) {
      const users = this.#users.get(plugin);
      users?.delete(manifest);
      if (users?.size === 0) this.#users.delete(plugin);
    }
  }

  /** Is any version of the plugin installed? */
  has(plugin: string): boolean {
    return this.#manifests.has(plugin);
  }

  /** Is there more than one version of it? */
  hasChoice(plugin: string): boolean {
    return (this.#manifests.get(plugin)?.size ?? 0) > 1;
  }

  /** The manifest of a version; where that is not installed, or none is named, of the one that was installed last. */
  manifestOf(plugin: string, version?: string): Manifest | undefined {
    const versions = this.#manifests.get(plugin);
    if (!versions) return undefined;
    return (version === undefined ? undefined : versions.get(version)) ?? [...versions.values()].at(-1);
  }

  /** The manifest of the highest version that is installed. */
  newestOf(plugin: string): Manifest | undefined {
    const versions = [...(this.#manifests.get(plugin)?.values() ?? [])];
    return versions.sort((a, b) => semver.rcompare(a.version, b.version))[0];
  }

  /** Everything installed, by name, highest version first. */
  list(): readonly Manifest[] {
    return [...this.#manifests.values()]
      .flatMap((versions) => [...versions.values()])
      .sort((a, b) => (a.name === b.name ? semver.rcompare(a.version, b.version) : a.name < b.name ? -1 : 1));
  }

  /**
   * Which version is to run a call: of the live ones in range those that are favoured, else all; of these one that is ready,
   * and then one that is not failing; of several such the one that is favoured most, else the highest. Where none lives, the
   * first that would be.
   */
  resolve(query: ResolveQuery): Resolution {
    if (query.bound !== undefined) return this.#resolveBound(query, query.bound);
    const { plugin, capability, range } = query;
    const entry = this.#capabilities.get(plugin)?.get(capability);
    if (!entry) return this.#unknown(plugin, capability);
    const found = this.#inRange(entry, range ?? ANY_RELEASE);
    if ('range' in found)
      return { ok: false, fault: noneInRange(query, found.range, standingOf(entry.versions, query)) };
    if ('ok' in found) return found;
    const fitting = query.use ? found.filter((one) => misfitsOf(one, query.use).length === 0) : found;
    if (fitting.length === 0) {
      return { ok: false, fault: noneFits(query, range ?? ANY_RELEASE, this.misfits(query)) };
    }
    return chosenOf(fitting as [Candidate, ...Candidate[]], query);
  }

  /** The versions in range that do not fit the use, highest first, and why. */
  misfits({ plugin, capability, range, use }: Pick<ResolveQuery, 'range' | 'use'> & CapabilityRef): VersionMisfit[] {
    const entry = this.#capabilities.get(plugin)?.get(capability);
    const found = entry && use && this.#inRange(entry, range ?? ANY_RELEASE);
    if (!found || 'range' in found || 'ok' in found) return [];
    const all = found.map((one) => ({ version: one.version, problems: misfitsOf(one, use) }));
    return all.filter(({ problems }) => problems.length > 0);
  }

  #resolveBound(query: ResolveQuery, bound: string): Resolution {
    const { plugin, capability, range, isLive } = query;
    if (!this.#manifests.get(plugin)?.has(bound)) return { ok: false, fault: boundToGone(plugin, bound) };
    const entry = this.#capabilities.get(plugin)?.get(capability);
    if (!entry) return this.#unknown(plugin, capability);
    const found = this.#inRange(entry, range ?? ANY_RELEASE);
    if ('ok' in found) return found;
    const candidate = entry.versions.find(({ version }) => version === bound);
    if (candidate && 'length' in found && found.includes(candidate)) {
      const problems = misfitsOf(candidate, query.use);
      if (problems.length > 0) return { ok: false, fault: boundMisfits(plugin, { version: bound, problems }) };
      return isLive(plugin, bound) ? candidate.live : candidate.idle;
    }
    const lacks = candidate === undefined ? 'capability' : 'range';
    return { ok: false, fault: boundToOther(query, bound, lacks, standingOf(entry.versions, query)) };
  }

  #inRange(entry: CapabilityEntry, wanted: string): RangeAnswer {
    let found = entry.byRange.get(wanted);
    if (!found) {
      if (wanted.length > MANIFEST_LIMITS.rangeLength) {
        return { ok: false, fault: invalidRange(`${wanted.slice(0, 40)}…`) };
      }
      found = candidatesInRange(entry.versions, wanted);
      remember(entry.byRange, wanted, found, MAX_RANGES);
    }
    return found;
  }

  #changed(plugin: string): void {
    this.#notFound.clear();
    const entries = new Map<string, CapabilityEntry>();
    for (const { version, capabilities } of this.#manifests.get(plugin)?.values() ?? []) {
      for (const capability of capabilities) {
        const entry: CapabilityEntry = entries.get(capability.name) ?? { versions: [], byRange: new Map() };
        const answer = { ok: true, version, capability } as const;
        entry.versions.push({ version, live: { ...answer, live: true }, idle: { ...answer, live: false } });
        entries.set(capability.name, entry);
      }
    }
    for (const { versions } of entries.values()) versions.sort((a, b) => semver.rcompare(a.version, b.version));
    if (entries.size > 0) this.#capabilities.set(plugin, entries);
    else this.#capabilities.delete(plugin);
  }

  #unknown(plugin: string, capability: string): Unresolved {
    const key = formatCapabilityRef({ plugin, capability });
    const known = this.#notFound.get(key);
    if (known) return known;
    const nearest = nearestCapabilities({ plugin, capability }, this.#capabilities);
    const what = this.#manifests.has(plugin)
      ? `The plugin "${plugin}" has no capability "${capability}".`
      : `No plugin "${plugin}" is installed.`;
    const message = nearest.length > 0 ? `${what} Nearest: ${nearest.join(', ')}.` : what;
    const fault = new Fault('not-found', message, { nearest });
    return remember(this.#notFound, key, { ok: false, fault }, MAX_FAILURES);
  }
}

/** Of versions that are all in range. */
function chosenOf(found: readonly [Candidate, ...Candidate[]], query: ResolveQuery): Resolved {
  const { plugin, isLive, favoured } = query;
  const [only] = found;
  if (found.length === 1) return isLive(plugin, only.version) ? only.live : only.idle;
  const first = favoured ? inOrder(found, favoured) : NO_CANDIDATES;
  return leastTroubled(first, query) ?? leastTroubled(found, query) ?? (first[0] ?? only).idle;
}

function misfitsOf({ live }: Candidate, use: UsedCapability | undefined): readonly Problem[] {
  return use ? useProblems(use, live.capability) : [];
}

function usedPlugins({ uses }: Manifest): Set<string> {
  return new Set(uses.map(({ capability }) => capability.split('.')[0] ?? ''));
}

function inOrder(candidates: readonly Candidate[], versions: readonly string[]): readonly Candidate[] {
  return versions.flatMap((version) => candidates.find((candidate) => candidate.version === version) ?? []);
}

/** Undefined where none lives. */
function leastTroubled(
  candidates: readonly Candidate[],
  { plugin, isLive, isReady, isFailing }: ResolveQuery,
): Resolved | undefined {
  let best: Candidate | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const { version } = candidate;
    if (!isLive(plugin, version)) continue;
    const isWaiting = isReady !== undefined && !isReady(plugin, version);
    const trouble = (isWaiting ? WAITING : 0) + (isFailing?.(plugin, version) ? FAILING : 0);
    if (trouble === 0) return candidate.live;
    if (trouble >= least) continue;
    best = candidate;
    least = trouble;
  }
  return best?.live;
}

function standingOf(versions: readonly Candidate[], { plugin, isLive, isReady }: ResolveQuery): VersionStanding[] {
  return versions.map(({ version }) => {
    if (!isLive(plugin, version)) return { version, is: 'gone' };
    return { version, is: isReady === undefined || isReady(plugin, version) ? 'live' : 'waiting' };
  });
}

/** The versions in range, highest first and at least one, or why there is none. */
function candidatesInRange(versions: readonly Candidate[], range: string): RangeAnswer {
  if (semver.validRange(range) === null) return { ok: false, fault: invalidRange(range) };
  const parsed = new semver.Range(range);
  const inRange = versions.filter(({ version }) => parsed.test(version));
  return inRange.length > 0 ? inRange : { range };
}
