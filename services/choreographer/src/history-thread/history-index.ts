/**
 * Where in the history things stand: a disposable SQLite index of `ORC_EVENTS`, made anew from the stream when it is
 * missing or broken. It says which frames to read, and not what they say: nothing is kept twice (see `history-reader.ts`).
 * Written by the history thread; the main thread reads the same file (see `open-invocations.ts`).
 */
import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type {
  AdmittedRecord,
  EndedRecord,
  InvocationRecord,
  RunChanges,
  RunFilter,
  RunPage,
} from '@orchestrator/protocol';
import { invocationTerm, lookUpFrames, segmentsOf, segmentTable, type Term, termsOf } from './frame-lookup.js';
import { listRuns, type RunQuery, runChanges } from './run-lookup.js';
import { RunWriter, runTable } from './run-table.js';

/** Goes up with every change of the schema: a file with another one is thrown away, and filled anew from the stream. */
const SCHEMA_VERSION = 9;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS segments (first INTEGER PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS open (term INTEGER PRIMARY KEY, admitted_ms INTEGER NOT NULL, placed_ms INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL, sequence INTEGER NOT NULL, record TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS open_by_admission ON open (admitted_ms);
  CREATE INDEX IF NOT EXISTS open_by_placing ON open (placed_ms);
  CREATE INDEX IF NOT EXISTS open_by_deadline ON open (deadline_ms);
  CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY CHECK (id = 0), stream_created TEXT NOT NULL, sequence INTEGER NOT NULL);
`;
/** Frames are put in together: a transaction each this often. */
const FLUSH_MS = 1_000;
/** Some megabytes: as much of the index as is written to at a time. */
const SEGMENT_ROWS = 200_000;

interface PendingFrame {
  readonly sequence: number;
  readonly records: readonly InvocationRecord[];
}

export class HistoryIndex {
  readonly #db: DatabaseSync;
  readonly #insertOpen: StatementSync;
  readonly #placeAgain: StatementSync;
  readonly #deleteOpen: StatementSync;
  readonly #setPosition: StatementSync;
  readonly #streamCreated: string;
  readonly #segmentRows: number;
  #insertTerms: StatementSync | undefined;
  #runs: RunWriter | undefined;
  #rows = 0;
  #pending: PendingFrame[] = [];
  #timer: NodeJS.Timeout | undefined;

  private constructor(db: DatabaseSync, streamCreated: string, segmentRows: number) {
    this.#db = db;
    this.#streamCreated = streamCreated;
    this.#segmentRows = segmentRows;
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;');
    const { version } = db.prepare('SELECT user_version AS version FROM pragma_user_version').get() ?? {};
    const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() ?? {};
    if (tables !== 0 && version !== SCHEMA_VERSION) throw new Error('The index was made with another schema.');
    db.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION};`);
    const row = db.prepare('SELECT stream_created FROM position').get();
    if (row && row.stream_created !== streamCreated) throw new Error('The index is of another stream.');
    this.#insertOpen = db.prepare('INSERT OR IGNORE INTO open VALUES (?, ?, ?, ?, ?, ?)');
    this.#placeAgain = db.prepare('UPDATE open SET placed_ms = max(placed_ms, ?) WHERE term = ?');
    this.#deleteOpen = db.prepare('DELETE FROM open WHERE term = ? RETURNING record');
    this.#setPosition = db.prepare('INSERT OR REPLACE INTO position VALUES (0, ?, ?)');
  }

  /** @param streamCreated when the stream was made: an index of another stream is thrown away */
  static open(file: string, streamCreated: string, segmentRows = SEGMENT_ROWS): HistoryIndex {
    const db = new DatabaseSync(file);
    try {
      return new HistoryIndex(db, streamCreated, segmentRows);
    } catch {
      db.close();
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
      return new HistoryIndex(new DatabaseSync(file), streamCreated, segmentRows);
    }
  }

  /** The next frame to read from the stream. */
  get nextSequence(): number {
    this.#flush();
    const row = this.#db.prepare('SELECT sequence FROM position').get();
    return row ? Number(row.sequence) + 1 : 1;
  }

  /** Takes a frame in; it is found by every question asked from now on. */
  apply(sequence: number, records: readonly InvocationRecord[]): void {
    this.#pending.push({ sequence, records });
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** The frames that may say something about a term, in stream order. */
  framesOf(term: Term): number[] {
    this.#flush();
    return lookUpFrames(this.#db, term);
  }

  /** Durable roots, newest first. */
  runs(query: RunQuery): RunPage {
    this.#flush();
    return listRuns(this.#db, query);
  }

  /** What durable roots have come to after a frame; see `runChanges`. */
  runChanges(filter: RunFilter, after: number | undefined): RunChanges {
    this.#flush();
    return runChanges(this.#db, filter, after, Date.now());
  }

  /** The durable invocations that the index knows, a segment at a time. */
  *invocations(): Generator<Term[]> {
    this.#flush();
    for (const { table } of segmentsOf(this.#db)) {
      const rows = this.#db.prepare(`SELECT term FROM ${table} WHERE term % 2 = 1`).all();
      yield rows.map(({ term }) => Number(term));
    }
  }

  /** Forgets the segments that end before that frame: the stream has forgotten all of theirs. */
  forgetBefore(sequence: number): void {
    const segments = segmentsOf(this.#db);
    for (const [at, { table, first }] of segments.entries()) {
      const next = segments[at + 1];
      if (!next || next.first > sequence) return;
      this.#db.exec(`DROP TABLE ${table}; DROP TABLE ${runTable(first)}; DELETE FROM segments WHERE first = ${first}`);
    }
  }

  close(): void {
    this.#flush();
    this.#db.close();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const first = this.#pending[0];
    const last = this.#pending.at(-1);
    if (!first || !last) return;
    this.#db.exec('BEGIN');
    const insert = this.#insertInto(first.sequence);
    for (const { sequence, records } of this.#pending) {
      const terms = [...new Set(records.flatMap(termsOf))];
      insert.run(sequence, JSON.stringify(terms));
      this.#rows += terms.length;
    }
    this.#updateOpen(this.#pending);
    this.#runs?.write();
    this.#setPosition.run(this.#streamCreated, last.sequence);
    this.#db.exec('COMMIT');
    this.#pending = [];
  }

  /** One statement a frame: going to and fro between JavaScript and SQLite costs more than a row does. */
  #insertInto(sequence: number): StatementSync {
    if (this.#insertTerms && this.#rows < this.#segmentRows) return this.#insertTerms;
    const table = segmentTable(sequence);
    this.#db.exec(`
      CREATE TABLE ${table} (term INTEGER NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (term, sequence)) WITHOUT ROWID;
      INSERT INTO segments VALUES (${sequence});`);
    this.#runs = new RunWriter(this.#db, sequence);
    this.#rows = 0;
    this.#insertTerms = this.#db.prepare(`INSERT OR IGNORE INTO ${table} SELECT value, ? FROM json_each(?)`);
    return this.#insertTerms;
  }

  /** What is admitted and ended between two flushes never stands there. */
  #updateOpen(frames: readonly PendingFrame[]): void {
    const admitted = new Map<Term, { readonly sequence: number; readonly record: AdmittedRecord }>();
    const ended = new Map<Term, { readonly sequence: number; readonly record: EndedRecord }>();
    const dueAtMs = new Map<Term, number>();
    for (const { sequence, records } of frames) {
      for (const record of records) {
        if (record.state === 'refused') this.#runs?.refused(sequence, record);
        const term = invocationTerm(record.invocation);
        if (record.state === 'retrying') dueAtMs.set(term, record.dueAtMs);
        if (record.state === 'ended' && !ended.has(term)) ended.set(term, { sequence, record });
        if (record.state === 'admitted' && record.mode === 'durable') admitted.set(term, { sequence, record });
      }
    }
    for (const [term, { sequence, record }] of admitted) {
      const end = ended.get(term);
      ended.delete(term);
      if (end) this.#runs?.ended(end.sequence, record, end.record);
      else this.#insertOpen.run(term, record.atMs, record.atMs, record.deadlineMs, sequence, JSON.stringify(record));
    }
    for (const [term, ms] of dueAtMs) this.#placeAgain.run(ms, term);
    for (const [term, { sequence, record }] of ended) {
      const open = this.#deleteOpen.get(term)?.record;
      if (open) this.#runs?.ended(sequence, JSON.parse(String(open)) as AdmittedRecord, record);
    }
  }
}
