import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startComponent } from './component-process.js';
import { freePort, isPortFree } from './free-port.js';
import { JAEGER_DEFAULT_PORTS, type JaegerPorts, renderJaegerConfig } from './jaeger-config.js';
import { type Located, type LocateOptions, locate } from './locate.js';
import { createPrivateFolder } from './private-folder.js';
import type { RunningProcess } from './processes.js';
import { Restartable } from './restartable.js';
import { JAEGER } from './versions.js';

const PORT_ATTEMPTS = 5;
const ANSWER_TIMEOUT_MS = 1_000;

export interface JaegerOptions extends LocateOptions {
  /** Of the query API and the web page, on 127.0.0.1. @default a free one */
  readonly queryPort?: number;
  /** For OTLP over HTTP, on 127.0.0.1. @default a free one */
  readonly otlpHttpPort?: number;
}

export interface RunningJaeger {
  /** Base of the query API and the web page. */
  readonly queryUrl: string;
  /** Base for OTLP over HTTP: what `OTEL_EXPORTER_OTLP_ENDPOINT` is set to. */
  readonly otlpHttpUrl: string;
  /** Whether it shows traces as a web page: a Jaeger built by Go alone has only the query API. */
  readonly hasPage: boolean;
  /** The process that serves now; undefined for a Jaeger that ran already, which `stop` leaves running. */
  readonly process: RunningProcess | undefined;
  /** Starts Jaeger again after its end, on the same ports; what it had stored is lost. @throws ProcessStartError */
  restart(): Promise<RunningProcess>;
  stop(): Promise<void>;
}

/** A port asked for is in use, or nothing answers at the address in the environment. */
export class JaegerStartError extends Error {
  override readonly name = 'JaegerStartError';
}

/**
 * Starts a Jaeger that keeps traces in memory, or takes the one at `ORC_JAEGER_URL` when `acceptAddress` is set.
 * @throws ComponentMissingError, JaegerStartError, ProcessStartError
 */
export async function startJaeger(options: JaegerOptions = {}): Promise<RunningJaeger> {
  const located = await locate(JAEGER, options);
  if (located.kind === 'address') return useRunning(located.url, options.env ?? process.env);
  for (const port of [options.queryPort, options.otlpHttpPort]) {
    if (port !== undefined && !(await isPortFree(port))) {
      throw new JaegerStartError(`Port ${port} of 127.0.0.1 is in use. Choose another, or end what listens there.`);
    }
  }
  const home = createPrivateFolder('jaeger');
  try {
    let { queryPort, otlpHttpPort } = options;
    const server = await Restartable.start(async () => {
      const launched = await launch(located, queryPort, otlpHttpPort, home.path);
      queryPort = launched.ports.query;
      otlpHttpPort = launched.ports.otlpHttp;
      return launched.server;
    });
    const queryUrl = `http://127.0.0.1:${queryPort}`;
    return {
      queryUrl,
      otlpHttpUrl: `http://127.0.0.1:${otlpHttpPort}`,
      hasPage: await hasPage(queryUrl),
      get process() {
        return server.process;
      },
      restart: () => server.restart(),
      stop: async () => {
        await server.stop();
        home.remove();
      },
    };
  } catch (error) {
    home.remove();
    throw error;
  }
}

/** Starts the process; on other ports again when somebody was quicker to take one of the free ones. */
async function launch(
  located: Exclude<Located, { kind: 'address' }>,
  queryPort: number | undefined,
  otlpHttpPort: number | undefined,
  home: string,
): Promise<{ server: RunningProcess; ports: JaegerPorts }> {
  const file = join(home, 'jaeger.yaml');
  for (let attempt = 1; ; attempt += 1) {
    const ports: JaegerPorts = {
      query: queryPort ?? (await freePort()),
      queryGrpc: await freePort(),
      otlpHttp: otlpHttpPort ?? (await freePort()),
      otlpGrpc: await freePort(),
    };
    const inContainer = located.kind === 'docker';
    const config = inContainer
      ? renderJaegerConfig('0.0.0.0', JAEGER_DEFAULT_PORTS)
      : renderJaegerConfig('127.0.0.1', ports);
    writeFileSync(file, config);
    try {
      const server = await startComponent(JAEGER, located, {
        binaryArgs: ['--config', file],
        container: {
          args: ['--config', '/orchestrator/jaeger.yaml'],
          ports: [
            [ports.query, JAEGER_DEFAULT_PORTS.query],
            [ports.otlpHttp, JAEGER_DEFAULT_PORTS.otlpHttp],
          ],
          mounts: [[home, '/orchestrator']],
        },
        logFile: join(home, 'jaeger.log'),
        readyFn: () => answers(`http://127.0.0.1:${ports.query}`),
      });
      return { server, ports };
    } catch (error) {
      const free = await Promise.all(Object.values(ports).map(isPortFree));
      if (attempt === PORT_ATTEMPTS || free.every(Boolean)) throw error;
    }
  }
}

/** Where traces go for a Jaeger whose query API is at `queryUrl`: as said, else port 4318 of the same host. */
export function otlpUrlFor(queryUrl: string, env: NodeJS.ProcessEnv): string {
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT) return env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const url = new URL(queryUrl);
  return `${url.protocol}//${url.hostname}:${JAEGER_DEFAULT_PORTS.otlpHttp}`;
}

async function useRunning(address: string, env: NodeJS.ProcessEnv): Promise<RunningJaeger> {
  const queryUrl = address.replace(/\/+$/, '');
  if (!URL.canParse(queryUrl) || !(await answers(queryUrl))) {
    throw new JaegerStartError(`${JAEGER.addressVariable} is set, but no Jaeger query API answers at ${queryUrl}.`);
  }
  return {
    queryUrl,
    otlpHttpUrl: otlpUrlFor(queryUrl, env),
    hasPage: await hasPage(queryUrl),
    process: undefined,
    restart: async () => {
      throw new JaegerStartError(`The Jaeger at ${queryUrl} was not started here, and cannot be started again.`);
    },
    stop: async () => {},
  };
}

async function answers(queryUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${queryUrl}/api/services`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** A build without the web page's files says so on the page that it has instead. */
async function hasPage(queryUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${queryUrl}/`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return response.ok && !(await response.text()).includes('not compiled with the UI assets');
  } catch {
    return false;
  }
}
