import { ask, readPlugins } from '@orchestrator/bus';
import type {
  CircuitList,
  InstalledPlugin,
  PluginGrantsList,
  VersionShare,
  VersionShareList,
} from '@orchestrator/protocol';
import type { Command } from 'commander';
import { oneLine } from '../one-line.js';
import { withSession } from '../session.js';
import { type Colours, coloursFor, print, printJson, tell } from '../terminal.js';
import { addDependencyCommands } from './dependencies.js';
import { addEventsCommand } from './events.js';
import { addSearchCommand } from './search.js';

export function addPluginsCommand(program: Command): void {
  const plugins = program.command('plugins').description('list what is installed, and what needs what');
  addDependencyCommands(program, plugins);
  addSearchCommand(program, plugins);
  addEventsCommand(program, plugins);
  plugins
    .command('list', { isDefault: true })
    .description('list what is installed, and what of it lives')
    .option('--json', 'print JSON, with the schemas of arguments and results')
    .action(async ({ json }: { json?: boolean }) => {
      const { listed, shares } = await withSession(program.opts(), async ({ client }) => {
        const plugins = await readPlugins(client.requester);
        // Without a choreographer there is nothing more to tell.
        const asked = <Answer>(question: string, otherwise: Answer) =>
          ask<Answer>(client.requester, 'choreographer', question).catch(() => otherwise);
        const [{ circuits }, { versions }, { plugins: grants }] = await Promise.all([
          asked<CircuitList>('circuits', NO_CIRCUITS),
          asked<VersionShareList>('versions', NO_SHARES),
          asked<PluginGrantsList>('grants', NO_GRANTS),
        ]);
        const found = plugins.map((plugin) => ({
          ...plugin,
          circuits: circuitsOf(plugin, circuits),
          ...shareOf(plugin, versions),
          ...grantsOf(plugin, grants),
        }));
        return { listed: found, shares: versions };
      });
      if (json) printJson(listed);
      else {
        const colours = coloursFor(process.stdout);
        print(listed.length === 0 ? 'No plugin is installed.' : listed.map((one) => render(one, colours)).join('\n\n'));
      }
      for (const share of shares.filter((one) => !listed.some((plugin) => isOf(one, plugin)))) {
        tell(`ORC_VERSIONS names ${share.plugin} ${share.version}, which is not installed.`);
      }
    });
}

const NO_CIRCUITS: CircuitList = { circuits: [] };
const NO_SHARES: VersionShareList = { versions: [] };
const NO_GRANTS: PluginGrantsList = { plugins: [] };

interface ListedPlugin extends InstalledPlugin {
  /** Those that are not closed. */
  readonly circuits: CircuitList['circuits'];
  /** Where the operator prefers versions: the part of the correlations that this one gets. */
  readonly percent?: number;
  /** What the operator grants it beyond its uses, and what it asks for besides; absent where there is neither. */
  readonly granted?: readonly string[];
  readonly notGranted?: readonly string[];
}

function grantsOf(
  installed: InstalledPlugin,
  grants: PluginGrantsList['plugins'],
): Pick<ListedPlugin, 'granted' | 'notGranted'> {
  const found = grants.find(({ plugin, version }) => plugin === installed.name && version === installed.version);
  return found ? { granted: found.granted, notGranted: found.missing } : {};
}

function isOf({ plugin, version }: VersionShare, installed: InstalledPlugin): boolean {
  return plugin === installed.name && version === installed.version;
}

/** Nothing where the operator says nothing of the plugin, 0 where it prefers other versions. */
function shareOf(installed: InstalledPlugin, versions: readonly VersionShare[]): Pick<ListedPlugin, 'percent'> {
  if (!versions.some(({ plugin }) => plugin === installed.name)) return {};
  return { percent: versions.find((share) => isOf(share, installed))?.percent ?? 0 };
}

function shareMark(percent: number): string {
  return percent === 100 ? 'pinned' : `canary, ${percent} %`;
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

/** With the first reason, where a version that is there does not fit; --json has them all. */
function waitingLine({ capability, range, misfits = [] }: InstalledPlugin['waitingFor'][number]): string {
  const reasons = misfits.map(({ version, problems }) => {
    const [first] = problems;
    return `\n    ${version} does not fit: ${first ? oneLine(`${first.pointer} ${first.message}`) : ''}`;
  });
  return `  waiting for ${capability} ${range}${reasons.join('')}`;
}

function render(plugin: ListedPlugin, colours: Colours): string {
  const count = plugin.instances.length;
  const isWaiting = plugin.waitingFor.length > 0;
  const life = count === 0 ? colours.red('gone') : (isWaiting ? colours.yellow : colours.green)(`${count} live`);
  const { percent } = plugin;
  const share = percent === undefined || percent === 0 ? '' : `  ${colours.yellow(shareMark(percent))}`;
  const width = Math.max(...plugin.capabilities.map((capability) => capability.name.length));
  return [
    `${colours.bold(plugin.name)} ${plugin.version}  ${life}${share}  ${colours.dim(plugin.description)}`,
    ...plugin.capabilities.map(({ name, description }) => {
      const mark = circuitMark(name, plugin);
      return `  ${name.padEnd(width)}  ${colours.dim(description)}${colours.red(mark)}`;
    }),
    ...plugin.uses.map(({ capability, range }) => {
      const missing = plugin.waitingFor.find((one) => one.capability === capability);
      return missing ? colours.yellow(waitingLine(missing)) : colours.dim(`  uses ${capability} ${range}`);
    }),
    ...(plugin.granted ?? []).map((grant) => colours.dim(`  is granted ${grant}`)),
    ...(plugin.notGranted ?? []).map((grant) => colours.yellow(`  asks for ${grant}, which is not granted`)),
  ].join('\n');
}
