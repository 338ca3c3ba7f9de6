import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { startComponent } from './component-process.js';
import { freePort, isPortFree } from './free-port.js';
import { type Located, type LocateOptions, locate } from './locate.js';
import { passLock, releaseLock, takeLock } from './lock-file.js';
import { createPrivateFolder, type PrivateFolder } from './private-folder.js';
import type { RunningProcess } from './processes.js';
import { Restartable } from './restartable.js';
import { NATS_SERVER } from './versions.js';

const PORT_ATTEMPTS = 5;
const INFO_TIMEOUT_MS = 1_000;
const ADDRESS_TIMEOUT_MS = 5_000;

export interface NatsOptions extends LocateOptions {
  /** The text of a configuration, such as `renderNatsConfig` makes. Port, data folder and JetStream are set besides it. */
  readonly config?: string;
  /** Where streams are kept; created when missing, kept at the end. @default a private folder, removed at the end */
  readonly dataDir?: string;
  /** On 127.0.0.1. @default a free one */
  readonly port?: number;
  /** Where the server's own output goes. @default a file in a private folder, removed at the end */
  readonly logFile?: string;
  /** How it is known to the other servers of a cluster, which must not change. @default a random one */
  readonly name?: string;
  /** Makes it one of a cluster. */
  readonly cluster?: ClusterMember;
}

/** What one server of a cluster on 127.0.0.1 knows of it. */
interface ClusterMember {
  /** Where it listens for the others. */
  readonly port: number;
  /** Where the others listen. */
  readonly routes: readonly number[];
}

export interface RunningNats {
  readonly url: string;
  readonly port: number;
  /** The process that serves now; undefined for a server that ran already, which `stop` leaves running. */
  readonly process: RunningProcess | undefined;
  readonly dataDir?: string;
  readonly logFile?: string;
  /** Starts the server again after its end, on the same port, data and users. @throws NatsStartError, ProcessStartError */
  restart(): Promise<RunningProcess>;
  /** Ends the server in order and removes what was private to it. */
  stop(): Promise<void>;
}

/** The port or data folder asked for is in use, or nothing answers at the address in the environment. */
export class NatsStartError extends Error {
  override readonly name = 'NatsStartError';
}

/**
 * Starts a nats-server with JetStream on 127.0.0.1, or takes the one at `ORC_NATS_URL` when `acceptAddress` is set.
 * @throws ComponentMissingError, NatsStartError, ProcessStartError
 */
export async function startNats(options: NatsOptions = {}): Promise<RunningNats> {
  const located = await locate(NATS_SERVER, options);
  if (located.kind === 'address') return useRunning(located.url);
  if (options.port !== undefined && !(await isPortFree(options.port))) throw portInUse(options.port);
  const home = createPrivateFolder('nats');
  try {
    return await startOn(located, options, home);
  } catch (error) {
    home.remove();
    throw error;
  }
}

async function startOn(
  located: Exclude<Located, { kind: 'address' }>,
  options: NatsOptions,
  home: PrivateFolder,
): Promise<RunningNats> {
  const dataDir = options.dataDir ?? join(home.path, 'data');
  const logFile = options.logFile ?? join(home.path, 'nats-server.log');
  mkdirSync(dataDir, { recursive: true });
  let { port } = options;
  const name = options.name ?? `orchestrator-${randomBytes(6).toString('hex')}`;
  const server = await Restartable.start(() =>
    withStoreLocked(dataDir, async () => {
      const launched = await launch(located, { ...options, name, port }, { home: home.path, dataDir, logFile });
      port = launched.port;
      return launched.server;
    }),
  );
  return {
    url: `nats://127.0.0.1:${port}`,
    port: Number(port),
    get process() {
      return server.process;
    },
    dataDir,
    logFile,
    restart: () => server.restart(),
    stop: async () => {
      await server.stop();
      home.remove();
    },
  };
}

