import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startComponent } from './component-process.js';
import { freePort, isPortFree } from './free-port.js';
import { JAEGER_DEFAULT_PORTS, type JaegerPorts, renderJaegerConfig } from './jaeger-config.js';
import { type Located, type LocateOptions, locate } from './locate.js';
import { createPrivateFolder } from './private-folder.js';
import type { ProcessExit, RunningProcess } from './processes.js';
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
  /** True for a Jaeger that ran already: `stop` does nothing. */
  readonly external: boolean;
  readonly pid?: number;
  /** How Jaeger ended; never settles for an external one. */
  readonly exited: Promise<ProcessExit>;
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
    const { server, ports } = await launch(located, options, home.path);
    return {
      queryUrl: `http://127.0.0.1:${ports.query}`,
      otlpHttpUrl: `http://127.0.0.1:${ports.otlpHttp}`,
      external: false,
      pid: server.pid,
      exited: server.exited,
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
  options: JaegerOptions,
  home: string,
): Promise<{ server: RunningProcess; ports: JaegerPorts }> {
  const file = join(home, 'jaeger.yaml');
  for (let attempt = 1; ; attempt += 1) {
    const ports: JaegerPorts = {
      query: options.queryPort ?? (await freePort()),
      queryGrpc: await freePort(),
      otlpHttp: options.otlpHttpPort ?? (await freePort()),
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
    external: true,
    exited: new Promise(() => {}),
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
