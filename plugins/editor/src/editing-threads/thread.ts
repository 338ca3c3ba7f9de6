/** An editing thread: takes one piece of work after the other. The language modules live here, and nowhere else. */
import { parentPort } from 'node:worker_threads';
import type { FromThread, ToThread } from './thread-pool.js';
import { WORK } from './work.js';

const work: Readonly<Record<string, (...args: never[]) => unknown>> = WORK;

parentPort?.on('message', ({ name, args }: ToThread) => parentPort?.postMessage(outcomeOf(name, args)));

function outcomeOf(name: string, args: readonly unknown[]): FromThread {
  try {
    return { value: work[name]?.(...(args as never[])) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
