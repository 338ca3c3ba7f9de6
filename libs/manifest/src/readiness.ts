/** Is there all that a plugin cannot do without? Pure. */
import { type CapabilityRef, parseCapabilityRef } from '@orchestrator/protocol';
import type { Catalogue, ResolveQuery } from './catalogue.js';
import type { Manifest, UsedCapability } from './manifest.js';

/** A need, its reference taken apart. */
interface RequiredUse extends CapabilityRef {
  readonly use: UsedCapability;
}

/** Taken apart once for each manifest: this is asked with every call. */
const required = new WeakMap<Manifest, readonly RequiredUse[]>();
const NOTHING: readonly UsedCapability[] = [];

/**
 * What a plugin needs, by its own account, and no live instance of any version in range provides. Its own needs only: two
 * that need each other are both ready once both live.
 */
export function missingNeeds(
  manifest: Manifest,
  catalogue: Pick<Catalogue, 'resolve'>,
  isLive: ResolveQuery['isLive'],
): readonly UsedCapability[] {
  let missing: UsedCapability[] | undefined;
  for (const { use, plugin, capability } of requiredUses(manifest)) {
    const found = catalogue.resolve({ plugin, capability, range: use.range, isLive });
    if (found.ok && found.live) continue;
    missing ??= [];
    missing.push(use);
  }
  return missing ?? NOTHING;
}

function requiredUses(manifest: Manifest): readonly RequiredUse[] {
  const known = required.get(manifest);
  if (known) return known;
  const uses = manifest.uses.filter((use) => !use.optional);
  const parsed = uses.map((use) => ({ use, ...parseCapabilityRef(use.capability) }));
  required.set(manifest, parsed);
  return parsed;
}
