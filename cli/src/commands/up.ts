import { resolve } from 'node:path';
import {
  ANY_PLUGIN_USER,
  type RunningJaeger,
  type RunningProcess,
  shippedPlugins,
  startJaeger,
  startSystem,
} from '@orchestrator/local';
import type { Command } from 'commander';
import { UsageError } from '../failure.js';
import { checkWritableFolder } from '../input.js';
import { NO_PAGE } from '../jaeger-api.js';
import { keepRunning } from '../keep-running.js';
import { coloursFor, commandLine, listenForInterruption, print, tell } from '../terminal.js';

interface UpOptions {
  readonly port: string;
  readonly data: string;
  readonly jaeger: boolean;
  readonly verbose?: boolean;
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run the whole system on this machine until Ctrl-C')
    .option('--port <port>', 'where NATS listens', '4222')
    .option('--data <folder>', 'where streams and history are kept', '.orchestrator')
    .option('--no-jaeger', 'make no traces')
    .option('--verbose', 'show what every process writes')
    .action(async (options: UpOptions) => up(options));
}

async function up(options: UpOptions): Promise<void> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError('--port takes a number from 1 to 65535.');
  checkWritableFolder(options.data);
  const interruption = listenForInterruption();
  const ending = new AbortController();
  const jaeger = options.jaeger ? await interruption.during(jaegerIfToBeHad()) : undefined;
  try {
    const starting = startSystem({
      plugins: shippedPlugins(),
      dataDir: resolve(options.data),
      natsPort: port,
      otlpUrl: jaeger?.otlpHttpUrl,
      locate: { log: tell, acceptAddress: true },
      onStep: (step) => tell(`starting ${step} …`),
      log: (line) => {
        if (options.verbose || (!ending.signal.aborted && /\b(WARN|ERROR|FATAL)\b/.test(line))) tell(line);
      },
    });
    const system = await interruption.during(starting);
    for (const [name, running] of system.processes) keepRunning(running, () => system.start(name), ending.signal);
    if (jaeger?.process) keepRunning(jaeger.process, () => restartJaeger(jaeger), ending.signal);
    announce(system.nats.url, system.urlAs(ANY_PLUGIN_USER), jaeger);
    await interruption.happened;
    ending.abort();
    tell('ending …');
    await system.stop();
  } finally {
    await jaeger?.stop();
  }
}

async function restartJaeger(jaeger: RunningJaeger): Promise<RunningProcess> {
  const running = await jaeger.restart();
  tell('jaeger keeps traces in memory: those made so far are gone');
  return running;
}

function announce(natsUrl: string, pluginUrl: string, jaeger: RunningJaeger | undefined): void {
  const { bold, dim } = coloursFor(process.stdout);
  print(`${bold('The system is up.')} NATS at ${natsUrl}${jaeger ? `, Jaeger at ${jaeger.queryUrl}` : ''}. Ctrl-C ends it.
${jaeger && !jaeger.hasPage ? `This Jaeger ${NO_PAGE}\n` : ''}
  ${dim('see what is installed')}   ${commandLine(natsUrl, 'plugins')}
  ${dim('call a capability')}       ${commandLine(natsUrl, 'call')} editor.copy-edit --args '{"text":"It is a apple."}'
  ${dim('the same without it')}     nats req -s ${natsUrl} orc.v1.call.me.editor.copy-edit '{"text":"It is a apple."}'
  ${dim('run a plugin of yours')}   NATS_URL=${pluginUrl} node your-plugin.js
`);
}

/** A Jaeger that runs already or that is on this machine: `up` does not wait minutes for one to be built. */
export async function jaegerIfToBeHad(allowBuild = false): Promise<RunningJaeger | undefined> {
  try {
    return await startJaeger({ allowBuild, acceptAddress: true, log: tell });
  } catch (error) {
    tell(`No traces: ${(error as Error).message}`);
    return undefined;
  }
}
