/**
 * The whole system as processes of this machine: nats-server, registry, choreographer and plugins, each with a NATS user
 * of its own. What `up`, the demo and the tests start.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LocateOptions } from './locate.js';
import { isNatsServer, startNatsCluster } from './nats-cluster.js';
import { ANY_PLUGIN_USER, createNatsPasswords, natsUrlAs, renderNatsConfig } from './nats-config.js';
import { createPrivateFolder } from './private-folder.js';
import { type RunningProcess, startProcess } from './processes.js';
import { projectRoot } from './tools-dir.js';

/** A plugin to run: its name is that of its NATS user, its entry the file that Node runs. */
export interface PluginEntry {
  readonly name: string;
  readonly entry: string;
}

export interface SystemOptions {
  readonly plugins: readonly PluginEntry[];
  /** Where streams, history and context keys are kept. @default a private folder, removed at the end */
  readonly dataDir?: string;
  /** @default a free one */
  readonly natsPort?: number;
  /** How many nats-servers there are; more than one are a cluster. @default 1 */
  readonly natsServers?: number;
  /** Base of an OTLP/HTTP receiver. @default no spans */
  readonly otlpUrl?: string | undefined;
  /** Added to the environment of every process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly locate?: LocateOptions;
  /** Given each line that a process writes. */
  readonly log?: (line: string) => void;
  /** Told what is being started. */
  readonly onStep?: (step: string) => void;
  /** Answers the address through which a process reaches NATS, such as that of a proxy. @default the server's own */
  readonly route?: (process: string, url: string) => string | Promise<string>;
}

export interface RunningSystem {
  /** Where NATS is, which stays so however often its servers are started again. */
  readonly nats: { readonly url: string };
  /** For a NATS user, `caller` being the one without credentials. */
  urlAs(user: string): string;
  /** The processes that run now, by name: services, plugins, and `nats-server` unless it ran already; with more of them, `nats-server-2` and so on. */
  readonly processes: ReadonlyMap<string, RunningProcess>;
  /** Starts a process of this system again after its end, or one more service or plugin under another `as` name. */
  start(name: string, as?: string): Promise<RunningProcess>;
  /** Starts a plugin that was not among the first ones, as the development user. */
  startPlugin(plugin: PluginEntry, env?: NodeJS.ProcessEnv): Promise<RunningProcess>;
  /** Ends everything, also what is being started: plugins first, then services, then NATS. */
  stop(): Promise<void>;
}

const SERVICES = ['registry', 'choreographer'] as const;
/** There are many plugins and most of them idle: each gives some megabytes back for collecting garbage a little oftener. */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=4';

function isService(name: string): boolean {
  return SERVICES.some((service) => name.startsWith(service));
}

/** The plugins that ship with the product. */
export function shippedPlugins(): PluginEntry[] {
  return ['designer', 'editor'].map((name) => ({
    name,
    entry: join(requiredRoot(), 'plugins', name, 'dist', 'main.js'),
  }));
}

/** Starts everything and waits until all of it is ready. @throws ComponentMissingError, NatsStartError, ProcessStartError */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const { onStep = () => {}, log } = options;
  const names = options.plugins.map((plugin) => plugin.name);
  const passwords = createNatsPasswords(names);
  const home = options.dataDir ? { path: options.dataDir, remove: () => {} } : createPrivateFolder('data');
  onStep('nats-server');
  const nats = await startNatsCluster({
    servers: options.natsServers,
    config: renderNatsConfig({ plugins: names, password: (user) => passwords[user] ?? '' }),
    dataDir: join(home.path, 'nats'),
    ...(options.natsPort !== undefined && { port: options.natsPort }),
    ...options.locate,
  });
  const first = nats.servers.values().next().value;
  const urlAs = (user: string) => {
    const password = passwords[user];
    return first?.process === undefined || user === 'caller' || password === undefined
      ? nats.url
      : natsUrlAs(nats.url, user, password);
  };
  const processes = new Map<string, RunningProcess>();
  const starting = new Set<Promise<RunningProcess>>();
  const ending = new AbortController();
  /** Lists the process from its start to its end. */
  const listed = async (name: string, start: Promise<RunningProcess>) => {
    starting.add(start);
    try {
      const started = await start;
      processes.set(name, started);
      void started.exited.then(() => processes.get(name) === started && processes.delete(name));
      return started;
    } finally {
      starting.delete(start);
    }
  };
  const { route = (_process: string, url: string) => url } = options;
  const environment = {
    ...options.env,
    ...(options.otlpUrl && { OTEL_EXPORTER_OTLP_ENDPOINT: options.otlpUrl }),
  };
  const keys = contextKeys(home.path);
  /** Only choreographers get the keys, and each replica a folder of its own for its projection. */
  const privateTo = (name: string, as: string): NodeJS.ProcessEnv =>
    name === 'choreographer'
      ? { ORC_CONTEXT_KEYS: keys, ORC_DATA_DIR: join(home.path, as) }
      : { ORC_CONTEXT_KEYS: undefined };
  const begin = async (name: string, as: string, user: string, entry: string, env: NodeJS.ProcessEnv) =>
    startProcess({
      name: as,
      command: process.execPath,
      args: [...(isService(as) ? [] : [SMALL_YOUNG_GENERATION]), entry],
      env: { ...environment, ...privateTo(name, as), ...env, NATS_URL: await route(as, urlAs(user)) },
      readyLine: / ready$/,
      graceMs: 10_000,
      signal: ending.signal,
      ...(log && { log }),
    });
  const run = (name: string, as: string, user: string, entry: string, env: NodeJS.ProcessEnv = {}) =>
    listed(as, begin(name, as, user, entry, env));
  const system: RunningSystem = {
    nats,
    urlAs,
    processes,
    start: (name, as = name) => {
      const server = nats.servers.get(name);
      if (server) return listed(name, server.restart());
      const plugin = options.plugins.find((one) => one.name === name);
      return run(name, as, name, plugin?.entry ?? join(requiredRoot(), 'services', name, 'dist', 'main.js'));
    },
    startPlugin: (plugin, env) => run(plugin.name, plugin.name, ANY_PLUGIN_USER, plugin.entry, env),
    stop: async () => {
      ending.abort();
      await Promise.allSettled(starting);
      const [services, plugins] = [true, false].map((wanted) =>
        [...processes.values()].filter(({ name }) => !isNatsServer(name) && isService(name) === wanted),
      );
      for (const group of [plugins, services]) await Promise.all((group ?? []).map((running) => running.stop()));
      await nats.stop();
      home.remove();
    },
  };
  for (const [name, server] of nats.servers) if (server.process) void listed(name, Promise.resolve(server.process));
  try {
    onStep('registry and choreographer');
    await Promise.all(SERVICES.map((name) => system.start(name)));
    if (names.length > 0) onStep(`plugins ${names.join(' and ')}`);
    await Promise.all(names.map((name) => system.start(name)));
    return system;
  } catch (error) {
    await system.stop();
    throw error;
  }
}

/** The keys that sign call contexts: kept with the data, so that work which outlives a restart stays valid. */
function contextKeys(dataDir: string): string {
  const file = join(dataDir, 'context-keys');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const fresh = `k1:${randomBytes(32).toString('hex')}`;
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(file, `${fresh}\n`, { mode: 0o600 });
  return fresh;
}

function requiredRoot(): string {
  const root = projectRoot();
  if (root === undefined)
    throw new Error('The folder of the project was not found: no package.json named "orchestrator" above this module.');
  return root;
}