/** nats-server does not lock its store, and two of them on one store destroy it: the lock is held as long as the server lives. */
async function withStoreLocked(dataDir: string, begin: () => Promise<RunningProcess>): Promise<RunningProcess> {
  const lock = join(dataDir, 'in-use.lock');
  const holder = takeLock(lock);
  if (holder) throw new NatsStartError(`The data folder ${dataDir} is in use by the process ${holder.heldBy}.`);
  try {
    const server = await begin();
    passLock(lock, server.pid);
    void server.exited.then(() => releaseLock(lock));
    return server;
  } catch (error) {
    releaseLock(lock);
    throw error;
  }
}

/** Starts the process; on another port again when somebody was quicker to take the free one. */
async function launch(
  located: Exclude<Located, { kind: 'address' }>,
  options: NatsOptions & { readonly name: string; readonly port: number | undefined },
  paths: { home: string; dataDir: string; logFile: string },
): Promise<{ server: RunningProcess; port: number }> {
  const { name, cluster } = options;
  const configFile = join(paths.home, 'nats.conf');
  if (options.config !== undefined) writeFileSync(configFile, options.config, { mode: 0o600 });
  const args = (dataDir: string, config: string) => [
    ...['--name', name, '--jetstream', '--store_dir', dataDir],
    ...(options.config === undefined ? [] : ['--config', config]),
    ...(cluster ? clusterArgs(cluster) : []),
  ];
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    try {
      const server = await startComponent(NATS_SERVER, located, {
        binaryArgs: [...args(paths.dataDir, configFile), '--addr', '127.0.0.1', '--port', String(port)],
        container: {
          args: [
            ...args('/data', '/orchestrator/nats.conf'),
            ...(cluster ? ['--addr', '127.0.0.1', '--port', String(port)] : []),
          ],
          ports: cluster ? 'host' : [[port, 4222]],
          mounts: [
            [paths.dataDir, '/data'],
            [paths.home, '/orchestrator'],
          ],
        },
        logFile: paths.logFile,
        readyFn: async () => {
          const info = await readServerInfo('127.0.0.1', port, INFO_TIMEOUT_MS).catch(() => undefined);
          if (info !== undefined && info.server_name !== name) throw portInUse(port);
          return info !== undefined;
        },
      });
      return { server, port };
    } catch (error) {
      if (options.port !== undefined || attempt === PORT_ATTEMPTS || (await isPortFree(port))) throw error;
    }
  }
}

function clusterArgs({ port, routes }: ClusterMember): string[] {
  const peers = routes.map((route) => `nats://127.0.0.1:${route}`).join(',');
  return ['--cluster_name', 'orchestrator', '--cluster', `nats://127.0.0.1:${port}`, '--routes', peers];
}

function portInUse(port: number): NatsStartError {
  return new NatsStartError(`Port ${port} of 127.0.0.1 is in use. Choose another, or end what listens there.`);
}

async function useRunning(address: string): Promise<RunningNats> {
  const url = new URL(address.includes('://') ? address : `nats://${address}`);
  const port = Number(url.port || 4222);
  try {
    await readServerInfo(url.hostname, port, ADDRESS_TIMEOUT_MS);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const where = `${url.hostname}:${port}`;
    throw new NatsStartError(`${NATS_SERVER.addressVariable} is set, but no NATS server answers at ${where}: ${why}`);
  }
  return {
    url: address,
    port,
    process: undefined,
    restart: async () => {
      throw new NatsStartError(`The NATS server at ${url.host} was not started here, and cannot be started again.`);
    },
    stop: async () => {},
  };
}

/** The INFO line with which a NATS server greets every connection: it really answers, and says which one it is. */
function readServerInfo(host: string, port: number, timeoutMs: number): Promise<{ server_name: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n');
      if (end < 0) return;
      socket.destroy();
      if (text.startsWith('INFO ')) resolve(JSON.parse(text.slice(5, end)));
      else reject(new Error('what answers there is not NATS'));
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer in time')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}
