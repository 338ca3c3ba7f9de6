/** One nats-server, or several that are a cluster: all on 127.0.0.1, each a process with a store of its own. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { type NatsOptions, type RunningNats, startNats } from './nats-server.js';

export interface NatsClusterOptions extends Omit<NatsOptions, 'name' | 'cluster' | 'logFile' | 'dataDir'> {
  readonly dataDir: string;
  /** @default 1 */
  readonly servers?: number | undefined;
}

export interface RunningNatsCluster {
  /** Of all of them: `nats://host:port,host:port`. */
  readonly url: string;
  /** By process name: `nats-server`, `nats-server-2` and so on. */
  readonly servers: ReadonlyMap<string, RunningNats>;
  stop(): Promise<void>;
}

const FIRST = 'nats-server';

/** Is this the name of a process that is one of them? */
export function isNatsServer(process: string): boolean {
  return process.startsWith(FIRST);
}

/** @throws ComponentMissingError, NatsStartError, ProcessStartError */
export async function startNatsCluster({
  servers: count = 1,
  ...options
}: NatsClusterOptions): Promise<RunningNatsCluster> {
  const names = Array.from({ length: count }, (_, n) => (n === 0 ? FIRST : `${FIRST}-${n + 1}`));
  const ports = await freePorts(count);
  const suffix = randomBytes(6).toString('hex');
  const starts = names.map((name, n) =>
    startNats({
      ...options,
      dataDir: count === 1 ? options.dataDir : join(options.dataDir, name),
      ...(count > 1 && {
        name: `${name}-${suffix}`,
        cluster: { port: ports[n] as number, routes: ports.filter((_, other) => other !== n) },
      }),
    }),
  );
  const started = (await Promise.allSettled(starts)).map((start) =>
    start.status === 'fulfilled' ? start.value : start.reason,
  );
  const servers = new Map<string, RunningNats>();
  for (const [n, server] of started.entries()) {
    if (!(server instanceof Error)) servers.set(names[n] as string, server);
  }
  const stop = async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  };
  const failure = started.find((server) => server instanceof Error);
  if (failure) {
    await stop();
    throw failure;
  }
  const hosts = [...servers.values()].map(({ url }) => url.replace('nats://', ''));
  return { url: count === 1 ? (servers.get(FIRST) as RunningNats).url : `nats://${hosts.join(',')}`, servers, stop };
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
