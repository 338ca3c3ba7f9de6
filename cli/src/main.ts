import { isName } from '@orchestrator/protocol';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { addCallCommand } from './commands/call.js';
import { addDeadCommand } from './commands/dead.js';
import { addDemoCommand } from './commands/demo.js';
import { addManifestCommands } from './commands/manifests.js';
import { addObjectsCommand } from './commands/objects.js';
import { addPluginsCommand } from './commands/plugins.js';
import { addRunsCommand } from './commands/runs.js';
import { addTraceCommand } from './commands/trace.js';
import { addUpCommand } from './commands/up.js';
import { EXIT, exitCodeOf, InterruptedError, messageOf } from './failure.js';
import { coloursFor, tell } from './terminal.js';

// Whoever reads it, such as `head`, has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const program = new Command('orchestrator')
  .description('Plugins that call each other: run the system, call capabilities, read call trees.')
  .version('0.1.0')
  .option('--nats <url>', 'where NATS is (default: NATS_URL, or nats://127.0.0.1:4222)')
  .option('--caller <name>', 'the name to call under', callerName, 'cli')
  .showHelpAfterError('Try: npx orchestrator --help')
  .exitOverride();

for (const add of [
  addUpCommand,
  addDemoCommand,
  addPluginsCommand,
  addManifestCommands,
  addCallCommand,
  addTraceCommand,
  addRunsCommand,
  addDeadCommand,
  addObjectsCommand,
])
  add(program);

function callerName(text: string): string {
  if (isName(text)) return text;
  throw new InvalidArgumentError('A name has lower case letters, digits and inner hyphens, at most 63 characters.');
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
  } else {
    tell(coloursFor(process.stderr).red(messageOf(error)));
    process.exitCode = exitCodeOf(error);
    // Whatever was being started is ended by the exit itself, and would otherwise be waited for.
    if (error instanceof InterruptedError) process.exit();
  }
}
