/** Which plugin needs which: from the `uses` of what is installed. Pure. */
import { parseCapabilityRef } from '@orchestrator/protocol';
import semver from 'semver';
import type { Manifest, UsedCapability } from './manifest.js';

/** One version of a plugin, `name@version`. */
export type VersionId = string;

export interface Need extends UsedCapability {
  /** The installed versions that fit, highest first; empty where the need is not met. */
  readonly metBy: readonly VersionId[];
}

export interface DependencyNode {
  readonly id: VersionId;
  readonly name: string;
  readonly version: string;
  readonly needs: readonly Need[];
}

export interface DependencyGraph {
  /** By name, highest version first. */
  readonly nodes: readonly DependencyNode[];
  /** Versions that need each other in a circle: each as a path that ends where it began. */
  readonly cycles: readonly (readonly VersionId[])[];
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
  const nodes = sorted.map((manifest) => ({
    id: versionId(manifest),
    name: manifest.name,
    version: manifest.version,
    needs: manifest.uses.map((use) => ({ ...use, metBy: versionsFor(use, sorted).map(versionId) })),
  }));
  return { nodes, cycles: cyclesOf(nodes) };
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

function isMet(use: UsedCapability, manifests: readonly Manifest[]): boolean {
  return versionsFor(use, manifests).length > 0;
}

function versionsFor({ capability, range }: UsedCapability, manifests: readonly Manifest[]): Manifest[] {
  const ref = parseCapabilityRef(capability);
  return manifests.filter(
    ({ name, version, capabilities }) =>
      name === ref.plugin &&
      capabilities.some((one) => one.name === ref.capability) &&
      semver.satisfies(version, range),
  );
}

/** One circle of each group of versions that all reach each other (Tarjan's strongly connected components). */
function cyclesOf(nodes: readonly DependencyNode[]): VersionId[][] {
  const next = new Map(nodes.map(({ id, needs }) => [id, [...new Set(needs.flatMap(({ metBy }) => metBy))]]));
  return componentsOf(next)
    .map((component) => circleIn(next, component))
    .filter((circle) => circle.length > 0);
}

function componentsOf(next: ReadonlyMap<VersionId, readonly VersionId[]>): VersionId[][] {
  const order = new Map<VersionId, number>();
  const lowest = new Map<VersionId, number>();
  const stack: VersionId[] = [];
  const components: VersionId[][] = [];
  const visit = (id: VersionId): number => {
    const own = order.size;
    order.set(id, own);
    stack.push(id);
    let low = own;
    for (const other of next.get(id) ?? []) {
      if (!order.has(other)) low = Math.min(low, visit(other));
      else if (stack.includes(other)) low = Math.min(low, lowest.get(other) ?? order.get(other) ?? low);
      lowest.set(id, low);
    }
    lowest.set(id, low);
    if (low === own) components.push(stack.splice(stack.indexOf(id)));
    return low;
  };
  for (const id of next.keys()) if (!order.has(id)) visit(id);
  return components;
}

/** The shortest way from one of them back to itself, within the component. */
function circleIn(next: ReadonlyMap<VersionId, readonly VersionId[]>, component: readonly VersionId[]): VersionId[] {
  const [start] = component.toSorted();
  if (start === undefined) return [];
  const cameFrom = new Map<VersionId, VersionId>();
  const queue = [start];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    for (const other of next.get(id) ?? []) {
      if (other === start) return pathTo(id, start, cameFrom);
      if (!component.includes(other) || cameFrom.has(other)) continue;
      cameFrom.set(other, id);
      queue.push(other);
    }
  }
  return [];
}

function pathTo(last: VersionId, start: VersionId, cameFrom: ReadonlyMap<VersionId, VersionId>): VersionId[] {
  const path = [start];
  for (let id: VersionId | undefined = last; id !== undefined && id !== start; id = cameFrom.get(id)) path.push(id);
  return [...path, start].reverse();
}
