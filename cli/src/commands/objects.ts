import { encodeDataRef, parseDataRef } from '@orchestrator/protocol';
import type { Command } from 'commander';
import { UsageError } from '../failure.js';
import { readBytes } from '../input.js';
import { withSession } from '../session.js';
import { print } from '../terminal.js';

/** For callers that are no SDK: what is too large for a message is named by `ce-dataref`. */
export function addObjectsCommand(program: Command): void {
  const objects = program
    .command('objects')
    .description('values that are too large for a message: store them for calls made by hand, and fetch results');
  addPut(program, objects);
  addGet(program, objects);
}

function addPut(program: Command, objects: Command): void {
  objects
    .command('put')
    .description('store a value, and print what to send as ce-dataref')
    .argument('<file>', 'a file, or - for standard input')
    .action(async (file: string) => {
      const value = readBytes(file);
      const ref = await withSession(program.opts(), ({ client }) => client.objects.put(value, 'arguments'));
      print(encodeDataRef(ref));
    });
}

function addGet(program: Command, objects: Command): void {
  objects
    .command('get')
    .description('print the value that a ce-dataref names, checked')
    .argument('<ce-dataref>', 'what a message says, like /objects/<name>?size=…&sha256=…')
    .action(async (reference: string) => {
      const ref = parseDataRef(reference);
      if (!ref) throw new UsageError('A ce-dataref is /objects/<name>?size=<bytes>&sha256=<64 hex digits>.');
      const value = await withSession(program.opts(), ({ client }) => client.objects.get(ref, 'result'));
      process.stdout.write(value);
    });
}
