/**
 * Child processes that are never left behind. Each runs in a group of its own, so that Ctrl-C reaches only this process,
 * which then ends its children in its own order.
 */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { atExit, signalGroup, watchParent } from './exit-guard.js';

const READY_POLL_MS = 15;
const TAIL_LINES = 30;
/** How long after its end a process's output is still waited for, when a grandchild holds the pipe. */
const OUTPUT_GRACE_MS = 200;

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to this process's own environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Given each line of output as `name | line`. */
  readonly log?: (line: string) => void;
  /** Output is appended to this file. */
  readonly logFile?: string;
  /** Ready when a line of output matches. */
  readonly readyLine?: RegExp;
  /** Ready when this answers true; asked every few milliseconds. When it throws, the start has failed. */
  readonly readyFn?: () => Promise<boolean>;
  /** @default 30_000 */
  readonly readyTimeoutMs?: number;
  /** From SIGTERM to SIGKILL in `stop()`. @default 5_000 */
  readonly graceMs?: number;
  /** Gives up starting: a process that is not ready by then is ended. */
  readonly signal?: AbortSignal;
}

/** How a process ended: one of the two is set. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** SIGTERM, then SIGKILL after the grace. Resolves when the process and all of its group are gone. */
  stop(): Promise<ProcessExit>;
  kill(signal: NodeJS.Signals): void;
  /** The last lines of its output. */
  tail(): readonly string[];
}

/** A process did not start, or ended or stayed silent before it was ready. The message ends with its last output. */
export class ProcessStartError extends Error {
  override readonly name = 'ProcessStartError';

  constructor(processName: string, what: string, tail: readonly string[]) {
    super([`${processName} ${what}`, ...tail.map((line) => `  ${line}`)].join('\n'));
  }
}

/** Starts a process and waits until it is ready; at once when nothing says what ready is. @throws ProcessStartError */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { name, command, args = [], graceMs = 5_000, readyTimeoutMs = 30_000 } = options;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const failedToSpawn = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new ProcessStartError(name, `cannot be started: ${error.message}`, [])));
  });
  if (child.pid === undefined) return failedToSpawn;
  failedToSpawn.catch(() => {});
  const pid = child.pid;
  const unwatch = watchParent(pid);
  const forget = atExit(() => signalGroup(pid, 'SIGKILL'));

  const tail: string[] = [];
  const ready = Promise.withResolvers<void>();
  const file = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: 'a' });
  const onLine = (line: string) => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    file?.write(`${line}\n`);
    options.log?.(`${name} | ${line}`);
    if (options.readyLine?.test(line)) ready.resolve();
  };
  createInterface({ input: child.stdout }).on('line', onLine);
  createInterface({ input: child.stderr }).on('line', onLine);

  let ended = false;
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true;
      unwatch();
      forget();
      const end = () => {
        file?.end();
        resolve({ code, signal });
      };
      const late = setTimeout(end, OUTPUT_GRACE_MS);
      child.once('close', () => {
        clearTimeout(late);
        end();
      });
    });
  });

  const running: RunningProcess = {
    name,
    pid,
    exited,
    tail: () => tail,
    kill: (signal) => {
      if (!ended) signalGroup(pid, signal);
    },
    stop: async () => {
      if (ended) return exited;
      child.kill('SIGTERM');
      const killer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
      const exit = await exited;
      clearTimeout(killer);
      signalGroup(pid, 'SIGKILL'); // what the process itself left behind
      return exit;
    },
  };
  if (options.readyLine === undefined && options.readyFn === undefined) return running;

  const over = new AbortController();
  try {
    await Promise.race([
      ready.promise,
      untilReady(options.readyFn, over.signal),
      exited.then((exit) => {
        throw new ProcessStartError(
          name,
          `ended with ${exit.signal ?? `exit code ${exit.code}`} before it was ready`,
          tail,
        );
      }),
      untilAborted(options.signal, over.signal).then(() => {
        throw new ProcessStartError(name, 'was ended before it was ready', []);
      }),
      delay(readyTimeoutMs, undefined, { signal: over.signal }).then(() => {
        throw new ProcessStartError(name, `was not ready within ${readyTimeoutMs / 1000} s`, tail);
      }),
    ]);
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  } finally {
    over.abort();
  }
}

/** Resolves once `isReady` answers true; never without one, and never after the signal. */
async function untilReady(isReady: (() => Promise<boolean>) | undefined, over: AbortSignal): Promise<void> {
  while (isReady !== undefined && !over.aborted) {
    if (await isReady()) return;
    await delay(READY_POLL_MS);
  }
  await new Promise(() => {});
}

function untilAborted(signal: AbortSignal | undefined, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true, signal: over });
  });
}
