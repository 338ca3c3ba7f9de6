/** Prints what a call streams, and how far it is, until it ends. */
import type { CallOutcome, InvocationHandle, ReadOptions } from '@orchestrator/bus';
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
  const over = new AbortController();
  try {
    const trouble = printChunks(handle, { after, signal: over.signal }, json).then(
      () => undefined,
      (error) => error,
    );
    const told = withProgress ? tellProgress(handle, over.signal) : undefined;
    const outcome = await handle.outcome();
    await told;
    const error = await trouble;
    if (error) tell(messageOf(error)); // output may be gone when the result is still there
    return outcome;
  } finally {
    over.abort();
  }
}

async function printChunks(handle: InvocationHandle, options: ReadOptions, json: boolean | undefined): Promise<void> {
  let attempt: number | undefined;
  for await (const chunk of handle.chunks(options)) {
    if (attempt !== undefined && chunk.attempt !== attempt) tell(`Attempt ${chunk.attempt} begins the output anew.`);
    attempt = chunk.attempt;
    print(JSON.stringify(json ? chunk : chunk.value));
  }
}

async function tellProgress(handle: InvocationHandle, signal: AbortSignal): Promise<void> {
  for await (const { percent, message = '' } of handle.progress(signal)) {
    tell(`${String(Math.round(percent)).padStart(4)} %  ${oneLine(message)}`);
  }
}
