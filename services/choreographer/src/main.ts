import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connectBus } from '@orchestrator/bus';
import { Fault } from '@orchestrator/protocol';
import { Choreographer } from './choreographer.js';
import { ChoreographerModule } from './choreographer.module.js';
import { settingsFromEnv } from './settings.js';

try {
  const settings = settingsFromEnv(process.env);
  const bus = await connectBus({ url: settings.natsUrl, name: 'choreographer', waitForServer: true });
  const app = await NestFactory.createApplicationContext(ChoreographerModule.with(bus, settings), {
    logger: new ConsoleLogger({ logLevels: ['log', 'warn', 'error', 'fatal'], colors: process.stdout.isTTY === true }),
  });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.get(Choreographer).start();
  process.stdout.write('choreographer ready\n');
} catch (error) {
  process.stderr.write(`The choreographer cannot start: ${Fault.from(error).message}\n`);
  process.exit(1);
}
