/** What the running system would say of a manifest: beside what is installed, and to what it asks to be granted. */
import { ask, readPlugins } from '@orchestrator/bus';
import { Catalogue, type Manifest, type Problem, refusalOf, registrationWarnings } from '@orchestrator/manifest';
import type { InstalledPlugin, PluginGrants, PluginGrantsList } from '@orchestrator/protocol';
import { oneLine } from './one-line.js';
import { type SessionOptions, withSession } from './session.js';
import type { Colours } from './terminal.js';

export interface InstalledCheck {
  /** Why the registry would refuse it; empty where it would not. */
  readonly refused: readonly Problem[];
  /** What speaks against it besides. */
  readonly warnings: readonly Problem[];
  readonly grants: Pick<PluginGrants, 'granted' | 'missing'>;
}

/** @throws Fault `unavailable` where registry or choreographer is not there */
export async function checkInstalled(options: SessionOptions, manifest: Manifest): Promise<InstalledCheck> {
  return withSession(options, async ({ client: { requester } }) => {
    const installed = await readPlugins<InstalledPlugin & Manifest>(requester);
    const same = installed
      .filter(({ name }) => name === manifest.name)
      .map((one) => ({ manifest: one, isLive: false }));
    const refusal = refusalOf(manifest, same);
    const catalogue = new Catalogue();
    for (const one of [...installed, manifest]) catalogue.set(one);
    const question = { plugin: manifest.name, asks: manifest.grants ?? [] };
    const { plugins } = await ask<PluginGrantsList>(requester, 'choreographer', 'grants', question);
    return {
      refused: (refusal?.details?.problems as readonly Problem[] | undefined) ?? [],
      warnings: registrationWarnings(manifest, catalogue),
      grants: { granted: plugins[0]?.granted ?? [], missing: plugins[0]?.missing ?? [] },
    };
  });
}

export function renderCheck({ refused, warnings, grants }: InstalledCheck, colours: Colours): string[] {
  const line = ({ pointer, message }: Problem) => `${colours.dim(pointer || '/')}  ${oneLine(message)}`;
  return [
    ...refused.map((one) => `${colours.red('✗ refused')} ${line(one)}`),
    ...warnings.map((one) => `${colours.yellow('! warning')} ${line(one)}`),
    ...grants.granted.map((grant) => `${colours.green('✓ granted')} ${grant}`),
    ...grants.missing.map((grant) => `${colours.yellow('! asks for')} ${grant}, which is not granted`),
  ];
}
