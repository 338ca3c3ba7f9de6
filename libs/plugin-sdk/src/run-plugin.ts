import { ConsoleLogger, type LogLevel, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { Manifest } from '@orchestrator/manifest';
import { Fault } from '@orchestrator/protocol';
import { CapabilityClient } from './capability-client.js';
import { FaultFilter } from './faults.filter.js';
import { InputPipe } from './input.pipe.js';
import type { Plugin } from './plugin/plugin.js';
import { pluginService } from './plugin/plugin-service.js';
import { PLUGIN_OPTIONS, type PluginOptions } from './plugin.module.js';
import { PluginServer } from './plugin-server.js';

const LEVELS: LogLevel[] = ['log', 'warn', 'error', 'fatal'];

/**
 * Runs a plugin, a Nest module or one with a pipeline, as this process: the whole `main.ts` of most plugins. Connects to `NATS_URL`, announces the manifest,
 * serves until SIGTERM or SIGINT, then drains. With `--manifest` it prints the manifest, and nothing else, and ends.
 * A mistake of its author ends the process with exit code 1 and one clear message.
 */
export async function runPlugin(what: Type | Plugin): Promise<void> {
  const printsManifest = process.argv.includes('--manifest');
  const own = typeof what === 'function' ? undefined : what;
  let hasBegun = false;
  const server = new PluginServer({ natsUrl: process.env.NATS_URL });
  try {
    const module = typeof what === 'function' ? what : pluginService(what);
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
      strategy: server,
      logger: printsManifest ? false : new ConsoleLogger({ logLevels: LEVELS, colors: process.stdout.isTTY === true }),
      abortOnError: false,
    });
    const plugin = app.get<PluginOptions>(PLUGIN_OPTIONS, { strict: false });
    server.use(plugin, app.get(CapabilityClient, { strict: false }));
    app.useGlobalFilters(new FaultFilter());
    app.useGlobalPipes(new InputPipe());
    app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
    if (printsManifest) {
      await app.init();
      process.stdout.write(`${JSON.stringify(await validated(server.manifest()), null, 2)}\n`);
      return;
    }
    hasBegun = true;
    await own?.init?.();
    await app.listen().catch(async (error) => {
      await validated(server.manifest()); // a bad manifest stops in many ways; this names what is wrong with it
      throw error;
    });
    process.stdout.write(`${plugin.name} ${plugin.version} ready\n`);
  } catch (error) {
    const fault = Fault.from(error);
    if (hasBegun) await own?.close?.();
    process.stderr.write(`The plugin cannot start: ${fault.message}\n${problemLines(fault)}`);
    process.exitCode = 1;
  }
}

/** As the registry checks it. Loaded when needed only: a plugin that runs leaves this to the registry, and stays small. */
async function validated(manifest: Manifest): Promise<Manifest> {
  const { validateManifest } = await import('@orchestrator/manifest');
  const { problems } = validateManifest(manifest);
  if (problems === undefined) return manifest;
  throw new Fault('invalid-argument', `The manifest has ${problems.length} problem(s).`, { problems });
}

function problemLines(fault: Fault): string {
  const problems = fault.details?.problems;
  if (!Array.isArray(problems)) return '';
  return problems.map((p: { pointer?: string; message?: string }) => `  ${p.pointer || '/'}: ${p.message}\n`).join('');
}
