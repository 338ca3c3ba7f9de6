import { ask, type Requester, readTree } from '@orchestrator/bus';
import {
  type CallTree,
  Fault,
  flattenTree,
  RUN_STATES,
  type RunFilter,
  type RunState,
  type WaitingRun,
} from '@orchestrator/protocol';
import type { Command } from 'commander';
import { UsageError } from '../failure.js';
import { followOutput } from '../follow-output.js';
import { renderInvocation, renderRun, renderRuns, renderWaiting } from '../render-runs.js';
import { renderTree } from '../render-tree.js';
import { findDurable, followRuns, listRuns, listWaiting } from '../runs.js';
import { withSession } from '../session.js';
import { coloursFor, listenForInterruption, print, printJson, tell } from '../terminal.js';
import { parseTimeOption } from '../time-option.js';
import { wholeNumberOption } from '../whole-number-option.js';
import { show } from './call.js';

interface FilterOptions {
  readonly plugin?: string;
  readonly capability?: string;
  readonly calledBy?: string;
  readonly state?: string;
  readonly since?: string;
  readonly until?: string;
}

export function addRunsCommand(program: Command): void {
  const runs = program.command('runs').description('durable requests: which there were, how each went, live');
  addList(program, runs);
  addShow(program, runs);
  addFollow(program, runs);
  addAttach(program, runs);
  addCancel(program, runs);
}

function withFilters(command: Command): Command {
  return command
    .option('--plugin <name>', 'only of this plugin')
    .option('--capability <name>', 'only of this capability')
    .option('--called-by <name>', 'only what this caller asked for')
    .option('--state <state>', `only what is ${RUN_STATES.join(', ')}`);
}

function filterFrom({ plugin, capability, calledBy: caller, state, since, until }: FilterOptions): RunFilter {
  const isState = (text: string): text is RunState => RUN_STATES.some((one) => one === text);
  if (state !== undefined && !isState(state)) throw new UsageError(`--state takes one of ${RUN_STATES.join(', ')}.`);
  const nowMs = Date.now();
  return {
    ...(plugin !== undefined && { plugin }),
    ...(capability !== undefined && { capability }),
    ...(caller !== undefined && { caller }),
    ...(state !== undefined && { state }),
    ...(since !== undefined && { sinceMs: parseTimeOption('--since', since, nowMs) }),
    ...(until !== undefined && { untilMs: parseTimeOption('--until', until, nowMs) }),
  };
}

function addList(program: Command, runs: Command): void {
  withFilters(runs.command('list', { isDefault: true }).description('list runs, newest first'))
    .option('--since <time>', 'only those asked for since then: 30m, 2h, 7d ago, or a time like 2030-01-31T12:00:00Z')
    .option('--until <time>', 'only those asked for before then')
    .option('--limit <count>', 'at most so many', '50')
    .option('--json', 'print JSON')
    .option('--waiting', 'list instead those that wait to be admitted, and what for: those that wait longest first')
    .action(async (options: FilterOptions & { limit: string; waiting?: boolean; json?: boolean }) => {
      const limit = wholeNumberOption('--limit', options.limit);
      const colours = coloursFor(process.stdout);
      if (options.waiting) {
        const { state, sinceMs, untilMs, ...filter } = filterFrom(options);
        const more = [state, sinceMs, untilMs].some((one) => one !== undefined);
        if (more) throw new UsageError('With --waiting, only --plugin, --capability and --called-by narrow the list.');
        const waiting = await withSession(program.opts(), ({ client }) => listWaiting(client.requester, filter, limit));
        if (options.json) printJson(waiting);
        else print(waiting.length === 0 ? 'Nothing waits.' : renderWaiting(waiting, colours));
        return;
      }
      const filter = filterFrom(options);
      const { state, sinceMs, untilMs, ...who } = filter;
      const isOfAll = [state, sinceMs, untilMs].every((one) => one === undefined) && !options.json;
      const [found, waiting] = await withSession(program.opts(), async ({ client: { requester } }) => [
        await listRuns(requester, filter, limit),
        isOfAll ? await listWaiting(requester, who, limit) : [],
      ]);
      if (options.json) return printJson(found);
      const parts = [renderWaiting(waiting, colours), found.length > 0 ? renderRuns(found, colours) : ''];
      print(parts.filter((part) => part !== '').join('\n') || 'No runs.');
    });
}

