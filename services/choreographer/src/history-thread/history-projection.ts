/**
 * What this replica knows of the history: a disposable SQLite projection of `ORC_EVENTS`, rebuilt from the stream when it
 * is missing or broken. Written by the history thread; the main thread reads the same file (see `open-invocations.ts`). The stream is the truth; nothing is ever decided from here that the stream's own rules do not guard.
 */
import { hash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  buildCallTree,
  type CallTree,
  type FrameLine,
  type InvocationRecord,
  type TreeQuery,
} from '@orchestrator/protocol';

/** Goes up with every change of the schema: a file with another one is thrown away, and filled anew from the stream. */
const SCHEMA_VERSION = 3;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (correlation INTEGER NOT NULL, record TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS records_by_correlation ON records (correlation);
  CREATE TABLE IF NOT EXISTS durable (id INTEGER PRIMARY KEY, invocation TEXT NOT NULL, body_hash TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS open (
    id INTEGER PRIMARY KEY, invocation TEXT NOT NULL, correlation TEXT NOT NULL, admitted_ms INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS requests (sequence INTEGER PRIMARY KEY, correlation TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS keys (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, correlation TEXT NOT NULL, at_ms INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY CHECK (id = 0), stream_created TEXT NOT NULL, sequence INTEGER NOT NULL);
`;
/** Frames are put in together: a transaction each this often. */
const FLUSH_MS = 200;

interface PendingFrame {
  readonly sequence: number;
  readonly lines: readonly FrameLine[];
}

export class HistoryProjection {
  readonly #db: DatabaseSync;
  readonly #insertRecord: StatementSync;
  readonly #insertDurable: StatementSync;
  readonly #insertRequest: StatementSync;
  readonly #insertKey: StatementSync;
  readonly #insertOpen: StatementSync;
  readonly #deleteOpen: StatementSync;
  readonly #setPosition: StatementSync;
  readonly #selectRecords: StatementSync;
  readonly #selectRequest: StatementSync;
  readonly #selectKey: StatementSync;
  readonly #streamCreated: string;
  #pending: PendingFrame[] = [];
  #timer: NodeJS.Timeout | undefined;

  private constructor(db: DatabaseSync, streamCreated: string) {
    this.#db = db;
    this.#streamCreated = streamCreated;
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;');
    const { version } = db.prepare('SELECT user_version AS version FROM pragma_user_version').get() ?? {};
    const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() ?? {};
    if (tables !== 0 && version !== SCHEMA_VERSION) throw new Error('The projection was made with another schema.');
    db.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION};`);
    const row = db.prepare('SELECT stream_created FROM position').get();
    if (row && row.stream_created !== streamCreated) {
      db.exec(
        'DELETE FROM records; DELETE FROM durable; DELETE FROM open; DELETE FROM requests; DELETE FROM keys; DELETE FROM position;',
      );
    }
    this.#insertRecord = db.prepare('INSERT INTO records VALUES (?, ?)');
    this.#insertDurable = db.prepare('INSERT OR IGNORE INTO durable VALUES (?, ?, ?)');
    this.#insertRequest = db.prepare('INSERT OR IGNORE INTO requests VALUES (?, ?)');
    this.#insertOpen = db.prepare('INSERT OR IGNORE INTO open VALUES (?, ?, ?, ?)');
    this.#insertKey = db.prepare(`
      INSERT INTO keys VALUES (?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET key = excluded.key, correlation = excluded.correlation, at_ms = excluded.at_ms
      WHERE excluded.at_ms >= at_ms`);
    this.#deleteOpen = db.prepare('DELETE FROM open WHERE id = ?');
    this.#setPosition = db.prepare('INSERT OR REPLACE INTO position VALUES (0, ?, ?)');
    this.#selectRecords = db.prepare('SELECT record FROM records WHERE correlation = ?');
    this.#selectRequest = db.prepare('SELECT correlation FROM requests WHERE sequence = ?');
    this.#selectKey = db.prepare('SELECT correlation FROM keys WHERE id = ? AND key = ?');
  }

  /** @param streamCreated when the stream was made: a projection of another stream is thrown away */
  static open(file: string, streamCreated: string): HistoryProjection {
    const db = new DatabaseSync(file);
    try {
      return new HistoryProjection(db, streamCreated);
    } catch {
      db.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
      return new HistoryProjection(new DatabaseSync(file), streamCreated);
    }
  }

  /** The next frame to read from the stream. */
  get nextSequence(): number {
    this.#flush();
    const row = this.#db.prepare('SELECT sequence FROM position').get();
    return row ? Number(row.sequence) + 1 : 1;
  }

  /** Takes a frame in; it is seen by every question asked from now on. */
  apply(sequence: number, lines: readonly FrameLine[]): void {
    this.#pending.push({ sequence, lines });
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  tree(query: TreeQuery): CallTree | undefined {
    this.#flush();
    const correlation = query.correlation ?? this.#find(query);
    return correlation === undefined ? undefined : buildCallTree(correlation, this.recordsOf(correlation));
  }

  close(): void {
    this.#flush();
    this.#db.close();
  }

  #find({ request, key }: TreeQuery): string | undefined {
    const row =
      request !== undefined ? this.#selectRequest.get(request) : this.#selectKey.get(keyNumber(key ?? ''), key ?? '');
    return row ? String(row.correlation) : undefined;
  }

  /** The records of a correlation, and perhaps of others that share its number. */
  recordsOf(correlation: string): InvocationRecord[] {
    this.#flush();
    const rows = this.#selectRecords.all(correlationNumber(correlation));
    return rows.map((row) => JSON.parse(String(row.record)) as InvocationRecord);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const last = this.#pending.at(-1);
    if (!last) return;
    this.#db.exec('BEGIN');
    for (const frame of this.#pending) for (const line of frame.lines) this.#insert(line);
    this.#setPosition.run(this.#streamCreated, last.sequence);
    this.#db.exec('COMMIT');
    this.#pending = [];
  }

  #insert({ record, text }: FrameLine): void {
    const { invocation, correlation } = record;
    this.#insertRecord.run(correlationNumber(correlation), text);
    if (record.state === 'ended') this.#deleteOpen.run(invocationNumber(invocation));
    if (record.state !== 'admitted' && record.state !== 'refused') return;
    if (record.request !== undefined) this.#insertRequest.run(record.request, correlation);
    if (record.key !== undefined && record.parent === undefined) {
      this.#insertKey.run(keyNumber(record.key), record.key, correlation, record.atMs);
    }
    if (record.mode !== 'durable') return;
    const id = invocationNumber(invocation);
    this.#insertDurable.run(id, invocation, record.bodyHash ?? '');
    if (record.state === 'admitted') {
      this.#insertOpen.run(id, invocation, correlation, record.atMs);
    }
  }

  /** Every durable invocation that the projection knows. */
  *durableInvocations(): Generator<string> {
    this.#flush();
    for (const row of this.#db.prepare('SELECT invocation FROM durable').iterate()) yield String(row.invocation);
  }
}

/** 52 bits of an invocation id, for a small key; whoever looks it up compares the whole id. */
export function invocationNumber(invocation: string): number {
  return Number.parseInt(invocation.slice(0, 8) + invocation.slice(31), 16);
}

function keyNumber(key: string): number {
  return Number.parseInt(hash('sha256', key, 'hex').slice(0, 13), 16);
}

/** The first 52 bits of a correlation id: a small key for the index. `buildCallTree` sorts out whoever shares it. */
export function correlationNumber(correlation: string): number {
  return Number.parseInt(correlation.slice(0, 13), 16);
}
