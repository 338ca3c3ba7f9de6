/** Runs as text. Pure. */
import type { InvocationNode, Run, WaitingRun } from '@orchestrator/protocol';
import { oneLine } from './one-line.js';
import type { Colours } from './terminal.js';
import { shortTime } from './time-option.js';

/** A line for each, in columns. */
export function renderRuns(runs: readonly Run[], colours: Colours): string {
  const names = Math.max(...runs.map((run) => nameOf(run).length));
  const callers = Math.max(...runs.map((run) => run.caller.length));
  return runs.map((run) => renderRun(run, colours, { names, callers })).join('\n');
}

/** A line for each that waits to be admitted, and what for. */
export function renderWaiting(waiting: readonly WaitingRun[], colours: Colours): string {
  const lines = waiting.map((run) =>
    [
      run.invocation,
      colours.dim(shortTime(run.sinceMs)),
      colours.yellow('waiting'.padEnd('succeeded'.length)),
      colours.bold(nameOf(run)),
      run.caller,
      colours.dim(run.reason === 'room' ? 'for room' : 'for its circuit'),
    ].join('  '),
  );
  return lines.join('\n');
}

/** @param widths of the columns */
export function renderRun(run: Run, colours: Colours, widths = { names: 0, callers: 0 }): string {
  return [
    run.invocation,
    colours.dim(shortTime(run.atMs)),
    mark(run, colours),
    colours.bold(nameOf(run).padEnd(widths.names)),
    run.caller.padEnd(widths.callers),
    run.fault === undefined ? colours.dim(took(run)) : `${colours.dim(took(run))} ${colours.red(run.fault)}`,
  ].join('  ');
}

function nameOf(run: Pick<Run, 'plugin' | 'capability'>): string {
  return `${run.plugin}.${run.capability}`;
}

function mark({ state }: Run, colours: Colours): string {
  const text = state.padEnd('succeeded'.length);
  if (state === 'open') return colours.yellow(text);
  return state === 'succeeded' ? colours.green(text) : colours.red(text);
}

function took({ state, atMs, endedAtMs }: Run): string {
  if (state === 'refused' || endedAtMs === undefined) return '';
  return `${Math.max(0, endedAtMs - atMs)} ms`; // two machines' clocks
}

/** All that the history tells of one invocation. */
export function renderInvocation(node: InvocationNode, colours: Colours): string {
  const time = (timeMs: number | undefined) => timeMs && shortTime(timeMs);
  const facts: [string, string | number | undefined][] = [
    ['invocation', node.invocation],
    ['state', node.state],
    ['caller', node.caller],
    ['parent', node.parent],
    ['redrive of', node.redriveOf],
    ['ce-id', node.key],
    ['request', node.request],
    ['admitted', time(node.admittedAtMs)],
    ['started', time(node.startedAtMs)],
    ['ended', time(node.endedAtMs)],
    ['deadline', time(node.deadlineMs)],
    ['arguments', node.argsAt],
    ['result', node.resultAt],
    ['attempts', node.attempts],
    ['instance', node.instance],
    ['fault', node.fault && `${node.fault.code}: ${node.fault.message}`],
    ['details', node.fault?.details && JSON.stringify(node.fault.details)],
  ];
  return [
    `${colours.bold(`${node.plugin}.${node.capability}`)} ${node.version ?? ''}`.trimEnd(),
    ...facts.flatMap(([what, value]) =>
      value === undefined ? [] : [`${colours.dim(what.padEnd(12))}${oneLine(`${value}`)}`],
    ),
  ].join('\n');
}
