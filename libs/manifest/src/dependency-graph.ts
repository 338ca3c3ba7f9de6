/** Which plugin needs which: from the `uses` of what is installed. Pure. */
import { parseCapabilityRef } from '@orchestrator/protocol';
import semver from 'semver';
import { useProblems } from './compatibility/use-fit.js';
import { type Cycles, cyclesOf } from './dependency-cycles.js';
import type { Manifest, UsedCapability } from './manifest.js';

/** One version of a plugin, `name@version`. */
export type VersionId = string;

export interface Need extends Pick<UsedCapability, 'capability' | 'range' | 'optional'> {
  /** The installed versions that are in range and fit, highest first; empty where the need is not met. */
  readonly metBy: readonly VersionId[];
  /** Those in range that do not fit what the plugin declares to send or to rely on. */
  readonly unfit: readonly VersionId[];
}

export interface DependencyNode {
  readonly id: VersionId;
  readonly name: string;
  readonly version: string;
  readonly needs: readonly Need[];
}

/** With the circles of versions that need each other. */
export interface DependencyGraph extends Cycles<VersionId> {
  /** By name, highest version first. */
  readonly nodes: readonly DependencyNode[];
}

/** A need that nothing would meet any more. */
export interface Impact {
  readonly id: VersionId;
  readonly needs: readonly UsedCapability[];
  /** 1 where it needs what was taken away itself, 2 where it needs one that does, and so on. */
  readonly distance: number;
}

export function versionId({ name, version }: Pick<Manifest, 'name' | 'version'>): VersionId {
  return `${name}@${version}`;
}

export function dependencyGraph(manifests: readonly Manifest[]): DependencyGraph {
  const sorted = manifests.toSorted((a, b) =>
    a.name === b.name ? semver.rcompare(a.version, b.version) : a.name < b.name ? -1 : 1,
  );
  const byName = new Map<string, Manifest[]>();
  for (const one of sorted) byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
  const nodes = sorted.map((manifest) => ({
    id: versionId(manifest),
    name: manifest.name,
    version: manifest.version,
    needs: manifest.uses.map((use) => needOf(use, byName)),
  }));
  return {
    nodes,
    ...cyclesOf(new Map(nodes.map(({ id, needs }) => [id, [...new Set(needs.flatMap(({ metBy }) => metBy))]]))),
  };
}

/** What would not work any more without these versions: those that need them, and those that need those. */
export function impactOf(manifests: readonly Manifest[], gone: (manifest: Manifest) => boolean): Impact[] {
  let left = manifests.filter((manifest) => !gone(manifest));
  const impacts: Impact[] = [];
  for (let distance = 1; ; distance++) {
    const broken = left.flatMap((manifest) => {
      const isLost = (use: UsedCapability) => !isMet(use, left) && isMet(use, manifests);
      const needs = manifest.uses.filter((use) => !use.optional && isLost(use));
      return needs.length > 0 ? [{ manifest, needs }] : [];
    });
    if (broken.length === 0) return impacts;
    impacts.push(...broken.map(({ manifest, needs }) => ({ id: versionId(manifest), needs, distance })));
    left = left.filter((manifest) => !broken.some((one) => one.manifest === manifest));
  }
}

function needOf(use: UsedCapability, byName: ReadonlyMap<string, readonly Manifest[]>): Need {
  const { capability, range, optional } = use;
  const there = inRange(use, byName.get(parseCapabilityRef(capability).plugin) ?? []);
  return {
    ...{ capability, range, ...(optional !== undefined && { optional }) },
    metBy: there.filter((one) => fits(use, one)).map(versionId),
    unfit: there.filter((one) => !fits(use, one)).map(versionId),
  };
}

function isMet(use: UsedCapability, manifests: readonly Manifest[]): boolean {
  return inRange(use, manifests).some((one) => fits(use, one));
}

/** Does the capability take what is sent, and give what is relied on, as far as that is declared? */
function fits(use: UsedCapability, { capabilities }: Manifest): boolean {
  const { capability } = parseCapabilityRef(use.capability);
  const found = capabilities.find(({ name }) => name === capability);
  return found !== undefined && useProblems(use, found).length === 0;
}

/** The versions that have the capability and are in range. */
export function inRange({ capability, range }: UsedCapability, manifests: readonly Manifest[]): Manifest[] {
  const ref = parseCapabilityRef(capability);
  return manifests.filter(
    ({ name, version, capabilities }) =>
      name === ref.plugin &&
      capabilities.some((one) => one.name === ref.capability) &&
      semver.satisfies(version, range),
  );
}
