import { ask } from '@orchestrator/bus';
import type { CallTree, TreeQuery } from '@orchestrator/protocol';
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

export function addTraceCommand(program: Command): void {
  program
    .command('trace')
    .description('show the call tree of a correlation')
    .argument('[correlation]', '32 hex digits, as every result carries in ce-correlationid')
    .option('--request <seq>', 'find it by the sequence with which "nats pub -J" was acknowledged')
    .option('--id <ce-id>', 'find it by the ce-id that the caller chose')
    .option('--json', 'print JSON')
    .action(async (correlation: string | undefined, options: TraceOptions) => {
      const query = treeQuery(correlation, options);
      const tree = await withSession(program.opts(), ({ client }) =>
        ask<CallTree>(client.requester, 'choreographer', 'tree', query),
      );
      if (options.json) printJson(tree);
      else print(renderTree(tree, coloursFor(process.stdout)));
    });
}

function treeQuery(correlation: string | undefined, { request, id }: TraceOptions): TreeQuery {
  if ([correlation, request, id].filter((one) => one !== undefined).length !== 1) {
    throw new UsageError('Give one of: a correlation id, --request <seq>, --id <ce-id>.');
  }
  if (id !== undefined) return { key: id };
  if (correlation !== undefined) {
    if (!/^[0-9a-f]{32}$/.test(correlation)) throw new UsageError('A correlation id is 32 hex digits in lower case.');
    return { correlation };
  }
  const sequence = Number(request);
  if (!Number.isSafeInteger(sequence) || sequence < 1) throw new UsageError('--request takes a number from 1.');
  return { request: sequence };
}
