/** History as specs write it: records of invocations that have names, frames that are stored, and an index of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AdmittedRecord,
  type CallTree,
  type EndedRecord,
  encodeFrame,
  type FoundRoots,
  type InvocationRecord,
  invocationIdFromKey,
  type KeyQuery,
  type RefusedRecord,
  type RetryingRecord,
  type TreeQuery,
} from '@orchestrator/protocol';
import { OpenInvocations } from '../adapters/open-invocations.js';
import { SeenInvocations } from '../domain/seen-invocations.js';
import { HistoryIndex } from './history-index.js';
import { HistoryReader } from './history-reader.js';

export const STREAM = '2026-01-01T00:00:00.000Z';
export const ONE = 'c1'.repeat(16);

/** Invocations have names here, and ids like real ones. */
export const names = new Map<string, string>();
export function id(name: string): string {
  const invocation = invocationIdFromKey('spec', 'spec', 'spec', name);
  names.set(invocation, name);
  return invocation;
}

export function admitted(name: string, changes: Partial<AdmittedRecord> = {}): AdmittedRecord {
  return {
    state: 'admitted',
    invocation: id(name),
    correlation: ONE,
    atMs: 100,
    caller: 'shop',
    plugin: 'editor',
    version: '1.0.0',
    capability: 'copy-edit',
    mode: 'sync',
    depth: 1,
    deadlineMs: 1_000,
    ...changes,
  };
}

export function ended(name: string, changes: Partial<EndedRecord> = {}): EndedRecord {
  return { state: 'ended', invocation: id(name), correlation: ONE, atMs: 200, attempt: 1, ...changes };
}

export function retrying(name: string, dueAtMs: number): RetryingRecord {
  const fault = { code: 'failed', message: 'not yet' } as const;
  return { ...ended(name), state: 'retrying', fault, dueAtMs };
}

export function refused(name: string, changes: object = {}): RefusedRecord {
  const { version: _version, deadlineMs: _deadlineMs, ...asked } = admitted(name);
  return { ...asked, state: 'refused', fault: { code: 'permission-denied', message: 'no' }, ...changes };
}

/** The frames that are stored, and an index of them. */
export class Indexed {
  readonly index: HistoryIndex;
  readonly #frames: Map<number, Buffer>;
  readonly #reader: HistoryReader;

  constructor(path: string, streamCreated = STREAM, frames = new Map<number, Buffer>(), segmentRows?: number) {
    this.index = HistoryIndex.open(path, streamCreated, segmentRows);
    this.#frames = frames;
    this.#reader = new HistoryReader({
      framesOf: (term) => this.index.framesOf(term),
      readFrame: async (sequence) => frames.get(sequence),
    });
  }

  apply(sequence: number, records: readonly InvocationRecord[]): void {
    this.#frames.set(sequence, Buffer.from(encodeFrame(records)));
    this.index.apply(sequence, records);
  }

  /** As a stream does when its time is over. */
  expire(sequence: number): void {
    this.#frames.delete(sequence);
  }

  get nextSequence(): number {
    return this.index.nextSequence;
  }

  tree(query: TreeQuery): Promise<CallTree | undefined> {
    return this.#reader.tree(query);
  }

  find(query: KeyQuery): Promise<FoundRoots> {
    return this.#reader.find(query);
  }

  close(): void {
    this.index.close();
  }
}

/** A private folder with the file of an index, and what was opened of it. */
export class HistoryFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'orchestrator-history-'));
  readonly file = join(this.#folder, 'history.sqlite');
  readonly #stored = new Map<number, Buffer>();
  readonly #opened: { close(): void }[] = [];

  open(streamCreated = STREAM, segmentRows?: number): Indexed {
    const index = new Indexed(this.file, streamCreated, this.#stored, segmentRows);
    this.#opened.push(index);
    return index;
  }

  /** An index of other frames. */
  another(): Indexed {
    const index = new Indexed(':memory:');
    this.#opened.push(index);
    return index;
  }

  /** What the main thread reads, after everything was written. */
  reading(index: Indexed): OpenInvocations {
    index.index.framesOf(1);
    const seen = SeenInvocations.allocate();
    new Int32Array(seen).fill(-1); // says "perhaps" to everything
    const reader = new OpenInvocations(this.file, new SeenInvocations(seen), async (n) => this.#stored.get(n));
    this.#opened.push(reader);
    return reader;
  }

  close(index: Indexed): void {
    this.#opened.splice(this.#opened.indexOf(index), 1);
    index.close();
  }

  /** Closes what is open, and removes all of it. */
  remove(): void {
    for (const one of this.#opened.splice(0)) one.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
