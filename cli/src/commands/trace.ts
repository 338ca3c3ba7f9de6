import { ask, type Requester, readTree } from '@orchestrator/bus';
import { type CallTree, Fault, type FoundRoots, type KeyQuery, type TreeQuery } from '@orchestrator/protocol';
import type { Command } from 'commander';
import { UsageError } from '../failure.js';
import { renderTree } from '../render-tree.js';
import { withSession } from '../session.js';
import { coloursFor, print, printJson } from '../terminal.js';

interface TraceOptions {
  readonly request?: string;
  readonly id?: string;
  readonly json?: boolean;
}

interface FoundTrees {
  readonly trees: readonly CallTree[];
  /** There are older ones with the same key. */
  readonly more: boolean;
}

export function addTraceCommand(program: Command): void {
  program
    .command('trace')
    .description('show the call tree of a correlation')
    .argument('[correlation]', '32 hex digits, as every result carries in ce-correlationid')
    .option('--request <seq>', 'find it by the sequence with which "nats pub -J" was acknowledged')
    .option('--id <ce-id>', 'show every tree whose root has this ce-id; with --caller, only of that caller')
    .option('--json', 'print JSON')
    .action(async (correlation: string | undefined, options: TraceOptions) => {
      const query = treeQuery(correlation, options);
      const caller = program.getOptionValueSource('caller') === 'cli' ? program.opts().caller : undefined;
      const found = await withSession(program.opts(), async ({ client }) =>
        query ? await readTree(client.requester, query) : treesOf(client.requester, { key: options.id ?? '', caller }),
      );
      if (options.json) printJson(found);
      else if ('trees' in found) printTrees(found);
      else print(renderTree(found, coloursFor(process.stdout)));
    });
}

/** Undefined where `--id` asks for all trees of a key. */
function treeQuery(correlation: string | undefined, { request, id }: TraceOptions): TreeQuery | undefined {
  if ([correlation, request, id].filter((one) => one !== undefined).length !== 1) {
    throw new UsageError('Give one of: a correlation id, --request <seq>, --id <ce-id>.');
  }
  if (id !== undefined) return undefined;
  if (correlation !== undefined) {
    if (!/^[0-9a-f]{32}$/.test(correlation)) throw new UsageError('A correlation id is 32 hex digits in lower case.');
    return { correlation };
  }
  const sequence = Number(request);
  if (!Number.isSafeInteger(sequence) || sequence < 1) throw new UsageError('--request takes a number from 1.');
  return { request: sequence };
}

/** Each correlation that a root with this key belongs to, oldest first. @throws Fault `not-found` */
async function treesOf(requester: Requester, query: KeyQuery): Promise<FoundTrees> {
  const { roots, more } = await ask<FoundRoots>(requester, 'choreographer', 'find', query);
  if (roots.length === 0) throw new Fault('not-found', 'The history holds no call with that ce-id.', { ...query });
  const correlations = [...new Set(roots.map((root) => root.correlation))];
  const trees = correlations.map((correlation) => readTree(requester, { correlation }));
  return { trees: await Promise.all(trees), more };
}

function printTrees({ trees, more }: FoundTrees): void {
  if (more) print('There are older ones; --caller narrows the search.\n');
  print(trees.map((tree) => renderTree(tree, coloursFor(process.stdout))).join('\n\n'));
}
