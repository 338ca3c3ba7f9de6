/** Prints what a call streams, and how far it is, until it ends. */
import type { CallOutcome, InvocationHandle } from '@orchestrator/bus';
import { messageOf } from './failure.js';
import { oneLine } from './one-line.js';
import { print, tell } from './terminal.js';

export interface FollowOutputOptions {
  /** Print chunks with their numbers. */
  readonly json?: boolean | undefined;
  /** The number of the last chunk that is known already. */
  readonly after?: number;
  /** Tell how far it is, too. */
  readonly withProgress?: boolean;
}

/** Chunks go to standard output, a line of JSON each, so that nothing in them steers a terminal; all else to standard error. */
export async function followOutput(
  handle: InvocationHandle,
  { json, after, withProgress }: FollowOutputOptions,
): Promise<CallOutcome> {
  // Output may be gone when the result is still there.
  const printed = printChunks(handle, after, json).catch((error) => tell(messageOf(error)));
  const followed = [printed, withProgress ? tellProgress(handle) : undefined];
  const outcome = handle.outcome();
  await Promise.allSettled([outcome, ...followed]); // also what nobody answers has been followed to its end
  return outcome;
}

async function printChunks(handle: InvocationHandle, after: number | undefined, json: boolean | undefined) {
  let attempt: number | undefined;
  for await (const chunk of handle.chunks({ after })) {
    if (attempt !== undefined && chunk.attempt !== attempt) tell(`Attempt ${chunk.attempt} begins the output anew.`);
    attempt = chunk.attempt;
    print(JSON.stringify(json ? chunk : chunk.value));
  }
}

async function tellProgress(handle: InvocationHandle): Promise<void> {
  for await (const { percent, message = '' } of handle.progress()) {
    tell(`${String(Math.round(percent)).padStart(4)} %  ${oneLine(message)}`);
  }
}
