import { type DeadLetterFilter, encodeDataRef, isFaultCode } from '@orchestrator/protocol';
import type { Command } from 'commander';
import { confirm } from '../confirmation.js';
import {
  discardLetter,
  discardLetters,
  listLetters,
  type RedriveOptions,
  redriveLetter,
  redriveLetters,
  showLetter,
} from '../dead-letters.js';
import { EXIT, UsageError } from '../failure.js';
import { readArguments } from '../input.js';
import { renderLetter, renderLetters } from '../render-dead-letters.js';
import { type Session, withSession } from '../session.js';
import { coloursFor, commandLine, print, printJson, tell } from '../terminal.js';
import { parseTimeOption } from '../time-option.js';
import { wholeNumberOption } from '../whole-number-option.js';

interface FilterOptions {
  readonly plugin?: string;
  readonly capability?: string;
  readonly calledBy?: string;
  readonly code?: string;
  readonly since?: string;
  readonly until?: string;
}

interface ActOptions extends FilterOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addDeadCommand(program: Command): void {
  const dead = program
    .command('dead')
    .description('durable requests that ended in a fault: see them, ask again, or discard them');
  addList(program, dead);
  addShow(program, dead);
  addRedrive(program, dead);
  addDiscard(program, dead);
}

function withFilters(command: Command): Command {
  return command
    .option('--plugin <name>', 'only of this plugin')
    .option('--capability <name>', 'only of this capability')
    .option('--called-by <name>', 'only what this caller had asked for')
    .option('--code <fault>', 'only those that ended in this fault, like failed or deadline-exceeded')
    .option('--since <time>', 'only those since then: 30m, 2h, 7d ago, or a time like 2030-01-31T12:00:00Z')
    .option('--until <time>', 'only those before then');
}

function filterFrom(options: FilterOptions): DeadLetterFilter {
  const { plugin, capability, calledBy: caller, code, since, until } = options;
  if (code !== undefined && !isFaultCode(code)) throw new UsageError(`--code: there is no fault ${code}.`);
  const nowMs = Date.now();
  return {
    ...(plugin !== undefined && { plugin }),
    ...(capability !== undefined && { capability }),
    ...(caller !== undefined && { caller }),
    ...(code !== undefined && { code }),
    ...(since !== undefined && { sinceMs: parseTimeOption('--since', since, nowMs) }),
    ...(until !== undefined && { untilMs: parseTimeOption('--until', until, nowMs) }),
  };
}

function addList(program: Command, dead: Command): void {
  withFilters(dead.command('list').description('list dead letters, newest first'))
    .option('--limit <count>', 'at most so many', '50')
    .option('--json', 'print JSON')
    .action(async (options: FilterOptions & { limit: string; json?: boolean }) => {
      const limit = wholeNumberOption('--limit', options.limit);
      const filter = filterFrom(options);
      const letters = await withSession(program.opts(), ({ client }) => listLetters(client.requester, filter, limit));
      if (options.json) printJson(letters);
      else print(letters.length === 0 ? 'No dead letters.' : renderLetters(letters, coloursFor(process.stdout)));
    });
}

function addShow(program: Command, dead: Command): void {
  dead
    .command('show')
    .description('show one: fault, attempts, headers and arguments')
    .argument('<invocation>', 'the invocation that died')
    .option('--json', 'print JSON; the arguments are the body, in base64')
    .action(async (invocation: string, { json }: { json?: boolean }) => {
      const letter = await withSession(program.opts(), ({ client }) => showLetter(client.requester, invocation));
      if (json) printJson(letter);
      else print(renderLetter(letter, coloursFor(process.stdout)));
    });
}

