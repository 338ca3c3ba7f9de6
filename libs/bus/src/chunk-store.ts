/** Streamed output as it is stored: the messages of one invocation, read with the server's own sequence numbers. */
import type { Msg, Subscription } from '@nats-io/transport-node';
import {
  type ChunkHeader,
  type ChunkRead,
  decodeChunkHeader,
  HEADERS,
  LIMITS,
  type ResultAddress,
  STREAMS,
  subjects,
} from '@orchestrator/protocol';
import type { Bus } from './connection.js';
import type { Requester } from './requester.js';

/** A stored chunk, or the end marker. */
export interface StoredChunk extends ChunkHeader {
  /** Its sequence in the stream. */
  readonly streamSequence: number;
  readonly data: Uint8Array;
}

/** What stands last on the subject of an invocation's output. */
export interface LastStored {
  /** 0 where nothing is stored. */
  readonly streamSequence: number;
  /** Undefined where there is nothing, or what is no chunk. */
  readonly chunk: StoredChunk | undefined;
}

/**
 * Undefined for a message that is none: an acknowledgement, or a message stored elsewhere, that somebody had the server put there
 * by a reply subject. Such a message names the subject that it was stored under before, too.
 */
function storedChunk(msg: Msg, address: ResultAddress): StoredChunk | undefined {
  const named = msg.headers?.values('Nats-Subject') ?? [];
  if (named.length === 0 || named.some((subject) => subject !== subjects.chunk(address))) return undefined;
  const header = decodeChunkHeader(msg.headers?.get(HEADERS.chunk) ?? '');
  return header && { ...header, streamSequence: sequenceOf(msg), data: msg.data };
}

/** The server adds its own behind what the message was stored with. */
function sequenceOf(msg: Msg): number {
  return Number(msg.headers?.values('Nats-Sequence').at(-1) ?? 0);
}

/** @throws Fault `unavailable` or `deadline-exceeded` when the stream does not answer */
export async function readLastChunk(requester: Requester, address: ResultAddress): Promise<LastStored> {
  const subject = `$JS.API.DIRECT.GET.${STREAMS.chunks.name}.${subjects.chunk(address)}`;
  const msg = await requester.request(subject, '', { timeoutMs: 5_000 });
  return { streamSequence: sequenceOf(msg), chunk: storedChunk(msg, address) };
}

/** Some of the stored output, in its order. */
interface ChunkPage {
  readonly chunks: readonly StoredChunk[];
  /** The sequence of the stream to go on with. */
  readonly next: number;
  /** There is more already. */
  readonly hasMore: boolean;
}

const TIMEOUT_MS = 2_000;
/** How many chunks are asked for at once: half of what a writer may be ahead, so that it goes on while they are worked on. */
const PAGE_CHUNKS = LIMITS.windowChunks / 2;

/** How much of what it was told is kept until it is asked for; what is dropped is read from the stream later. */
const TOLD = { chunks: 2 * LIMITS.windowChunks, bytes: 2 * LIMITS.windowBytes };

/**
 * One invocation's output as it comes: what the server tells of each chunk once it is stored, and what it is asked for, by way of
 * a choreographer, a page at a time.
 */
export class ChunkFeed {
  readonly #bus: Bus;
  readonly #address: ResultAddress;
  readonly #inbox: string;
  readonly #subscriptions: readonly Subscription[];
  #asked = 0;
  #chunks: StoredChunk[] = [];
  #next = 1;
  #onEnd: ((hasMore: boolean) => void) | undefined;
  #told: StoredChunk[] = [];
  #toldBytes = 0;
  #hasMissed = false;

  constructor(bus: Bus, address: ResultAddress, onTold: () => void) {
    this.#bus = bus;
    this.#address = address;
    this.#inbox = bus.newInbox();
    const answers = bus.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, msg) => {
        if (!error && msg.subject === `${this.#inbox}.${this.#asked}`) this.#receive(msg);
      },
    });
    const told = bus.nc.subscribe(subjects.chunkStored(address), {
      callback: (error, msg) => {
        if (!error && this.#hear(msg)) onTold();
      },
    });
    this.#subscriptions = [answers, told];
  }

  /** Takes what was told and goes on after that chunk without a gap; the end marker carries the number of the last one. */
  takeTold(after: number): StoredChunk[] {
    const taken: StoredChunk[] = [];
    let last = after;
    for (const chunk of this.#told) {
      if (chunk.sequence === (chunk.isEnd ? last : last + 1)) taken.push(chunk);
      else if (chunk.sequence > last) this.#hasMissed = true;
      last = taken.at(-1)?.sequence ?? after;
    }
    this.#told = [];
    this.#toldBytes = 0;
    return taken;
  }

  /** Is there more in the stream than it was told since it last read a page? */
  get hasMissed(): boolean {
    return this.#hasMissed;
  }

  /** What is stored from a sequence of the stream on, oldest first; undefined when nobody has answered in time. */
  async read(acknowledged: number, from: number): Promise<ChunkPage | undefined> {
    this.#asked++;
    this.#hasMissed = false;
    this.#chunks = [];
    this.#next = from;
    const { promise, resolve } = Promise.withResolvers<ChunkPage | undefined>();
    const timer = setTimeout(() => resolve(undefined), TIMEOUT_MS);
    this.#onEnd = (hasMore) => resolve({ chunks: this.#chunks, next: this.#next, hasMore });
    this.#say({ acknowledged, from, batch: PAGE_CHUNKS }, `${this.#inbox}.${this.#asked}`);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#onEnd = undefined;
    }
  }

  /** Says how far the reader is, and asks for nothing. */
  acknowledge(acknowledged: number): void {
    this.#say({ acknowledged });
  }

  /** Says that it reads no more. */
  close(): void {
    this.#say({ left: true });
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #say(said: Partial<ChunkRead> | { left: true }, reply?: string): void {
    const subject = subjects.read(this.#address);
    if (!this.#bus.nc.isClosed()) this.#bus.nc.publish(subject, JSON.stringify(said), reply ? { reply } : {});
  }

  /** Answers whether it was told of a chunk. */
  #hear(msg: Msg): boolean {
    const chunk = storedChunk(msg, this.#address);
    const bytes = this.#toldBytes + msg.data.length;
    if (!chunk) return false;
    if (this.#told.length >= TOLD.chunks || bytes > TOLD.bytes) {
      this.#hasMissed = true;
      return true;
    }
    this.#told.push(chunk);
    this.#toldBytes = bytes;
    return true;
  }

  /** The server sends a message for each, and a status after the last, also when there is none. */
  #receive(msg: Msg): void {
    if (msg.headers?.code) {
      this.#onEnd?.(Number(msg.headers.get('Nats-Num-Pending') || 0) > 0);
      return;
    }
    this.#next = sequenceOf(msg) + 1;
    const chunk = storedChunk(msg, this.#address);
    if (chunk) this.#chunks.push(chunk);
  }
}