interface IdQuery {
  readonly correlation?: string;
  readonly invocation?: string;
}

/** @throws UsageError */
function treeQueryOf(id: string): IdQuery {
  if (/^[0-9a-f]{32}$/.test(id)) return { correlation: id };
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return { invocation: id };
  throw new UsageError('Give an invocation (a UUID) or a correlation (32 hex digits), in lower case.');
}

function addShow(program: Command, runs: Command): void {
  runs
    .command('show')
    .description('show one: times, attempts, fault and call tree')
    .argument('<id>', 'an invocation (a UUID), or a correlation (32 hex digits)')
    .option('--json', 'print the call tree as JSON; of one that waits to be admitted, what it waits for')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const query = treeQueryOf(id);
      const tree = await withSession(program.opts(), ({ client }) => treeOrWaiting(client.requester, query));
      if (json) return printJson(tree);
      const colours = coloursFor(process.stdout);
      if (!('roots' in tree)) return print(renderWaiting([tree], colours));
      const shown = query.correlation ? tree.roots : flattenTree(tree).filter((node) => node.invocation === id);
      const parts = [...shown.map((node) => renderInvocation(node, colours)), renderTree(tree, colours)];
      print(parts.join('\n\n'));
    });
}

function addAttach(program: Command, runs: Command): void {
  runs
    .command('attach')
    .description('follow one: progress, streamed output and the result; Ctrl-C stops following, and nothing else')
    .argument('<id>', 'an invocation (a UUID), or a correlation (32 hex digits), whose root is meant')
    .option('--after <number>', 'only chunks of streamed output after this one')
    .option('--json', 'print chunks with their numbers, and result or fault with invocation and correlation')
    .action(async (id: string, options: { after?: string; json?: boolean }) => {
      const query = treeQueryOf(id);
      const after = options.after === undefined ? 0 : wholeNumberOption('--after', options.after);
      const { nats } = program.opts<{ nats?: string }>();
      const work = withSession(program.opts(), async ({ client }) => {
        const node = await findDurable(client.requester, query);
        const handle = client.attach(node);
        show(await followOutput(handle, { ...options, after, withProgress: true }), { ...options, nats });
      });
      await listenForInterruption().during(work);
    });
}

/** What waits to be admitted is not in the history yet. @throws Fault `not-found` */
async function treeOrWaiting(requester: Requester, query: IdQuery): Promise<CallTree | WaitingRun> {
  try {
    return await readTree(requester, query);
  } catch (error) {
    const [found] = Fault.is(error) && error.code === 'not-found' ? await listWaiting(requester, query, 1) : [];
    if (found) return found;
    throw error;
  }
}

function addCancel(program: Command, runs: Command): void {
  runs
    .command('cancel')
    .description('stop a whole call tree, or an invocation and all that it called; again changes nothing')
    .argument('<id>', 'a correlation (32 hex digits), or an invocation (a UUID)')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const query = treeQueryOf(id);
      const answer = await withSession(program.opts(), async ({ client: { requester } }) => {
        const { correlation } = await treeOrWaiting(requester, query);
        return ask<{ cancelled: string[] }>(requester, 'choreographer', 'cancel', { ...query, correlation });
      });
      if (json) return printJson(answer);
      const { length } = answer.cancelled;
      print(
        length === 0
          ? 'Nothing of it was open.'
          : `Cancelled ${length === 1 ? '1 invocation' : `${length} invocations`}.`,
      );
    });
}

function addFollow(program: Command, runs: Command): void {
  withFilters(runs.command('follow').description('tell of each run as it is admitted, refused or ends, until Ctrl-C'))
    .option('--json', 'print JSON, a line for each')
    .action(async (options: FilterOptions & { json?: boolean }) => {
      const filter = filterFrom(options);
      const colours = coloursFor(process.stdout);
      const over = new AbortController();
      void listenForInterruption().happened.then(() => over.abort());
      await withSession(program.opts(), async ({ client }) => {
        tell('Following; Ctrl-C ends it.');
        await followRuns(client.requester, {
          filter,
          onRun: (run) => print(options.json ? JSON.stringify(run) : renderRun(run, colours)),
          onAway: (isAway) => tell(isAway ? 'Nobody answers; trying again.' : 'Answered again; nothing was left out.'),
          until: over.signal,
        });
      });
    });
}
