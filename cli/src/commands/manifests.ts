/** What plugin authors ask before they publish. What is needed for it is loaded only then: it takes longer than the rest. */
import type { Command } from 'commander';

interface JsonOption {
  readonly json?: boolean;
}

export function addManifestCommands(program: Command): void {
  program
    .command('manifest')
    .description('print the manifest of an installed plugin, or of one that is built and not yet run')
    .argument('<plugin>', 'editor, editor@1.0.0, or the file that Node would run: plugins/editor/dist/main.js')
    .action(async (plugin: string) => (await import('../manifests.js')).printManifest(program.opts(), plugin));
  program
    .command('validate')
    .description('check the manifest of a plugin in any language: every problem, with its line')
    .argument('<file>', 'YAML, or JSON')
    .option('--installed', 'also beside what is installed: would it be refused, what does not fit, what is granted')
    .option('--json', 'print {file, problems, asks}, and with --installed {refused, warnings, grants}')
    .action(async (file: string, options: JsonOption & { installed?: boolean }) =>
      (await import('../manifests.js')).validateManifestFile(program.opts(), file, options),
    );
  program
    .command('diff')
    .description('what a version changes for those who call it; exit code 1 where it breaks them without saying so')
    .argument('<older>', 'a manifest file, or an installed version like editor@1.0.0')
    .argument('<newer>', 'the same')
    .option('--json', 'print {older, newer, allowed, changes}')
    .action(async (older: string, newer: string, options: JsonOption) =>
      (await import('../manifests.js')).diffManifests(program.opts(), older, newer, options),
    );
}
