/** A call tree as text: who called whom, how deep, how often tried, how long. Pure. */
import type { CallTree, InvocationNode } from '@orchestrator/protocol';
import { oneLine } from './one-line.js';
import type { Colours } from './terminal.js';

/** One line per invocation; faults on a line of their own below it. */
export function renderTree(tree: CallTree, colours: Colours): string {
  const lines = tree.roots.flatMap((root) => [`${root.caller}`, ...renderNode(root, '', true, colours)]);
  const totals = [`correlation ${tree.correlation}`, `trace       ${tree.traceId}`];
  return [...lines, '', ...totals].join('\n');
}

function renderNode(node: InvocationNode, indent: string, isLast: boolean, colours: Colours): string[] {
  const branch = `${indent}${isLast ? '└─ ' : '├─ '}`;
  const below = `${indent}${isLast ? '   ' : '│  '}`;
  const name = `${node.plugin}.${node.capability}`;
  const version = node.version ? ` ${node.version}` : '';
  const facts = [
    `depth ${node.depth}`,
    node.mode,
    node.attempts === 1 ? '1 attempt' : `${node.attempts} attempts`,
    durationOf(node),
    ...(node.redriveOf === undefined ? [] : [`redrive of ${node.redriveOf}`]),
  ];
  const line = `${branch}${mark(node, colours)} ${colours.bold(name)}${colours.dim(version)}  ${colours.dim(facts.join(' · '))}`;
  const lost = [...node.failed, ...node.superseded].map(({ attempt, fault }) => {
    const how = fault ? `${fault.code}: ${oneLine(fault.message)}` : 'succeeded too late';
    return `${below}   ${colours.dim(`attempt ${attempt}  ${how}`)}`;
  });
  const large = [
    ...(node.argsAt === undefined ? [] : [`arguments  ${oneLine(node.argsAt)}`]),
    ...(node.resultAt === undefined ? [] : [`result  ${oneLine(node.resultAt)}`]),
  ].map((text) => `${below}   ${colours.dim(text)}`);
  const fault = node.fault ? [`${below}   ${colours.red(`${node.fault.code}: ${oneLine(node.fault.message)}`)}`] : [];
  const circuit = node.circuit.map(({ state }) => `${below}   ${colours.yellow(CIRCUIT_CHANGES[state])}`);
  const steps = node.steps.map((step) => `${below}   ${stepLine(step, colours)}`);
  const children = node.children.flatMap((child, index) =>
    renderNode(child, below, index === node.children.length - 1, colours),
  );
  return [line, ...large, ...lost, ...steps, ...fault, ...circuit, ...children];
}

function stepLine(
  { title, attempt, startedAtMs, endedAtMs, fault }: InvocationNode['steps'][number],
  colours: Colours,
): string {
  const facts = [`${Math.max(0, endedAtMs - startedAtMs)} ms`, ...(attempt > 1 ? [`attempt ${attempt}`] : [])].join(
    ' · ',
  );
  const how = fault ? `  ${colours.red(fault.code)}` : '';
  return `${fault ? colours.red('✗') : colours.green('·')} ${oneLine(title)}  ${colours.dim(facts)}${how}`;
}

const CIRCUIT_CHANGES = {
  open: 'opened the circuit',
  'half-open': 'let through to try the circuit',
  closed: 'closed the circuit',
} as const satisfies Record<InvocationNode['circuit'][number]['state'], string>;

function mark(node: InvocationNode, colours: Colours): string {
  switch (node.state) {
    case 'succeeded':
      return colours.green('✓');
    case 'failed':
    case 'refused':
      return colours.red('✗');
    default:
      return colours.yellow('…');
  }
}

function durationOf(node: InvocationNode): string {
  if (node.state === 'refused') return 'refused';
  if (node.endedAtMs === undefined) return node.state;
  return `${Math.max(0, node.endedAtMs - node.admittedAtMs)} ms`; // two machines' clocks
}
