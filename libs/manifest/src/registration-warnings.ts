/** What the author of a manifest should hear, though it may be installed. Pure. */
import { parseCapabilityRef } from '@orchestrator/protocol';
import { placedIn, useProblems } from './compatibility/use-fit.js';
import { cyclesThrough } from './dependency-cycles.js';
import { inRange, type VersionId, versionId } from './dependency-graph.js';
import type { Manifest, UsedCapability } from './manifest.js';
import { boundProblems, type Problem, pointerTo } from './problem.js';

/** Versions that are looked at to find a circle. */
const MAX_STEPS = 20_000;

/**
 * Where it does not fit what it uses, where those who use it say that they need something else, and which circles it closes.
 * @param others what is installed besides; versions of the same plugin among them
 * @returns by pointers into the manifest; into that of a caller where its name stands before
 */
export function registrationWarnings(manifest: Manifest, others: readonly Manifest[]): readonly Problem[] {
  const all = new Map(others.map((one) => [versionId(one), one]));
  all.set(versionId(manifest), manifest);
  const byName = new Map<string, Manifest[]>();
  for (const one of all.values()) byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
  return boundProblems([
    ...unfitUses(manifest, byName),
    ...unfitCallers(manifest, [...all.values()]),
    ...circles(manifest, all, byName),
  ]);
}

/** Among all that is there by name. */
function usable(use: UsedCapability, byName: ReadonlyMap<string, readonly Manifest[]>): Manifest[] {
  return inRange(use, byName.get(parseCapabilityRef(use.capability).plugin) ?? []);
}

function fitting(use: UsedCapability, byName: ReadonlyMap<string, readonly Manifest[]>): VersionId[] {
  return usable(use, byName)
    .filter((one) => problemsWith(use, one).length === 0)
    .map(versionId);
}

function problemsWith(use: UsedCapability, { capabilities }: Manifest): readonly Problem[] {
  const found = capabilities.find(({ name }) => use.capability.endsWith(`.${name}`));
  return found ? useProblems(use, found) : [];
}

function* unfitUses(manifest: Manifest, byName: ReadonlyMap<string, readonly Manifest[]>): Generator<Problem> {
  for (const use of manifest.uses) {
    for (const callee of usable(use, byName)) {
      for (const { pointer, message } of placedIn(manifest, use, problemsWith(use, callee))) {
        yield { pointer, message: `${versionId(callee)} does not fit: ${message}` };
      }
    }
  }
}

function* unfitCallers(callee: Manifest, all: readonly Manifest[]): Generator<Problem> {
  for (const caller of all) {
    if (caller === callee) continue;
    for (const use of caller.uses.filter(({ capability }) => capability.startsWith(`${callee.name}.`))) {
      if (inRange(use, [callee]).length === 0) continue;
      for (const { pointer, message } of placedIn(caller, use, problemsWith(use, callee))) {
        yield { pointer: '', message: `does not fit ${versionId(caller)} at ${pointer}: ${message}` };
      }
    }
  }
}

function* circles(
  manifest: Manifest,
  all: ReadonlyMap<string, Manifest>,
  byName: ReadonlyMap<string, readonly Manifest[]>,
): Generator<Problem> {
  const next = (id: string) => (all.get(id)?.uses ?? []).flatMap((use) => fitting(use, byName));
  for (const cycle of cyclesThrough(versionId(manifest), { get: next }, undefined, { steps: MAX_STEPS })) {
    const after = cycle[cycle.indexOf(versionId(manifest)) + 1];
    const index = manifest.uses.findIndex((use) => fitting(use, byName).some((id) => id === after));
    const pointer = index < 0 ? '' : pointerTo(pointerTo('', 'uses'), index);
    yield { pointer, message: `these need each other in a circle: ${cycle.join(' → ')}` };
  }
}
