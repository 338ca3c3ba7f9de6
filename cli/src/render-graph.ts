/** A dependency graph as text, and as a Mermaid diagram. Pure. */
import type { DependencyGraph, DependencyNode, Impact, Need, VersionId } from '@orchestrator/manifest/graph';
import type { Colours } from './terminal.js';

/** An arrow from one version to another, with the capabilities that the one needs of the other. */
export interface Arrow {
  readonly from: VersionId;
  /** What is not installed stands as `plugin (missing)`. */
  readonly to: VersionId;
  readonly capabilities: readonly string[];
}

/** To the highest version that fits; the others would do as well. */
export function arrowsOf({ nodes }: DependencyGraph): Arrow[] {
  const arrows = new Map<string, Arrow>();
  for (const { id: from, needs } of nodes) {
    for (const need of needs) {
      const to = need.metBy[0] ?? `${need.capability.split('.')[0]} (missing)`;
      const capabilities = [...(arrows.get(`${from} ${to}`)?.capabilities ?? []), need.capability.split('.')[1] ?? ''];
      arrows.set(`${from} ${to}`, { from, to, capabilities });
    }
  }
  return [...arrows.values()];
}

/** Everything that has to be drawn: what is installed, and what is missing. */
export function boxesOf(graph: DependencyGraph): VersionId[] {
  return [...new Set([...graph.nodes.map(({ id }) => id), ...arrowsOf(graph).map(({ to }) => to)])];
}

export function isMissing(id: VersionId): boolean {
  return id.endsWith(' (missing)');
}

export function renderGraph({ nodes, cycles, more }: DependencyGraph, colours: Colours): string {
  if (nodes.length === 0) return 'No plugin is installed.';
  const warnings = cycles.map((cycle) => colours.yellow(`These need each other in a circle: ${cycle.join(' → ')}`));
  if (more) warnings.push(colours.yellow('There may be more circles: they were too many to look for.'));
  return [nodes.map((node) => renderNode(node, colours)).join('\n'), ...warnings].join('\n\n');
}

function renderNode({ name, version, needs }: DependencyNode, colours: Colours): string {
  return [`${colours.bold(name)} ${version}`, ...needs.map((need) => `  ${renderNeed(need, colours)}`)].join('\n');
}

function renderNeed({ capability, range, metBy, unfit }: Need, colours: Colours): string {
  const [first, ...others] = metBy;
  if (first === undefined && unfit.length > 0) {
    return `${colours.red('✗')} ${capability} ${range}  ${colours.red(`${unfit.join(', ')} does not fit`)}`;
  }
  if (first === undefined) return `${colours.red('✗')} ${capability} ${range}  ${colours.red('is not installed')}`;
  const more = others.length > 0 ? `, or ${others.join(', ')}` : '';
  return `${colours.green('→')} ${capability} ${range}  ${colours.dim(`${first}${more}`)}`;
}

export function renderImpact(target: string, impacts: readonly Impact[], colours: Colours): string {
  if (impacts.length === 0) return `Without ${target}, everything else goes on.`;
  const lines = impacts.map(({ id, needs, distance }) => {
    const what = needs.map(({ capability, range }) => `${capability} ${range}`).join(', ');
    return `${'  '.repeat(distance - 1)}${colours.red('✗')} ${colours.bold(id)}  ${colours.dim(`needs ${what}`)}`;
  });
  return [
    `Without ${target}, ${impacts.length === 1 ? 'this would' : 'these would'} miss what they need:`,
    ...lines,
  ].join('\n');
}

export function mermaidOf(graph: DependencyGraph): string {
  const name = new Map(boxesOf(graph).map((id, index) => [id, `n${index}`]));
  const boxes = [...name].map(([id, box]) => `  ${box}["${id}"]${isMissing(id) ? ':::missing' : ''}`);
  const arrows = arrowsOf(graph).map(
    ({ from, to, capabilities }) => `  ${name.get(from)} -->|${capabilities.join(', ')}| ${name.get(to)}`,
  );
  return ['flowchart LR', ...boxes, ...arrows, '  classDef missing stroke:#c00,stroke-dasharray:4'].join('\n');
}
