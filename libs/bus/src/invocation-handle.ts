/** Following one invocation: how far it is, what it streams, how it ends. */
import { type Fault, HEADERS, type ResultAddress, subjects } from '@orchestrator/protocol';
import type { Answer } from './answers.js';
import { type Chunk, type ReadOptions, readChunks, type StreamEnd } from './chunk-reader.js';
import type { Bus } from './connection.js';

/** How a call ended, with what finds it again in history. */
export interface CallOutcome {
  readonly result: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: Fault };
  readonly invocation: string | undefined;
  readonly correlation: string | undefined;
}

/** How far an invocation has come, as its host says. */
export interface Progress {
  readonly percent: number;
  readonly message?: string;
}

/** An invocation that can be followed: by its caller, or by whoever knows its ids, in another process or later. */
export interface InvocationHandle {
  readonly invocation: string;
  /** Of a durable one, the stored result. */
  outcome(signal?: AbortSignal): Promise<CallOutcome>;
  /** What its host tells from now on, until it ends; nothing of it is stored, and of what nobody has taken in time only the last is kept. */
  progress(signal?: AbortSignal): AsyncGenerator<Progress, void>;
  /** What it streams, from the first chunk on or after the given one, until it ends. See `readChunks` for what it throws. */
  chunks(options?: ReadOptions): AsyncGenerator<Chunk, void>;
}

interface Followed {
  readonly bus: Bus;
  readonly address: ResultAddress;
  /** The message that it ends in. */
  readonly answer: (signal: AbortSignal | undefined) => Promise<Answer>;
  readonly outcomeOf: (answer: Answer, signal: AbortSignal | undefined) => Promise<CallOutcome>;
}

export function followInvocation({ bus, address, answer, outcomeOf }: Followed): InvocationHandle {
  return {
    invocation: address.invocation,
    outcome: async (signal) => outcomeOf(await answer(signal), signal),
    chunks: async function* (options = {}) {
      const over = new AbortController();
      try {
        yield* readChunks(bus, address, answer(over.signal).then(streamEnd), options);
      } finally {
        over.abort();
      }
    },
    progress: async function* (signal) {
      const over = new AbortController();
      const ended = answer(over.signal).then(
        () => undefined,
        () => undefined,
      );
      try {
        yield* readProgress(bus, address, ended, signal);
      } finally {
        over.abort();
      }
    },
  };
}

/** A success that names no chunk has none; of a fault, the host may not be the one that says so. */
function streamEnd({ headers }: Answer): StreamEnd {
  const last = headers?.get(HEADERS.chunks);
  if (last) return { last: Number(last) };
  return { last: headers?.get(HEADERS.fault) ? undefined : 0 };
}

async function* readProgress(
  bus: Bus,
  address: ResultAddress,
  ended: Promise<undefined>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Progress, void> {
  let newest: Progress | undefined;
  let wake = Promise.withResolvers<void>();
  const subscription = bus.nc.subscribe(subjects.progress(address), {
    callback: (error, msg) => {
      newest = (error ? undefined : parseProgress(msg.string())) ?? newest;
      wake.resolve();
    },
  });
  const isOver = Promise.race([ended, aborted(signal)]).then(() => 'over' as const);
  try {
    for (;;) {
      const woken = await Promise.race([wake.promise, isOver]);
      wake = Promise.withResolvers();
      const progress = newest;
      newest = undefined;
      if (progress) yield progress;
      else if (woken === 'over') return;
    }
  } finally {
    subscription.unsubscribe();
  }
}

function parseProgress(text: string): Progress | undefined {
  try {
    const { percent, message } = JSON.parse(text) as Record<string, unknown>;
    if (typeof percent !== 'number') return undefined;
    return { percent, ...(typeof message === 'string' && { message }) };
  } catch {
    return undefined;
  }
}

/** Never without a signal. */
function aborted(signal: AbortSignal | undefined): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve(undefined);
    signal?.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
