import { resolve } from 'node:path';
import {
  ANY_PLUGIN_USER,
  type RunningJaeger,
  type RunningSystem,
  shippedPlugins,
  startJaeger,
  startSystem,
} from '@orchestrator/local';
import type { Command } from 'commander';
import { UsageError } from '../failure.js';
import { coloursFor, listenForInterruption, print, tell } from '../terminal.js';

/** From the end of a process to its next start. */
const RESTART_MS = 500;

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
  const interruption = listenForInterruption();
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
        if (options.verbose || /\b(WARN|ERROR|FATAL)\b/.test(line)) tell(line);
      },
    });
    const system = await interruption.during(starting);
    let isEnding = false;
    for (const name of system.processes.keys()) keepRunning(system, name, () => isEnding);
    announce(system.nats.url, system.urlAs(ANY_PLUGIN_USER), jaeger);
    await interruption.happened;
    isEnding = true;
    tell('ending …');
    await system.stop();
  } finally {
    await jaeger?.stop();
  }
}

/** A process that ends by itself is said so, and started again. */
function keepRunning(system: RunningSystem, name: string, isEnding: () => boolean): void {
  void system.processes.get(name)?.exited.then(async () => {
    if (isEnding()) return;
    tell(`${name} has ended by itself; starting it again`);
    await new Promise((resume) => setTimeout(resume, RESTART_MS));
    if (isEnding()) return;
    try {
      await system.start(name);
      keepRunning(system, name, isEnding);
    } catch (error) {
      tell(`${name} does not start again: ${(error as Error).message}`);
    }
  });
}

function announce(natsUrl: string, pluginUrl: string, jaeger: RunningJaeger | undefined): void {
  const { bold, dim } = coloursFor(process.stdout);
  const at = natsUrl === 'nats://127.0.0.1:4222' ? '' : ` --nats ${natsUrl}`;
  print(`${bold('The system is up.')} NATS at ${natsUrl}${jaeger ? `, Jaeger at ${jaeger.queryUrl}` : ''}. Ctrl-C ends it.

  ${dim('see what is installed')}   npx orchestrator${at} plugins
  ${dim('call a capability')}       npx orchestrator${at} call editor.copy-edit --args '{"text":"It is a apple."}'
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
