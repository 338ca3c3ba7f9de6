import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { AdmittedRecord, InvocationRecord } from '@orchestrator/protocol';
import type { SeenInvocations } from '../domain/seen-invocations.js';
import { correlationNumber, invocationNumber } from '../history-thread/history-projection.js';

/** What the main thread reads of the projection that the history thread writes: some milliseconds old, and cheap to ask. */
export class OpenInvocations {
  readonly #db: DatabaseSync;
  readonly #selectDurable: StatementSync;
  readonly #selectOpen: StatementSync;
  readonly #selectRecords: StatementSync;

  readonly #seen: SeenInvocations;

  constructor(file: string, seen: SeenInvocations) {
    this.#seen = seen;
    this.#db = new DatabaseSync(file, { readOnly: true });
    this.#selectDurable = this.#db.prepare('SELECT body_hash FROM durable WHERE id = ? AND invocation = ?');
    this.#selectOpen = this.#db.prepare(
      'SELECT invocation, correlation FROM open WHERE admitted_ms < ? ORDER BY admitted_ms LIMIT 10000',
    );
    this.#selectRecords = this.#db.prepare('SELECT record FROM records WHERE correlation = ?');
  }

  /** The hash of the arguments with which a durable invocation was admitted; undefined when there is none of that id. */
  bodyHashOf(invocation: string): string | undefined {
    if (!this.#seen.mayHave(invocation)) return undefined;
    const row = this.#selectDurable.get(invocationNumber(invocation), invocation);
    return row && String(row.body_hash);
  }

  /** Durable invocations admitted before then which have not ended: their admission records, oldest first, 10,000 at most. */
  before(beforeMs: number): AdmittedRecord[] {
    return this.#selectOpen.all(beforeMs).flatMap(({ invocation, correlation }) => {
      const rows = this.#selectRecords.all(correlationNumber(String(correlation)));
      const records = rows.map((row) => JSON.parse(String(row.record)) as InvocationRecord);
      return records.find((one) => one.state === 'admitted' && one.invocation === invocation) as AdmittedRecord;
    });
  }

  close(): void {
    this.#db.close();
  }
}
