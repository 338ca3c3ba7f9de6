import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connectBus } from '@orchestrator/bus';
import { Fault } from '@orchestrator/protocol';
import { Registry } from './registry.js';
import { RegistryModule } from './registry.module.js';
import { settingsFromEnv } from './settings.js';

try {
  const settings = settingsFromEnv(process.env);
  const bus = await connectBus({ url: settings.natsUrl, name: 'registry', waitForServer: true });
  const app = await NestFactory.createApplicationContext(RegistryModule.with(bus, settings), {
    logger: new ConsoleLogger({ logLevels: ['log', 'warn', 'error', 'fatal'], colors: process.stdout.isTTY === true }),
  });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.get(Registry).start();
  process.stdout.write('registry ready\n');
} catch (error) {
  process.stderr.write(`The registry cannot start: ${Fault.from(error).message}\n`);
  process.exit(1);
}
