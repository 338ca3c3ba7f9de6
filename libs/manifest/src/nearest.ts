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

/** Plugins whose capabilities are looked through: whoever asks for nonsense must not keep everybody waiting. */
const MAX_PLUGINS = 20;

/**
 * Up to three installed capabilities that may have been meant: of a plugin with that or a like name, or the very
 * capability elsewhere. Where the plugin itself is right, only a like capability counts.
 * @param installed the capabilities of each plugin, by name
 */
export function nearestCapabilities(
  asked: CapabilityRef,
  installed: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): readonly string[] {
  const close: Scored[] = [];
  for (const { plugin, pluginEdits, capabilities } of nearestPlugins(asked, installed)) {
    for (const capability of capabilities.keys()) {
      const capabilityEdits = distance(asked.capability, capability);
      const isNear =
        capabilityEdits === 0 ||
        (pluginEdits === 0 ? isClose(capabilityEdits, asked.capability) : isClose(pluginEdits, asked.plugin));
      if (isNear) close.push({ plugin, capability, pluginEdits, capabilityEdits });
    }
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

function nearestPlugins(
  { plugin: asked, capability }: CapabilityRef,
  installed: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
) {
  const near: { plugin: string; pluginEdits: number; capabilities: ReadonlyMap<string, unknown> }[] = [];
  for (const [plugin, capabilities] of installed) {
    const pluginEdits = distance(asked, plugin);
    if (isClose(pluginEdits, asked) || capabilities.has(capability)) near.push({ plugin, pluginEdits, capabilities });
  }
  return near.sort((a, b) => a.pluginEdits - b.pluginEdits).slice(0, MAX_PLUGINS);
}
