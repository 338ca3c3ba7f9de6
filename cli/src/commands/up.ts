import { resolve } from 'node:path';
import { ANY_PLUGIN_USER, type RunningJaeger, shippedPlugins, startJaeger, startSystem } from '@orchestrator/local';
import type { Command } from 'commander';
import { UsageError } from '../failure.js';
import { coloursFor, interrupted, print, tell } from '../terminal.js';

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
  const ended = interrupted();
  const jaeger = options.jaeger ? await jaegerIfToBeHad() : undefined;
  try {
    const system = await startSystem({
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
    try {
      announce(system.nats.url, system.urlAs(ANY_PLUGIN_USER), jaeger);
      await Promise.race([
        ended,
        ...[...system.processes.values()].map(({ name, exited }) => lost(name, exited, ended)),
      ]);
      tell('ending …');
    } finally {
      await system.stop();
    }
  } finally {
    await jaeger?.stop();
  }
}

/** A process that ends by itself is said so, and the rest goes on: the operator decides. */
async function lost(name: string, exited: Promise<unknown>, ended: Promise<unknown>): Promise<never> {
  let isOver = false;
  void ended.then(() => (isOver = true));
  await exited;
  if (!isOver) tell(`${name} has ended by itself. The rest goes on; start again with: orchestrator up`);
  return new Promise(() => {});
}

function announce(natsUrl: string, pluginUrl: string, jaeger: RunningJaeger | undefined): void {
  const { bold, dim } = coloursFor(process.stdout);
  const at = natsUrl === 'nats://127.0.0.1:4222' ? '' : ` --nats ${natsUrl}`;
  print(`${bold('The system is up.')} NATS at ${natsUrl}${jaeger ? `, Jaeger at ${jaeger.queryUrl}` : ''}. Ctrl-C ends it.

  ${dim('see what is installed')}   npx orchestrator${at} plugins
  ${dim('call a capability')}       npx orchestrator${at} call editor.copy-edit --args '{"text":"It is is a apple."}'
  ${dim('the same without it')}     nats req -s ${natsUrl} orc.v1.call.me.editor.copy-edit '{"text":"It is is a apple."}'
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
