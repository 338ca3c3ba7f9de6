/**
 * The output that one run of an invocation streams: chunk after chunk into the stream, held up by its readers.
 *
 * Invariants: (1) each chunk has the next number, and is stored once: it says what must be the last before it, so that one that is
 * sent again after a lost acknowledgement is refused, and found to be there. (2) Once a later attempt has stored a chunk, an
 * earlier one stores no more. (3) Chunks are stored one after the other; what waits for that is bounded. (4) After one could not
 * be stored, none is: the run ends in that fault.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { OutgoingHeaders, type Requester, readLastChunk, type StoredPublisher } from '@orchestrator/bus';
import {
  CreditWindow,
  encodeChunkHeader,
  Fault,
  HEADERS,
  LIMITS,
  type ResultAddress,
  subjects,
} from '@orchestrator/protocol';
import type { AttachedReaders } from './attached-readers.js';

const EXPECTED_LAST = 'Nats-Expected-Last-Subject-Sequence';
const WINDOW = { chunks: LIMITS.windowChunks, bytes: LIMITS.windowBytes };
const RETRY_MS = 250;
/** How often it is found that something else is last, for one chunk. */
const MAX_TRIES = 16;

export interface OutputStreamParts {
  readonly publisher: StoredPublisher;
  readonly requester: Requester;
  readonly readers: AttachedReaders;
  /** Until it is tried again to store a chunk that NATS did not acknowledge. @default 250 */
  readonly retryMs?: number;
}

export class OutputStream {
  readonly #parts: OutputStreamParts;
  readonly #address: ResultAddress;
  readonly #attempt: number;
  readonly #signal: AbortSignal;
  #window = new CreditWindow(WINDOW);
  /** Of the last message of this invocation in the stream, as far as it is known here. */
  #lastStored = 0;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #chunks = 0;
  #bytes = 0;
  #fault: Fault | undefined;
  #isSuperseded = false;

  constructor(parts: OutputStreamParts, address: ResultAddress, attempt: number, signal: AbortSignal) {
    this.#parts = parts;
    this.#address = address;
    this.#attempt = attempt;
    this.#signal = signal;
  }

  /** The number of the last chunk; 0 when this run has stored none. */
  get last(): number {
    return this.#chunks === 0 ? 0 : this.#window.written;
  }

  /** A later attempt has taken over: whatever this one comes to is nothing any more. */
  get isSuperseded(): boolean {
    return this.#isSuperseded;
  }

  /** Resolves when the chunk is stored, which waits for a reader that is too far behind. @throws Fault */
  emit(value: unknown): Promise<void> {
    const stored = this.#enqueue(value);
    stored.catch(() => {}); // the run ends in it also where nobody waits for the chunk
    return stored;
  }

  /** The run has ended: what is emitted now is too late. */
  close(): void {
    this.#fault ??= new Fault('failed', 'The run has ended, and streams no more.');
  }

  /** Resolves when all that was emitted is stored. @throws Fault what one of them could not be stored for */
  async flush(): Promise<void> {
    await this.#tail;
    if (this.#fault) throw this.#fault;
  }

  /** Marks the end, once the outcome is known to whoever waits for it. Best effort: the outcome says it, too. */
  async end(fault: Fault | undefined): Promise<void> {
    const marker = encodeChunkHeader({ attempt: this.#attempt, sequence: this.#window.written, isEnd: true });
    const headers = new OutgoingHeaders().add(HEADERS.chunk, marker).add(EXPECTED_LAST, String(this.#lastStored));
    if (fault) headers.add(HEADERS.fault, fault.code);
    const body = fault ? JSON.stringify(fault) : '';
    await this.#parts.publisher.store(subjects.chunk(this.#address), body, headers).catch(() => {});
  }

  async #enqueue(value: unknown): Promise<void> {
    if (this.#fault) throw this.#fault;
    if (this.#waiting >= LIMITS.windowChunks) {
      throw this.#fail(
        new Fault('exhausted', `${this.#waiting} chunks wait to be stored: await each before the next.`),
      );
    }
    const body = this.#encode(value);
    this.#waiting++;
    const stored = this.#tail.then(() => this.#store(body));
    this.#tail = stored.then(
      () => {},
      () => {},
    );
    try {
      await stored;
    } catch (error) {
      throw this.#fail(Fault.from(error));
    } finally {
      this.#waiting--;
    }
  }

  #fail(fault: Fault): Fault {
    this.#fault ??= fault;
    return this.#fault;
  }

  #encode(value: unknown): Buffer {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (cause) {
      throw this.#fail(new Fault('failed', 'A chunk cannot be written as JSON.', undefined, { cause }));
    }
    const body = Buffer.from(text ?? '');
    if (text === undefined) throw this.#fail(new Fault('failed', 'A chunk cannot be written as JSON.'));
    if (body.length > LIMITS.chunkBytes) throw this.#fail(tooMuch('A chunk', 'bytes', body.length, LIMITS.chunkBytes));
    return body;
  }

