import { setTimeout as delay } from 'node:timers/promises';
import type { RunningProcess } from '@orchestrator/local';
import { tell } from './terminal.js';

/** From the end of a process to its next start; twice as long after each start that fails, up to the longest pause. */
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** Starts a process again whenever it ends by itself, and says so, until the signal. */
export function keepRunning(
  running: RunningProcess,
  startAgain: () => Promise<RunningProcess>,
  over: AbortSignal,
): void {
  void running.exited.then(async () => {
    if (over.aborted) return;
    tell(`${running.name} has ended by itself; starting it again`);
    const next = await startUntilItRuns(running.name, startAgain, over);
    if (next === undefined) return;
    tell(`${running.name} runs again`);
    keepRunning(next, startAgain, over);
  });
}

/** Undefined when the signal came first. */
async function startUntilItRuns(
  name: string,
  startAgain: () => Promise<RunningProcess>,
  over: AbortSignal,
): Promise<RunningProcess | undefined> {
  for (let pauseMs = PAUSE_MS; !over.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      await delay(pauseMs, undefined, { signal: over });
      return await startAgain();
    } catch (error) {
      if (!over.aborted) tell(`${name} does not start again, and is tried again: ${(error as Error).message}`);
    }
  }
  return undefined;
}
