/**
 * Reading streamed output, while it is made or later: what the server tells of as it is stored, and out of the stream what nobody
 * was there to hear.
 *
 * Invariants: (1) chunks come in the order of their numbers, each once, none left out. (2) A chunk is acknowledged when the next is
 * asked for. (3) A reader that waits or works says every second that it is there.
 */
import { Fault, LIMITS, type ResultAddress } from '@orchestrator/protocol';
import { ChunkFeed, type StoredChunk } from './chunk-store.js';
import type { Bus } from './connection.js';

/** A piece of streamed output. */
export interface Chunk {
  /** Whoever sees a higher one than before drops what came of earlier attempts: the output begins anew. */
  readonly attempt: number;
  /** From 1 on, through all attempts: give it as `after` to go on behind it. */
  readonly sequence: number;
  readonly value: unknown;
}

export interface ReadOptions {
  /** The number of the last chunk that is known already. @default 0, which reads all */
  readonly after?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is known of the end of an invocation. */
export interface StreamEnd {
  /** The number of the last chunk; undefined where nobody has said. */
  readonly last: number | undefined;
}

/** A reader that does not wait says so often how far it is: writers may be further ahead. */
const ACKNOWLEDGED_AT_ONCE = LIMITS.windowChunks / 4;
/** How soon it looks again for what must be there, and how often before it is taken to be gone: a replica may be a little behind. */
const LOOK_AGAIN_MS = 50;
const LOOKS = 40;

/**
 * @param ended resolves when the invocation has ended, in a result or a fault; the end marker in the stream may come first
 * @throws Fault `not-found` when chunks after the given one are not kept any more; the signal's fault, or `cancelled`; what `ended`
 *   rejects with, when nobody will know how it ends
 */
export async function* readChunks(
  bus: Bus,
  address: ResultAddress,
  ended: Promise<StreamEnd>,
  { after = 0, signal }: ReadOptions = {},
): AsyncGenerator<Chunk, void> {
  const bell = new Bell();
  const feed = new ChunkFeed(bus, address, () => bell.ring());
  let end: StreamEnd | undefined;
  let broken: Fault | undefined;
  ended.then(
    (is) => {
      end = is;
      bell.ring();
    },
    (error) => {
      broken = Fault.from(error);
      bell.ring();
    },
  );
  const onAbort = () => bell.ring();
  signal?.addEventListener('abort', onAbort);
  let acknowledged = after;
  let said = after;
  const acknowledge = () => {
    said = acknowledged;
    feed.acknowledge(said);
  };
  const beat = setInterval(acknowledge, LIMITS.readerBeatMs).unref();
  /** The next sequence of the stream. */
  let from = 1;
  let missed = 0;
  let mustLook = true;
  try {
    for (;;) {
      throwIfAborted(signal);
      if (broken) throw broken;
      if (bus.nc.isClosed()) throw new Fault('unavailable', 'The connection to NATS is closed.');
      bell.wait();
      const known = end;
      if (known?.last !== undefined && acknowledged >= known.last) return;
      let chunks: readonly StoredChunk[] = feed.takeTold(acknowledged);
      mustLook = feed.hasMissed || (mustLook && chunks.length === 0);
      if (chunks.length === 0 && mustLook) {
        said = acknowledged;
        const page = await feed.read(said, from);
        from = page?.next ?? from;
        mustLook = page === undefined || page.hasMore;
        chunks = page?.chunks ?? [];
      }
      const before = acknowledged;
      for (const stored of chunks) {
        if (stored.isEnd || stored.sequence > (known?.last ?? Number.POSITIVE_INFINITY)) return;
        if (stored.sequence <= acknowledged) continue;
        if (stored.sequence > acknowledged + 1) throw gone(acknowledged, stored.sequence);
        throwIfAborted(signal);
        yield { attempt: stored.attempt, sequence: stored.sequence, value: parsedValue(stored) };
        acknowledged = stored.sequence;
        from = Math.max(from, stored.streamSequence + 1);
        if (acknowledged - said >= ACKNOWLEDGED_AT_ONCE) acknowledge();
      }
      if (acknowledged > before || mustLook) continue;
      if (known) {
        if (known.last === undefined) return;
        if (++missed > LOOKS) throw gone(acknowledged);
      }
      if (acknowledged > said) acknowledge();
      await bell.rung(known ? LOOK_AGAIN_MS : LIMITS.readerBeatMs);
      mustLook = true; // unless it is told of the next one
    }
  } finally {
    clearInterval(beat);
    signal?.removeEventListener('abort', onAbort);
    feed.close();
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw Fault.is(signal.reason) ? signal.reason : new Fault('cancelled', 'No longer reading the output.');
}

/** @param first the first chunk that is there */
function gone(after: number, first?: number): Fault {
  return new Fault('not-found', `The output after chunk ${after} is not kept any more.`, { after, first });
}

/** @throws Fault `internal` when the chunk is not JSON */
function parsedValue({ data, sequence }: StoredChunk): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString());
  } catch (cause) {
    throw new Fault('internal', `Chunk ${sequence} is not JSON.`, undefined, { cause });
  }
}

/** Remembers that it rang since somebody began to listen. */
class Bell {
  #rang = Promise.withResolvers<void>();

  ring(): void {
    this.#rang.resolve();
  }

  /** From now on it has not rung. */
  wait(): void {
    this.#rang = Promise.withResolvers();
  }

  /** Resolves once it has rung, or the time is over. */
  async rung(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([this.#rang.promise, timeout]);
    clearTimeout(timer);
  }
}
