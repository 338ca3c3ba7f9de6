/**
 * What this replica knows of the history: a disposable SQLite projection of `ORC_EVENTS`, rebuilt from the stream when it
 * is missing or broken. The stream is the truth; nothing is ever decided from here that the stream's own rules do not guard.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type AdmittedRecord,
  buildCallTree,
  type CallTree,
  decodeFrame,
  type InvocationRecord,
  type TreeQuery,
} from '@orchestrator/protocol';

/** A durable invocation, as far as a second request or a passed deadline makes it interesting. */
export interface DurableState {
  readonly invocation: string;
  readonly bodyHash: string;
  readonly ended: boolean;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (correlation TEXT NOT NULL, record TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS records_by_correlation ON records (correlation);
  CREATE TABLE IF NOT EXISTS durable (
    invocation TEXT PRIMARY KEY, correlation TEXT NOT NULL, request INTEGER, body_hash TEXT NOT NULL,
    deadline_ms INTEGER NOT NULL, ended INTEGER NOT NULL, admitted TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS durable_open ON durable (deadline_ms) WHERE ended = 0;
  CREATE TABLE IF NOT EXISTS found_by (what TEXT NOT NULL, value TEXT NOT NULL, correlation TEXT NOT NULL, at_ms INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS found_by_value ON found_by (what, value);
  CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY CHECK (id = 0), stream_created TEXT NOT NULL, sequence INTEGER NOT NULL);
`;
/** Frames are put in together: a transaction each this often. */
const FLUSH_MS = 50;

interface PendingFrame {
  readonly sequence: number;
  readonly records: readonly InvocationRecord[];
}

export class HistoryProjection {
  readonly #db: DatabaseSync;
  readonly #insertRecord: StatementSync;
  readonly #insertDurable: StatementSync;
  readonly #insertFoundBy: StatementSync;
  readonly #endDurable: StatementSync;
  readonly #setPosition: StatementSync;
  readonly #selectRecords: StatementSync;
  readonly #selectDurable: StatementSync;
  readonly #selectOverdue: StatementSync;
  readonly #selectFound: StatementSync;
  readonly #streamCreated: string;
  #pending: PendingFrame[] = [];
  #timer: NodeJS.Timeout | undefined;

  private constructor(db: DatabaseSync, streamCreated: string) {
    this.#db = db;
    this.#streamCreated = streamCreated;
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;');
    db.exec(SCHEMA);
    const row = db.prepare('SELECT stream_created FROM position').get();
    if (row && row.stream_created !== streamCreated) {
      db.exec('DELETE FROM records; DELETE FROM durable; DELETE FROM found_by; DELETE FROM position;');
    }
    this.#insertRecord = db.prepare('INSERT INTO records VALUES (?, ?)');
    this.#insertDurable = db.prepare('INSERT OR IGNORE INTO durable VALUES (?, ?, ?, ?, ?, 0, ?)');
    this.#insertFoundBy = db.prepare('INSERT INTO found_by VALUES (?, ?, ?, ?)');
    this.#endDurable = db.prepare('UPDATE durable SET ended = 1 WHERE invocation = ?');
    this.#setPosition = db.prepare('INSERT OR REPLACE INTO position VALUES (0, ?, ?)');
    this.#selectRecords = db.prepare('SELECT record FROM records WHERE correlation = ?');
    this.#selectDurable = db.prepare('SELECT invocation, body_hash, ended FROM durable WHERE invocation = ?');
    this.#selectOverdue = db.prepare('SELECT admitted FROM durable WHERE ended = 0 AND deadline_ms < ? LIMIT 100');
    this.#selectFound = db.prepare(
      'SELECT correlation FROM found_by WHERE what = ? AND value = ? ORDER BY at_ms DESC LIMIT 1',
    );
  }

  /**
   * @param streamCreated when the stream was made: a projection of another stream is thrown away
   * @param dataDir undefined keeps it in memory
   */
  static open(streamCreated: string, dataDir: string | undefined): HistoryProjection {
    if (dataDir === undefined) return new HistoryProjection(new DatabaseSync(':memory:'), streamCreated);
    mkdirSync(dataDir, { recursive: true });
    const file = join(dataDir, 'history.sqlite');
    try {
      return new HistoryProjection(new DatabaseSync(file), streamCreated);
    } catch {
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
      return new HistoryProjection(new DatabaseSync(file), streamCreated);
    }
  }

  /** The next frame to read from the stream. */
  get nextSequence(): number {
    const row = this.#db.prepare('SELECT sequence FROM position').get();
    return row ? Number(row.sequence) + 1 : 1;
  }

  /** Takes a frame in; it is seen by every question asked from now on. @throws Fault when it is not a frame */
  apply(sequence: number, frame: string): void {
    this.#pending.push({ sequence, records: decodeFrame(frame) });
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  tree(query: TreeQuery): CallTree | undefined {
    const correlation = query.correlation ?? this.#find(query);
    if (correlation === undefined) return undefined;
    this.#flush();
    const rows = this.#selectRecords.all(correlation);
    return buildCallTree(
      correlation,
      rows.map((row) => JSON.parse(String(row.record)) as InvocationRecord),
    );
  }

  durable(invocation: string): DurableState | undefined {
    this.#flush();
    const row = this.#selectDurable.get(invocation);
    return row && { invocation, bodyHash: String(row.body_hash), ended: Number(row.ended) === 1 };
  }

  /** Durable invocations whose deadline has passed and which have not ended: their admission records, 100 at most. */
  overdue(nowMs: number): AdmittedRecord[] {
    this.#flush();
    return this.#selectOverdue.all(nowMs).map((row) => JSON.parse(String(row.admitted)));
  }

  /** The stream holds its end; the record of it is on its way. */
  markEnded(invocation: string): void {
    this.#endDurable.run(invocation);
  }

  close(): void {
    this.#flush();
    this.#db.close();
  }

  #find(query: TreeQuery): string | undefined {
    this.#flush();
    const [what, value] = query.request !== undefined ? ['request', String(query.request)] : ['key', query.key ?? ''];
    const row = this.#selectFound.get(what, value);
    return row ? String(row.correlation) : undefined;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const last = this.#pending.at(-1);
    if (!last) return;
    this.#db.exec('BEGIN');
    for (const frame of this.#pending) for (const record of frame.records) this.#insert(record);
    this.#setPosition.run(this.#streamCreated, last.sequence);
    this.#db.exec('COMMIT');
    this.#pending = [];
  }

  #insert(record: InvocationRecord): void {
    const text = JSON.stringify(record);
    this.#insertRecord.run(record.correlation, text);
    if (record.state === 'ended') this.#endDurable.run(record.invocation);
    if (record.state !== 'admitted' && record.state !== 'refused') return;
    if (record.request !== undefined) {
      this.#insertFoundBy.run('request', String(record.request), record.correlation, record.atMs);
    }
    if (record.key !== undefined && record.parent === undefined) {
      this.#insertFoundBy.run('key', record.key, record.correlation, record.atMs);
    }
    if (record.state === 'admitted' && record.mode === 'durable') {
      const { invocation, correlation, request, bodyHash, deadlineMs } = record;
      this.#insertDurable.run(invocation, correlation, request ?? null, bodyHash ?? '', deadlineMs, text);
    }
  }
}
