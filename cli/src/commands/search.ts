import { ask } from '@orchestrator/bus';
import type { FoundCapability } from '@orchestrator/manifest';
import type { Command } from 'commander';
import { readArguments } from '../input.js';
import { oneLine } from '../one-line.js';
import { withSession } from '../session.js';
import { type Colours, coloursFor, print, printJson } from '../terminal.js';

interface SearchOptions {
  readonly name?: string;
  readonly tag?: string;
  readonly accepts?: string;
  readonly produces?: string;
  readonly json?: boolean;
}

interface Found {
  readonly capabilities: readonly FoundCapability[];
  readonly more: boolean;
}

export function addSearchCommand(program: Command, plugins: Command): void {
  plugins
    .command('search')
    .description('find capabilities by what they are, take and give')
    .argument('[words...]', 'all of which stand in its name, title, description, tags or keywords')
    .option('--name <name>', 'the name of its plugin, its own, or plugin.capability')
    .option('--tag <tag>', 'a tag of the capability or a keyword of its plugin')
    .option('--accepts <json>', 'a value that it takes: JSON, a file, or - for standard input')
    .option('--produces <json>', 'a JSON Schema that all of its results fit: JSON, a file, or -')
    .option('--json', 'print {capabilities, more}')
    .action(async (words: string[], { name, tag, accepts, produces, json }: SearchOptions) => {
      const query = {
        ...(words.length > 0 && { text: words.join(' ') }),
        ...(name !== undefined && { name }),
        ...(tag !== undefined && { tag }),
        ...(accepts !== undefined && { accepts: readArguments(accepts) }),
        ...(produces !== undefined && { produces: readArguments(produces) }),
      };
      const found = await withSession(program.opts(), ({ client }) =>
        ask<Found>(client.requester, 'registry', 'capabilities', query),
      );
      if (json) printJson(found);
      else print(render(found, coloursFor(process.stdout)));
    });
}

function render({ capabilities, more }: Found, colours: Colours): string {
  if (capabilities.length === 0) {
    return more ? 'None was found before the search was over; say more of what you look for.' : 'No capability fits.';
  }
  const lines = capabilities.map(({ capability, version, title, description, deprecated }) => {
    const mark = deprecated ? colours.yellow('  deprecated') : '';
    return `${colours.bold(capability)} ${version}${mark}  ${colours.dim(oneLine(title ?? description))}`;
  });
  return [...lines, ...(more ? ['There are more; say more of what you look for.'] : [])].join('\n');
}
