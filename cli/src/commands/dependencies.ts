/** Who needs whom among the plugins that are installed. What draws it is loaded only when it is asked for. */
import { type Command, Option } from 'commander';

type GraphFormat = 'text' | 'json' | 'mermaid' | 'svg';

export function addDependencyCommands(program: Command, plugins: Command): void {
  plugins
    .command('graph')
    .description('show which plugin needs which, what is missing, and circles')
    .addOption(new Option('--format <format>', 'how').choices(['text', 'json', 'mermaid', 'svg']).default('text'))
    .action(async ({ format }: { format: GraphFormat }) =>
      (await import('../dependencies.js')).showGraph(program.opts(), format),
    );
  plugins
    .command('impact')
    .description('show what would break if a plugin, or one version of it, were gone')
    .argument('<plugin>', 'editor, editor@1 or editor@1.2.0')
    .option('--json', 'print {target, impacts}')
    .action(async (target: string, options: { json?: boolean }) =>
      (await import('../dependencies.js')).showImpact(program.opts(), target, options),
    );
}
