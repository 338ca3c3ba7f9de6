/**
 * Durable roots as rows, for lists by time, plugin, state and caller. What is open stands in the table `open` of the index;
 * a run is put here once, when it has ended, behind all that ended before: one row, written at the end of a table. Each
 * segment of the index has such a table, which goes with it.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AdmittedRecord, EndedRecord, RefusedRecord } from '@orchestrator/protocol';

/** More than a frame has records: rows are numbered by the frame that ended them. */
export const ROWS_PER_FRAME = 1_024;

const COLUMNS = [
  'id',
  'at_ms',
  'ended_ms',
  'state',
  'caller',
  'plugin',
  'capability',
  'version',
  'fault',
  'invocation',
  'correlation',
];

/** @param first of the segment */
export function runTable(first: number): string {
  return `runs_${first}`;
}

export class RunWriter {
  readonly #insert: StatementSync;
  #rows: unknown[][] = [];
  #sequence = 0;
  #inFrame = 0;

  /** Makes the table of a segment. */
  constructor(db: DatabaseSync, first: number) {
    const table = runTable(first);
    db.exec(`
      CREATE TABLE ${table} (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, state TEXT NOT NULL,
        caller TEXT NOT NULL, plugin TEXT NOT NULL, capability TEXT NOT NULL, version TEXT, fault TEXT,
        invocation TEXT NOT NULL, correlation TEXT NOT NULL);
      CREATE INDEX ${table}_by_time ON ${table} (at_ms);`);
    const values = COLUMNS.map((_, at) => `value ->> ${at}`);
    this.#insert = db.prepare(`INSERT OR REPLACE INTO ${table} SELECT ${values.join(', ')} FROM json_each(?)`);
  }

  /** @param sequence of the frame that says so */
  ended(sequence: number, admitted: AdmittedRecord, { atMs, fault }: EndedRecord): void {
    if (admitted.parent !== undefined) return;
    this.#add(sequence, admitted, [admitted.atMs, atMs, fault ? 'failed' : 'succeeded'], admitted.version, fault?.code);
  }

  /** @param sequence of the frame that says so */
  refused(sequence: number, refused: RefusedRecord): void {
    if (refused.parent !== undefined || refused.mode !== 'durable') return;
    this.#add(sequence, refused, [refused.atMs, refused.atMs, 'refused'], null, refused.fault.code);
  }

  #add(
    sequence: number,
    { caller, plugin, capability, invocation, correlation }: AdmittedRecord | RefusedRecord,
    times: unknown[],
    version: string | null,
    fault: string | null = null,
  ): void {
    this.#inFrame = sequence === this.#sequence ? this.#inFrame + 1 : 0;
    this.#sequence = sequence;
    const id = sequence * ROWS_PER_FRAME + this.#inFrame;
    this.#rows.push([id, ...times, caller, plugin, capability, version, fault, invocation, correlation]);
  }

  /** Writes what was added, in one statement. */
  write(): void {
    if (this.#rows.length > 0) this.#insert.run(JSON.stringify(this.#rows));
    this.#rows = [];
  }
}
