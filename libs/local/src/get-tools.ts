import { type LocateOptions, locate } from './locate.js';
import { JAEGER, NATS_SERVER } from './versions.js';

/** Finds or builds nats-server and Jaeger, one after the other, so that nobody has to wait for it later. @throws ComponentMissingError */
export async function getTools(options: LocateOptions): Promise<void> {
  await locate(NATS_SERVER, options);
  await locate(JAEGER, options);
}
