import { ask, readPlugins } from '@orchestrator/bus';
import type { CircuitList, InstalledPlugin } from '@orchestrator/protocol';
import type { Command } from 'commander';
import { withSession } from '../session.js';
import { type Colours, coloursFor, print, printJson } from '../terminal.js';
import { addDependencyCommands } from './dependencies.js';
import { addSearchCommand } from './search.js';

export function addPluginsCommand(program: Command): void {
  const plugins = program.command('plugins').description('list what is installed, and what needs what');
  addDependencyCommands(program, plugins);
  addSearchCommand(program, plugins);
  plugins
    .command('list', { isDefault: true })
    .description('list what is installed, and what of it lives')
    .option('--json', 'print JSON, with the schemas of arguments and results')
    .action(async ({ json }: { json?: boolean }) => {
      const listed = await withSession(program.opts(), async ({ client }) => {
        const plugins = await readPlugins(client.requester);
        // Without a choreographer there are no circuits to tell of.
        const { circuits } = await ask<CircuitList>(client.requester, 'choreographer', 'circuits').catch(
          () => NO_CIRCUITS,
        );
        return plugins.map((plugin) => ({ ...plugin, circuits: circuitsOf(plugin, circuits) }));
      });
      if (json) return printJson(listed);
      const colours = coloursFor(process.stdout);
      print(listed.length === 0 ? 'No plugin is installed.' : listed.map((one) => render(one, colours)).join('\n\n'));
    });
}

const NO_CIRCUITS: CircuitList = { circuits: [] };

/** Those that are not closed. */
interface ListedPlugin extends InstalledPlugin {
  readonly circuits: CircuitList['circuits'];
}

function circuitsOf({ name, version }: InstalledPlugin, circuits: CircuitList['circuits']): CircuitList['circuits'] {
  return circuits.filter((one) => one.plugin === name && one.version === version);
}

/** Of several choreographers, what the strictest says. */
function circuitMark(capability: string, { circuits }: ListedPlugin): string {
  const states = circuits.filter((one) => one.capability === capability).map(({ state }) => state);
  if (states.length === 0) return '';
  return `  circuit ${states.includes('open') ? 'open' : 'half-open'}`;
}

function render(plugin: ListedPlugin, colours: Colours): string {
  const count = plugin.instances.length;
  const isWaiting = plugin.waitingFor.length > 0;
  const life = count === 0 ? colours.red('gone') : (isWaiting ? colours.yellow : colours.green)(`${count} live`);
  const width = Math.max(...plugin.capabilities.map((capability) => capability.name.length));
  return [
    `${colours.bold(plugin.name)} ${plugin.version}  ${life}  ${colours.dim(plugin.description)}`,
    ...plugin.capabilities.map(({ name, description }) => {
      const mark = circuitMark(name, plugin);
      return `  ${name.padEnd(width)}  ${colours.dim(description)}${colours.red(mark)}`;
    }),
    ...plugin.uses.map(({ capability, range }) => {
      const isMissing = plugin.waitingFor.some((one) => one.capability === capability);
      return isMissing
        ? colours.yellow(`  waiting for ${capability} ${range}`)
        : colours.dim(`  uses ${capability} ${range}`);
    }),
  ].join('\n');
}