function addRedrive(program: Command, dead: Command): void {
  withFilters(dead.command('redrive').description('ask again for what died: a new invocation in the same call tree'))
    .argument('[invocation]', 'the invocation that died; without it, all that fit the filter')
    .option(
      '--args <json|file|->',
      'other arguments than before: JSON, a file that holds JSON, or - for standard input',
    )
    .option('--range <semver>', 'other versions of the plugin than before')
    .option('--all', 'without any filter: all dead letters')
    .option('--yes', 'do not ask whether to')
    .option('--json', 'print JSON')
    .action(async (invocation: string | undefined, options: ActOptions & { args?: string; range?: string }) => {
      const filter = selectionFrom(invocation, options);
      const args = options.args === undefined ? undefined : readArguments(options.args);
      await withSession(program.opts(), async (session) => {
        const { requester } = session.client;
        const before = invocation === undefined ? await settle(session, filter, options, 'Redrive') : undefined;
        const changes: RedriveOptions = {
          ...(args !== undefined && (await otherArguments(session, args))),
          ...(options.range !== undefined && { range: options.range }),
        };
        const answer =
          invocation !== undefined
            ? await redriveLetter(requester, invocation, changes)
            : before === undefined
              ? { redriven: [], failed: [] }
              : await redriveLetters(requester, filter, before, changes);
        if (answer.failed.length > 0) process.exitCode = EXIT.fault;
        if (options.json) return printJson(answer);
        for (const one of answer.redriven) {
          print(`${one.redriveOf} is redriven as ${one.invocation}`);
          tell(`Call tree: ${commandLine(program.opts<{ nats?: string }>().nats, `trace ${one.correlation}`)}`);
        }
        for (const { invocation: left, fault } of answer.failed) tell(`${left} stays: ${fault.code}: ${fault.message}`);
      });
    });
}

async function otherArguments({ client }: Session, args: unknown): Promise<RedriveOptions> {
  const { dataRef } = await client.handOver(args);
  return dataRef ? { dataRef: encodeDataRef(dataRef) } : { args };
}

function addDiscard(program: Command, dead: Command): void {
  withFilters(dead.command('discard').description('throw dead letters away'))
    .argument('[invocation]', 'the invocation that died; without it, all that fit the filter')
    .option('--all', 'without any filter: all dead letters')
    .option('--yes', 'do not ask whether to')
    .option('--json', 'print JSON')
    .action(async (invocation: string | undefined, options: ActOptions) => {
      const filter = selectionFrom(invocation, options);
      await withSession(program.opts(), async (session) => {
        const { requester } = session.client;
        const before = invocation === undefined ? await settle(session, filter, options, 'Discard') : undefined;
        const discarded =
          invocation !== undefined
            ? await discardLetter(requester, invocation)
            : before === undefined
              ? []
              : await discardLetters(requester, filter, before);
        if (options.json) return printJson({ discarded });
        for (const one of discarded) print(`${one} is discarded`);
      });
    });
}

/** Either an invocation, or a filter, or --all: nothing is done to all letters because something was forgotten. */
function selectionFrom(invocation: string | undefined, options: ActOptions): DeadLetterFilter {
  const filter = filterFrom(options);
  const hasFilter = Object.keys(filter).length > 0;
  if ([invocation !== undefined, hasFilter, options.all === true].filter(Boolean).length !== 1) {
    throw new UsageError('Give one of: an invocation, a filter such as --plugin or --code, --all.');
  }
  return filter;
}

/** How many letters are meant; the newest of them ends what is acted upon. Undefined when there is nothing to be done. */
async function settle(
  { client }: Session,
  filter: DeadLetterFilter,
  { yes }: ActOptions,
  verb: string,
): Promise<number | undefined> {
  const letters = await listLetters(client.requester, filter);
  const newest = letters[0];
  if (newest === undefined) {
    tell('No dead letter fits.');
    return undefined;
  }
  const count = letters.length === 1 ? '1 dead letter' : `${letters.length} dead letters`;
  if (!yes && !(await confirm(`${verb} ${count}?`))) {
    tell('Nothing is done.');
    return undefined;
  }
  return newest.sequence + 1;
}
