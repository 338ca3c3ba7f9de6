import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { AdmittedRecord } from '@orchestrator/protocol';
import type { SeenInvocations } from '../domain/seen-invocations.js';
import { invocationTerm, lookUpFrames } from '../history-thread/frame-lookup.js';
import { HistoryReader, type HistoryReaderParts } from '../history-thread/history-reader.js';

/** What the main thread reads of the index that the history thread writes: a second old, and cheap to ask. */
export class OpenInvocations {
  readonly #db: DatabaseSync;
  readonly #selectOpen: StatementSync;
  readonly #seen: SeenInvocations;
  readonly #reader: HistoryReader;

  constructor(file: string, seen: SeenInvocations, readFrame: HistoryReaderParts['readFrame']) {
    this.#db = new DatabaseSync(file, { readOnly: true });
    this.#selectOpen = this.#db.prepare(
      'SELECT record FROM open WHERE admitted_ms < ? ORDER BY admitted_ms LIMIT 10000',
    );
    this.#seen = seen;
    this.#reader = new HistoryReader({ framesOf: (term) => lookUpFrames(this.#db, term), readFrame });
  }

  /** The hash of the arguments with which a durable invocation was asked for at first; undefined when there is none of that id. */
  async bodyHashOf(invocation: string): Promise<string | undefined> {
    if (!this.#seen.mayHave(invocationTerm(invocation))) return undefined;
    const asked = await this.#reader.askedFor(invocation);
    return asked && (asked.bodyHash ?? '');
  }

  /** Durable invocations admitted before then which have not ended: their admission records, oldest first, 10,000 at most. */
  before(beforeMs: number): AdmittedRecord[] {
    return this.#selectOpen.all(beforeMs).map(({ record }) => JSON.parse(String(record)) as AdmittedRecord);
  }

  close(): void {
    this.#db.close();
  }
}
