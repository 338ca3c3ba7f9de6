import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { AdmittedRecord } from '@orchestrator/protocol';
import type { SeenInvocations } from '../domain/seen-invocations.js';
import { invocationTerm, lookUpFrames, type Term } from '../history-thread/frame-lookup.js';
import { HistoryReader, type HistoryReaderParts } from '../history-thread/history-reader.js';

/** How a durable invocation was asked for at first. */
export interface FirstAsked {
  readonly correlation: string;
  readonly bodyHash: string;
  /** Was it let pass, and so counted in the budgets of its tree? */
  readonly isAdmitted: boolean;
}

/** A place among open invocations that are ordered by a time. */
export interface OpenCursor {
  readonly ms: number;
  readonly term: Term;
}

export interface OpenPage {
  readonly open: readonly AdmittedRecord[];
  /** Where the next page begins; what comes later than the last one belongs to it, too. */
  readonly next: OpenCursor;
}

/** What the main thread reads of the index that the history thread writes: a second old, and cheap to ask. */
export class OpenInvocations {
  readonly #db: DatabaseSync;
  readonly #selectPlaced: StatementSync;
  readonly #selectOverdue: StatementSync;
  readonly #seen: SeenInvocations;
  readonly #reader: HistoryReader;

  constructor(file: string, seen: SeenInvocations, readFrame: HistoryReaderParts['readFrame']) {
    this.#db = new DatabaseSync(file, { readOnly: true });
    const pageBy = (column: string) =>
      this.#db.prepare(
        `SELECT term, ${column} AS ms, record FROM open WHERE (${column}, term) > (?, ?) AND ${column} <= ? ORDER BY ${column}, term LIMIT ?`,
      );
    this.#selectPlaced = pageBy('placed_ms');
    this.#selectOverdue = pageBy('deadline_ms');
    this.#seen = seen;
    this.#reader = new HistoryReader({ framesOf: (term) => lookUpFrames(this.#db, term), readFrame });
  }

  /** May the history hold it? "No" is certain, but for what was admitted a moment ago. */
  mayKnow(invocation: string): boolean {
    return this.#seen.mayHave(invocationTerm(invocation));
  }

  /** How a durable invocation was asked for at first; undefined while the index shows none of that id. */
  async firstAsked(invocation: string): Promise<FirstAsked | undefined> {
    const asked = await this.#reader.askedFor(invocation);
    const { correlation, bodyHash = '', state } = asked ?? {};
    return correlation === undefined ? undefined : { correlation, bodyHash, isAdmitted: state === 'admitted' };
  }

  /**
   * Durable invocations that have not ended, after the cursor and placed until then, which they are when they are admitted, and
   * again when their next attempt is due: their admission records, oldest first.
   */
  placed(after: OpenCursor, untilMs: number, limit: number): OpenPage {
    return page(this.#selectPlaced, after, untilMs, limit);
  }

  /** The same by deadline. */
  overdue(after: OpenCursor, untilMs: number, limit: number): OpenPage {
    return page(this.#selectOverdue, after, untilMs, limit);
  }

  close(): void {
    this.#db.close();
  }
}

function page(select: StatementSync, after: OpenCursor, untilMs: number, limit: number): OpenPage {
  const rows = select.all(after.ms, after.term, untilMs, limit);
  const last = rows.at(-1);
  return {
    open: rows.map(({ record }) => JSON.parse(String(record)) as AdmittedRecord),
    next: last ? { ms: Number(last.ms), term: Number(last.term) } : after,
  };
}
