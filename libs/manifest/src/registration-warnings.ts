/** What the author of a manifest should hear, though it may be installed. Pure. */
import { parseCapabilityRef } from '@orchestrator/protocol';
import type { Catalogue } from './catalogue.js';
import { placedIn, useProblems } from './compatibility/use-fit.js';
import { cyclesThrough } from './dependency-cycles.js';
import { inRange, type VersionId, versionId } from './dependency-graph.js';
import type { Manifest, UsedCapability } from './manifest.js';
import { boundProblems, type Problem, pointerTo } from './problem.js';

/** Needs that are followed to find a circle: it is looked for whenever something is installed. */
const MAX_STEPS = 2_000;

type Installed = Pick<Catalogue, 'versionsOf' | 'usersOf'>;

/**
 * Where it does not fit what it uses, where those who use it say that they need something else, and which circles it closes,
 * as far as they are found quickly.
 * @param manifest one that is installed
 * @returns by pointers into the manifest; into that of a caller where its name stands before
 */
export function registrationWarnings(manifest: Manifest, installed: Installed): readonly Problem[] {
  return boundProblems([
    ...unfitUses(manifest, installed),
    ...unfitCallers(manifest, installed.usersOf(manifest.name)),
    ...circles(manifest, installed),
  ]);
}

function usable(use: UsedCapability, installed: Installed): Manifest[] {
  return inRange(use, installed.versionsOf(parseCapabilityRef(use.capability).plugin));
}

function fitting(use: UsedCapability, installed: Installed): Manifest[] {
  return usable(use, installed).filter((one) => problemsWith(use, one).length === 0);
}

function problemsWith(use: UsedCapability, { capabilities }: Manifest): readonly Problem[] {
  const found = capabilities.find(({ name }) => use.capability.endsWith(`.${name}`));
  return found ? useProblems(use, found) : [];
}

function* unfitUses(manifest: Manifest, installed: Installed): Generator<Problem> {
  for (const use of manifest.uses) {
    for (const callee of usable(use, installed)) {
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

function* circles(manifest: Manifest, installed: Installed): Generator<Problem> {
  const seen = new Map([[versionId(manifest), manifest]]);
  const get = (id: VersionId) => {
    const needs = (seen.get(id)?.uses ?? []).flatMap((use) => fitting(use, installed));
    for (const one of needs) seen.set(versionId(one), one);
    return needs.map(versionId);
  };
  for (const cycle of cyclesThrough(versionId(manifest), { get }, undefined, { steps: MAX_STEPS })) {
    const after = cycle[cycle.indexOf(versionId(manifest)) + 1];
    const leads = (use: UsedCapability) => fitting(use, installed).some((one) => versionId(one) === after);
    const index = manifest.uses.findIndex(leads);
    const pointer = index < 0 ? '' : pointerTo(pointerTo('', 'uses'), index);
    yield { pointer, message: `these need each other in a circle: ${cycle.join(' → ')}` };
  }
}