  async #store(body: Buffer): Promise<void> {
    if (this.#fault) throw this.#fault;
    const { streamedChunks, streamedBytes } = LIMITS;
    if (this.#chunks >= streamedChunks) throw tooMuch('The output', 'chunks', this.#chunks + 1, streamedChunks);
    const bytes = this.#bytes + body.length;
    if (bytes > streamedBytes) throw tooMuch('The output', 'bytes', bytes, streamedBytes);
    for (let tries = 1; ; tries++) {
      await this.#credit(body.length);
      if (await this.#publish(body)) break;
      if (tries === MAX_TRIES) throw takenPlace();
    }
    this.#window.wrote(body.length);
    this.#chunks++;
    this.#bytes = bytes;
  }

  async #credit(bytes: number): Promise<void> {
    const { readers } = this.#parts;
    for (;;) {
      this.#signal.throwIfAborted();
      if (this.#window.mayWrite(bytes, readers.acknowledged(this.#address))) return;
      await readers.changed(this.#address, this.#signal);
    }
  }

  /** Answers whether it is stored; if not, it is now known what is there from an earlier attempt. */
  async #publish(body: Buffer): Promise<boolean> {
    const { publisher } = this.#parts;
    let isUncertain = false;
    for (;;) {
      this.#signal.throwIfAborted();
      const sequence = this.#window.written + 1;
      const headers = new OutgoingHeaders()
        .add(HEADERS.chunk, encodeChunkHeader({ attempt: this.#attempt, sequence, isEnd: false }))
        .add(EXPECTED_LAST, String(this.#lastStored));
      try {
        const outcome = await publisher.store(subjects.chunk(this.#address), body, headers);
        if (outcome.stored) {
          this.#lastStored = outcome.sequence;
          return true;
        }
        if (!outcome.otherIsLast) throw new Fault('exhausted', 'The stream of output is full.');
        return await this.#isStoredAlready(sequence, isUncertain);
      } catch (error) {
        const { code } = Fault.from(error);
        if (code !== 'unavailable' && code !== 'deadline-exceeded') throw error;
        isUncertain = true;
        await delay(this.#parts.retryMs ?? RETRY_MS, undefined, { signal: this.#signal }).catch(() =>
          this.#signal.throwIfAborted(),
        );
      }
    }
  }

  /** Something else than expected is last: this very chunk, what an earlier attempt has left, or what a later one writes. */
  async #isStoredAlready(sequence: number, isUncertain: boolean): Promise<boolean> {
    const { streamSequence, chunk } = await readLastChunk(this.#parts.requester, this.#address);
    const isEarlier = chunk !== undefined && chunk.attempt < this.#attempt;
    const isOwn = chunk?.attempt === this.#attempt && chunk.sequence === sequence && !chunk.isEnd;
    if (chunk && !isEarlier && !(isOwn && isUncertain)) {
      this.#isSuperseded = true;
      throw new Fault('cancelled', 'Another attempt streams the output of this invocation: this one is too late.');
    }
    const isLost = chunk === undefined && (isUncertain || (this.#attempt > 1 && this.#chunks === 0));
    if (isLost) throw takenPlace();
    this.#lastStored = streamSequence;
    if (isEarlier) this.#window = new CreditWindow(WINDOW, chunk.sequence);
    return isOwn;
  }
}

/** Somebody leads to it what is no output, by a reply subject. */
function takenPlace(): Fault {
  return new Fault('exhausted', 'The place of the output is taken by something else.');
}

function tooMuch(what: string, unit: 'bytes' | 'chunks', count: number, limit: number): Fault {
  return new Fault('exhausted', `${what} has ${count} ${unit}; the limit is ${limit}.`, { [unit]: count, limit });
}
