/**
 * Values that are too large for a message, in the layout of a NATS Object Store. Written by plain publishes and read by
 * `STREAM.MSG.GET`, and by nothing else: whoever may make a consumer of the stream, as Object Store clients do, could have
 * the server publish what it holds wherever it likes, and whoever may replace or purge objects could destroy those of others
 * (docs/adr/0013). So an object, once written, can be neither altered nor removed.
 */
import { createHash } from 'node:crypto';
import {
  type DataRef,
  Fault,
  LIMITS,
  MAX_OBJECT_BYTES,
  OBJECTS_BUCKET,
  paddedBase64Url,
  randomId,
  STREAMS,
  subjects,
  tooLargeFault,
  type ValueKind,
} from '@orchestrator/protocol';
import { chunksOf } from './object-chunks.js';
import type { Requester } from './requester.js';
import { Semaphore } from './semaphore.js';
import type { StoredPublisher } from './stored-publisher.js';

/** Values that one process reads or writes at once: each of them is held as a whole. */
const TRANSFERS = 4;
const ANSWER_MS = 10_000;
/** JetStream's error for a message that is not there. */
const NO_MESSAGE = 10037;

interface StreamInfoAnswer {
  readonly config?: { readonly metadata?: Readonly<Record<string, string>> };
  readonly error?: { readonly description?: string };
}

interface MessageAnswer {
  readonly message?: { readonly seq: number; readonly data?: string };
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

export class ObjectStore {
  readonly #requester: Requester;
  readonly #publisher: StoredPublisher;
  readonly #transfers = new Semaphore(TRANSFERS);

  constructor(requester: Requester, publisher: StoredPublisher) {
    this.#requester = requester;
    this.#publisher = publisher;
  }

  /**
   * Writes a value, and resolves when all of it is stored.
   * @throws Fault when it is larger than the store takes, `exhausted` when that is full, `unavailable` without an acknowledgement
   */
  async put(value: string | Uint8Array, kind: ValueKind, signal?: AbortSignal): Promise<DataRef> {
    const bytes = Buffer.byteLength(value);
    const maxBytes = await this.#maxBytes();
    if (bytes > maxBytes) throw tooLargeFault(kind, bytes, maxBytes);
    return this.#transfers.during(() => this.#write(value, bytes, signal));
  }

  /**
   * Reads the value that a reference names.
   * @throws Fault `invalid-argument` (for a result `internal`) when it is not there any more, or is not what the reference says;
   *   `unavailable` when the store does not answer
   */
  get(ref: DataRef, kind: ValueKind, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#transfers.during(() => this.#read(ref, kind, signal));
  }

  async #write(value: string | Uint8Array, bytes: number, signal: AbortSignal | undefined): Promise<DataRef> {
    const object = randomId();
    const hash = createHash('sha256');
    const chunkBytes = Math.min(LIMITS.objectChunkBytes, this.#publisher.maxBytes / 2);
    let chunks = 0;
    for (const chunk of chunksOf(value, chunkBytes)) {
      signal?.throwIfAborted();
      chunks++;
      hash.update(chunk);
      // One after the other: what nobody took is offered again, and must not come after what follows it.
      await this.#store(subjects.objectChunk(object), chunk);
    }
    const digest = hash.digest();
    const info = {
      ...{ name: object, bucket: OBJECTS_BUCKET, nuid: object, size: bytes, chunks },
      ...{ digest: `SHA-256=${paddedBase64Url(digest)}`, mtime: new Date().toISOString() },
      options: { max_chunk_size: chunkBytes },
    };
    await this.#store(subjects.objectInfo(object), JSON.stringify(info));
    return { object, bytes, sha256: digest.toString('hex') };
  }

  async #store(subject: string, data: Uint8Array | string): Promise<void> {
    try {
      await this.#publisher.store(subject, data);
    } catch (error) {
      const fault = Fault.from(error, 'unavailable');
      throw fault.code === 'exhausted' ? new Fault('exhausted', `The object store is full. ${fault.message}`) : fault;
    }
  }

  async #read(ref: DataRef, kind: ValueKind, signal: AbortSignal | undefined): Promise<Uint8Array> {
    if (ref.bytes > LIMITS.longestObjectBytes) throw tooLargeFault(kind, ref.bytes, LIMITS.longestObjectBytes);
    const value = Buffer.allocUnsafe(ref.bytes);
    const hash = createHash('sha256');
    let at = 0;
    for (let sequence = 0; at < ref.bytes; ) {
      const next = await this.#nextChunk(ref.object, sequence + 1, signal);
      if (!next) throw lost(kind, ref, 'is not in the object store (any more)');
      sequence = next.sequence;
      const end = at + next.data.length;
      const isTooSmall = next.data.length < LIMITS.minObjectChunkBytes && end < ref.bytes;
      if (isTooSmall || end > ref.bytes) throw lost(kind, ref, 'is not in the object store as its reference says');
      hash.update(next.data);
      next.data.copy(value, at);
      at = end;
    }
    if (hash.digest('hex') !== ref.sha256) throw lost(kind, ref, 'is not in the object store as its reference says');
    return value;
  }

  async #nextChunk(object: string, from: number, signal: AbortSignal | undefined) {
    const query = JSON.stringify({ seq: from, next_by_subj: subjects.objectChunk(object) });
    const api = `$JS.API.STREAM.MSG.GET.${STREAMS.objects.name}`;
    const { message, error } = await this.#ask<MessageAnswer>(api, query, signal);
    if (message) return { sequence: message.seq, data: Buffer.from(message.data ?? '', 'base64') };
    if (error?.err_code === NO_MESSAGE) return undefined;
    throw unanswered(error?.description);
  }

  /** The operator's limit, which the bucket itself tells everybody. */
  async #maxBytes(): Promise<number> {
    const { config, error } = await this.#ask<StreamInfoAnswer>(`$JS.API.STREAM.INFO.${STREAMS.objects.name}`, '');
    if (!config) throw unanswered(error?.description);
    return Number(config.metadata?.[MAX_OBJECT_BYTES] ?? LIMITS.objectBytes);
  }

  async #ask<T>(api: string, query: string, signal?: AbortSignal): Promise<T> {
    try {
      return (await this.#requester.request(api, query, { timeoutMs: ANSWER_MS, signal })).json();
    } catch (error) {
      signal?.throwIfAborted();
      throw unanswered(Fault.from(error).message);
    }
  }
}

function lost(kind: ValueKind, { object }: DataRef, how: string): Fault {
  const code = kind === 'arguments' ? 'invalid-argument' : 'internal';
  return new Fault(code, `The object ${object} with the ${kind} ${how}.`, { object });
}

function unanswered(why = 'no answer'): Fault {
  return new Fault('unavailable', `The object store does not answer: ${why}`);
}
