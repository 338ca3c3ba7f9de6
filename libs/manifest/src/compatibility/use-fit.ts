/** Does a capability take what a caller says that it sends, and give what it relies on? The rules are in docs/compatibility.md. Pure. */
import type { CapabilityManifest, Manifest, UsedCapability } from '../manifest.js';
import { boundProblems, type Problem, pointerTo } from '../problem.js';
import { locate } from './located-schema.js';
import { type Budget, inclusionGaps } from './schema-inclusion.js';

/** Steps that one use and one capability may take to be compared: what is left then is not known to fit. */
const USE_STEPS = 20_000;
const FITS: readonly Problem[] = [];

/** Compared once for each pair: a call asks for it. */
const compared = new WeakMap<UsedCapability, WeakMap<CapabilityManifest, readonly Problem[]>>();
/** The uses of a manifest that say what is sent or relied on, by capability. */
const declared = new WeakMap<Manifest, ReadonlyMap<string, UsedCapability>>();

/** What a manifest says of how it uses a capability; undefined where it says nothing but a range. */
export function declaredUse(manifest: Manifest, capability: string): UsedCapability | undefined {
  let known = declared.get(manifest);
  if (!known) {
    const uses = manifest.uses.filter(({ input, output }) => input !== undefined || output !== undefined);
    known = new Map(uses.map((use) => [use.capability, use]));
    declared.set(manifest, known);
  }
  return known.get(capability);
}

/** Where a capability does not fit a use of it, by pointers within that use; empty where it fits, or the use says nothing. */
export function useProblems(use: UsedCapability, capability: CapabilityManifest): readonly Problem[] {
  if (use.input === undefined && use.output === undefined) return FITS;
  const known = compared.get(use) ?? new WeakMap<CapabilityManifest, readonly Problem[]>();
  compared.set(use, known);
  const problems = known.get(capability) ?? compare(use, capability);
  known.set(capability, problems);
  return problems;
}

function compare(use: UsedCapability, capability: CapabilityManifest): readonly Problem[] {
  const budget: Budget = { steps: USE_STEPS };
  const problems: Problem[] = [];
  if (use.input !== undefined) {
    const gaps = inclusionGaps(locate(capability.input, '/input'), locate(use.input, '/input'), {}, budget);
    for (const { wider, narrower, message } of gaps) {
      problems.push({ pointer: narrower, message: `input-refused: ${wider} of the capability ${message}` });
    }
  }
  if (use.output !== undefined) {
    const reading = { ignoreUnknownMembers: true };
    const gaps = inclusionGaps(locate(use.output, '/output'), locate(capability.output, '/output'), reading, budget);
    for (const { wider, narrower, message } of gaps) {
      problems.push({ pointer: wider, message: `output-unfit: ${message}, by ${narrower} of the capability` });
    }
  }
  // A schema that is referred to twice has its gaps twice.
  const once = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return boundProblems([...once.values()]);
}

/** The same, with pointers into the manifest of the caller. */
export function placedIn(manifest: Manifest, use: UsedCapability, problems: readonly Problem[]): Problem[] {
  const at = pointerTo(pointerTo('', 'uses'), manifest.uses.indexOf(use));
  return problems.map(({ pointer, message }) => ({ pointer: at + pointer, message }));
}
