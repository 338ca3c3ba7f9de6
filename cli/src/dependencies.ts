/** What the commands about dependencies do. */
import type { Manifest } from '@orchestrator/manifest';
import { dependencyGraph, impactOf } from '@orchestrator/manifest/graph';
import { Fault } from '@orchestrator/protocol';
import semver from 'semver';
import { UsageError } from './failure.js';
import { installedManifests } from './manifest-source.js';
import { mermaidOf, renderGraph, renderImpact } from './render-graph.js';
import type { SessionOptions } from './session.js';
import { coloursFor, print, printJson } from './terminal.js';

export async function showGraph(options: SessionOptions, format: 'text' | 'json' | 'mermaid' | 'svg'): Promise<void> {
  const graph = dependencyGraph(await installedManifests(options));
  if (format === 'json') printJson(graph);
  else if (format === 'mermaid') print(mermaidOf(graph));
  else if (format === 'svg') print((await import('./graph-svg.js')).svgOf(graph));
  else print(renderGraph(graph, coloursFor(process.stdout)));
}

export async function showImpact(options: SessionOptions, target: string, { json }: { json?: boolean }): Promise<void> {
  const [name = '', range = '*', ...rest] = target.split('@');
  if (rest.length > 0 || semver.validRange(range) === null) throw new UsageError(`"${target}" is no plugin@version.`);
  const manifests = await installedManifests(options);
  const isTarget = (one: Manifest) =>
    one.name === name && semver.satisfies(one.version, range, { includePrerelease: range === '*' });
  if (!manifests.some(isTarget)) throw new Fault('not-found', `${target} is not installed.`);
  const impacts = impactOf(manifests, isTarget);
  if (json) printJson({ target, impacts });
  else print(renderImpact(target, impacts, coloursFor(process.stdout)));
}
