/** Reads history: the index says where, the stream says what. */
import {
  buildCallTree,
  type CallTree,
  decodeFrame,
  type InvocationRecord,
  type TreeQuery,
} from '@orchestrator/protocol';
import { correlationTerm, invocationTerm, keyTerm, requestTerm, type Term } from './frame-lookup.js';

export interface HistoryReaderParts {
  readonly framesOf: (term: Term) => readonly number[];
  /** A frame as it is stored; undefined when the stream does not hold it any more. */
  readonly readFrame: (sequence: number) => Promise<Uint8Array | undefined>;
}

type AskedRecord = Extract<InvocationRecord, { readonly mode: unknown }>;

export class HistoryReader {
  readonly #parts: HistoryReaderParts;

  constructor(parts: HistoryReaderParts) {
    this.#parts = parts;
  }

  /** Undefined when the history holds nothing of it. */
  async tree(query: TreeQuery): Promise<CallTree | undefined> {
    const correlation = query.correlation ?? (await this.#find(query))?.correlation;
    return correlation === undefined ? undefined : buildCallTree(correlation, await this.recordsOf(correlation));
  }

  /** All records of a correlation that the stream still holds. */
  async recordsOf(correlation: string): Promise<InvocationRecord[]> {
    const records = await this.#read(correlationTerm(correlation));
    return records.filter((record) => record.correlation === correlation);
  }

  /** How a durable invocation was asked for at first; undefined when the history holds none of that id. */
  async askedFor(invocation: string): Promise<AskedRecord | undefined> {
    const records = await this.#read(invocationTerm(invocation));
    return records.filter(isAsked).find((record) => record.mode === 'durable' && record.invocation === invocation);
  }

  /** The request of that sequence; of roots that share a key, the newest. */
  async #find({ request, key = '' }: TreeQuery): Promise<AskedRecord | undefined> {
    if (request !== undefined) {
      const records = await this.#read(requestTerm(request));
      return records.filter(isAsked).find((record) => record.request === request);
    }
    const roots = (await this.#read(keyTerm(key))).filter(isAsked);
    const sharing = roots.filter((record) => record.key === key && record.parent === undefined);
    return sharing.sort((a, b) => a.atMs - b.atMs).at(-1);
  }

  async #read(term: Term): Promise<InvocationRecord[]> {
    const frames = await Promise.all(this.#parts.framesOf(term).map(this.#parts.readFrame));
    return frames.flatMap((frame) => (frame ? decodeFrame(Buffer.from(frame).toString()) : []));
  }
}

function isAsked(record: InvocationRecord): record is AskedRecord {
  return record.state === 'admitted' || record.state === 'refused';
}
