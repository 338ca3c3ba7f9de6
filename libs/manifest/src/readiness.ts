/** Is there all that a plugin cannot do without? Pure. */
import { type CapabilityRef, parseCapabilityRef } from '@orchestrator/protocol';
import type { Catalogue, ResolveQuery } from './catalogue.js';
import { declaredUse, placedIn } from './compatibility/use-fit.js';
import type { Manifest, UsedCapability } from './manifest.js';
import type { VersionMisfit } from './unresolved.js';

/** A need, its reference taken apart. */
interface RequiredUse extends CapabilityRef {
  readonly use: UsedCapability;
  /** The same, where it says what is sent or relied on. */
  readonly declared: UsedCapability | undefined;
}

/** A need that is not met. */
export interface MissingNeed extends Pick<UsedCapability, 'capability' | 'range'> {
  /** The versions in range that do not fit what the manifest declares; absent where that is not why. */
  readonly misfits?: readonly VersionMisfit[];
}

/** Taken apart once for each manifest: this is asked with every call. */
const required = new WeakMap<Manifest, readonly RequiredUse[]>();
const NOTHING: readonly MissingNeed[] = [];
/** Versions, and problems of each, that are named: they stand in events and faults. */
const MAX_MISFITS = 3;
const MAX_PROBLEMS = 10;

/**
 * What a plugin needs, by its own account, and no live instance of any version that is in range and fits provides. Its own needs only: two
 * that need each other are both ready once both live.
 */
export function missingNeeds(
  manifest: Manifest,
  catalogue: Pick<Catalogue, 'resolve' | 'misfits'>,
  isLive: ResolveQuery['isLive'],
): readonly MissingNeed[] {
  let missing: MissingNeed[] | undefined;
  for (const { use, declared, plugin, capability } of requiredUses(manifest)) {
    const query = { plugin, capability, range: use.range, use: declared };
    const found = catalogue.resolve({ ...query, isLive });
    if (found.ok && found.live) continue;
    missing ??= [];
    missing.push(missingNeed(manifest, use, catalogue.misfits(query)));
  }
  return missing ?? NOTHING;
}

function missingNeed(manifest: Manifest, use: UsedCapability, misfits: readonly VersionMisfit[]): MissingNeed {
  const { capability, range } = use;
  if (misfits.length === 0) return { capability, range };
  const shown = misfits.slice(0, MAX_MISFITS).map(({ version, problems }) => ({
    version,
    problems: placedIn(manifest, use, problems).slice(0, MAX_PROBLEMS),
  }));
  return { capability, range, misfits: shown };
}

function requiredUses(manifest: Manifest): readonly RequiredUse[] {
  const known = required.get(manifest);
  if (known) return known;
  const uses = manifest.uses.filter((use) => !use.optional);
  const parsed = uses.map((use) => ({
    use,
    declared: declaredUse(manifest, use.capability),
    ...parseCapabilityRef(use.capability),
  }));
  required.set(manifest, parsed);
  return parsed;
}
