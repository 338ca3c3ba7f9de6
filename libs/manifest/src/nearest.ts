import { type CapabilityRef, formatCapabilityRef } from '@orchestrator/protocol';
import { distance } from 'fastest-levenshtein';

const MAX_NEAREST = 3;

/** Is a name so near to the asked one that it may have been meant? A third of its letters may differ. */
function isClose(edits: number, asked: string): boolean {
  return edits <= Math.max(1, Math.floor(asked.length / 3));
}

interface Scored extends CapabilityRef {
  readonly pluginEdits: number;
  readonly capabilityEdits: number;
}

/**
 * Up to three installed capabilities that may have been meant: of a plugin with that or a like name, or the very
 * capability elsewhere. Where the plugin itself is right, only a like capability counts.
 */
export function nearestCapabilities(asked: CapabilityRef, installed: Iterable<CapabilityRef>): readonly string[] {
  const close: Scored[] = [];
  for (const { plugin, capability } of installed) {
    const pluginEdits = distance(asked.plugin, plugin);
    const capabilityEdits = distance(asked.capability, capability);
    const isNear =
      capabilityEdits === 0 ||
      (pluginEdits === 0 ? isClose(capabilityEdits, asked.capability) : isClose(pluginEdits, asked.plugin));
    if (isNear) close.push({ plugin, capability, pluginEdits, capabilityEdits });
  }
  return close
    .sort(
      (a, b) =>
        a.pluginEdits + a.capabilityEdits - (b.pluginEdits + b.capabilityEdits) ||
        formatCapabilityRef(a).localeCompare(formatCapabilityRef(b)),
    )
    .slice(0, MAX_NEAREST)
    .map(formatCapabilityRef);
}
