/**
 * What must not outlive this process. Cleanups run when the process exits, also by an uncaught exception, and on SIGINT,
 * SIGTERM and SIGHUP when nobody else listens for these: an application that ends itself in order is left to do so.
 * For kill -9 there is a watchdog per child: a shell that waits for the pipe from this process to close.
 */
import { spawn } from 'node:child_process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const cleanups = new Set<() => void>();

/** Has `cleanup`, which must be synchronous, run when this process ends. Answers with a function that calls this off. */
export function atExit(cleanup: () => void): () => void {
  if (cleanups.size === 0) {
    process.on('exit', runCleanups);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  cleanups.add(cleanup);
  return () => {
    if (!cleanups.delete(cleanup) || cleanups.size > 0) return;
    process.off('exit', runCleanups);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}

function runCleanups(): void {
  for (const cleanup of [...cleanups].reverse()) cleanup(); // processes before the folders that they use
}

function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  runCleanups();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}

/** Sends a signal to a process group; a group that is gone is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** TERM, up to three seconds to end in order, KILL; nothing at all when a line arrives before the pipe closes. */
const WATCHDOG = `read -r _ && exit
kill -s TERM -- "-$1"
i=0; while [ $i -lt 30 ] && kill -s 0 -- "-$1"; do sleep 0.1; i=$((i+1)); done
kill -s KILL -- "-$1"`;

/** Ends the process group `pid` should this process be killed. Answers with a function that ends the watch. */
export function watchParent(pid: number): () => void {
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'watchdog', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.once('error', () => {}); // without a shell there is no watchdog, and all else works
  watchdog.stdin.once('error', () => {});
  watchdog.unref();
  return () => watchdog.stdin.end('done\n');
}
