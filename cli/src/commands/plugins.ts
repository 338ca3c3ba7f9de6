import { ask } from '@orchestrator/bus';
import type { InstalledPlugin } from '@orchestrator/protocol';
import type { Command } from 'commander';
import { withSession } from '../session.js';
import { type Colours, coloursFor, print, printJson } from '../terminal.js';

export function addPluginsCommand(program: Command): void {
  program
    .command('plugins')
    .description('list what is installed, and what of it lives')
    .option('--json', 'print JSON, with the schemas of arguments and results')
    .action(async ({ json }: { json?: boolean }) => {
      const { plugins } = await withSession(program.opts(), ({ client }) =>
        ask<{ plugins: InstalledPlugin[] }>(client.requester, 'registry', 'plugins'),
      );
      if (json) return printJson(plugins);
      const colours = coloursFor(process.stdout);
      const sorted = plugins.toSorted((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
      print(sorted.length === 0 ? 'No plugin is installed.' : sorted.map((one) => render(one, colours)).join('\n\n'));
    });
}

function render(plugin: InstalledPlugin, colours: Colours): string {
  const count = plugin.instances.length;
  const life = count > 0 ? colours.green(`${count} live`) : colours.red('gone');
  const width = Math.max(...plugin.capabilities.map((capability) => capability.name.length));
  return [
    `${colours.bold(plugin.name)} ${plugin.version}  ${life}  ${colours.dim(plugin.description)}`,
    ...plugin.capabilities.map(({ name, description }) => `  ${name.padEnd(width)}  ${colours.dim(description)}`),
    ...plugin.uses.map(({ capability, range }) => colours.dim(`  uses ${capability} ${range}`)),
  ].join('\n');
}
