/** Reads history: the index says where, the stream says what. */
import {
  type CallTreePage,
  decodeFrame,
  type FoundRoot,
  type FoundRoots,
  foldInvocations,
  type InvocationRecord,
  type KeyQuery,
  type TreeQuery,
} from '@orchestrator/protocol';
import { pageOf } from '../domain/tree-page.js';
import { correlationTerm, invocationTerm, keyTerm, requestTerm, type Term } from './frame-lookup.js';

export interface HistoryReaderParts {
  readonly framesOf: (term: Term) => readonly number[];
  /** A frame as it is stored; undefined when the stream does not hold it any more. */
  readonly readFrame: (sequence: number) => Promise<Uint8Array | undefined>;
}

/** Roots that one question finds. */
const MAX_FOUND = 100;
/** Frames that are read at a time in search of them. */
const FRAMES_AT_ONCE = 20;

type AskedRecord = Extract<InvocationRecord, { readonly mode: unknown }>;

export class HistoryReader {
  readonly #parts: HistoryReaderParts;

  constructor(parts: HistoryReaderParts) {
    this.#parts = parts;
  }

  /** Undefined when the history holds nothing of it. @throws Fault `not-found` for a page of another tree */
  async tree(query: TreeQuery): Promise<CallTreePage | undefined> {
    const correlation = await this.#correlationOf(query);
    if (correlation === undefined) return undefined;
    return pageOf(foldInvocations(correlation, await this.recordsOf(correlation)), query.after);
  }

  /** The newest root calls with a key: those that were refused beside those that ran. */
  async find({ key, caller }: KeyQuery): Promise<FoundRoots> {
    const found = new Map<string, FoundRoot>();
    const frames = this.#parts.framesOf(keyTerm(key));
    for (let end = frames.length; end > 0 && found.size <= MAX_FOUND; end -= FRAMES_AT_ONCE) {
      const records = (await this.#readFrames(frames.slice(Math.max(0, end - FRAMES_AT_ONCE), end))).filter(isAsked);
      for (const record of records) {
        const isWanted =
          record.key === key && record.parent === undefined && (caller ?? record.caller) === record.caller;
        const before = found.get(record.invocation);
        // Of several records of one invocation the earliest counts, and an admission before a refusal.
        const counts = !before || (record.state === 'admitted' && (before.refused || record.atMs < before.askedAtMs));
        if (isWanted && counts) found.set(record.invocation, foundRoot(record));
      }
    }
    const roots = [...found.values()].sort((a, b) => a.askedAtMs - b.askedAtMs);
    return { roots: roots.slice(-MAX_FOUND), more: roots.length > MAX_FOUND };
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

  /** Of a request, also of one that repeated an earlier one. */
  async #correlationOf({ correlation, request = 0, invocation }: TreeQuery): Promise<string | undefined> {
    if (correlation !== undefined) return correlation;
    if (invocation !== undefined) return (await this.askedFor(invocation))?.correlation;
    const records = await this.#read(requestTerm(request));
    return records.find((record) => 'request' in record && record.request === request)?.correlation;
  }

  #read(term: Term): Promise<InvocationRecord[]> {
    return this.#readFrames(this.#parts.framesOf(term));
  }

  async #readFrames(sequences: readonly number[]): Promise<InvocationRecord[]> {
    const frames = await Promise.all(sequences.map(this.#parts.readFrame));
    return frames.flatMap((frame) => (frame ? decodeFrame(Buffer.from(frame).toString()) : []));
  }
}

function foundRoot(record: AskedRecord): FoundRoot {
  const { invocation, correlation, caller, plugin, capability, state, atMs: askedAtMs } = record;
  return { invocation, correlation, caller, plugin, capability, refused: state === 'refused', askedAtMs };
}

function isAsked(record: InvocationRecord): record is AskedRecord {
  return record.state === 'admitted' || record.state === 'refused';
}
