import { type Bus, CallClient, connectBus } from '@orchestrator/bus';

export interface Session {
  readonly bus: Bus;
  readonly client: CallClient;
}

/** What a command line says of it. */
export interface SessionOptions {
  readonly nats?: string | undefined;
  readonly caller?: string;
  readonly waitForNatsMs?: number | undefined;
}

/** Connects for one command, and disconnects however it ends. */
export async function withSession<T>(
  options: {
    readonly nats?: string | undefined;
    readonly caller?: string;
    readonly waitMs?: number | undefined;
  },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const bus = await connectBus({
    url: options.nats ?? process.env.NATS_URL,
    name: 'orchestrator-cli',
    waitMs: options.waitMs,
  });
  try {
    return await work({ bus, client: new CallClient(bus, options.caller ?? 'cli') });
  } finally {
    await bus.nc.close();
  }
}
