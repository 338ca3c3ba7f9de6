/** Lists of durable roots: those that are open, and those that have ended (see `run-table.ts`). */
import type { DatabaseSync } from 'node:sqlite';
import type { Run, RunChanges, RunCursor, RunFilter, RunPage } from '@orchestrator/protocol';
import { segmentsOf } from './frame-lookup.js';
import { ROWS_PER_FRAME, runTable } from './run-table.js';

export interface RunQuery {
  readonly filter: RunFilter;
  readonly before?: RunCursor | undefined;
  readonly limit: number;
}

/** Changes in one answer. */
const MAX_CHANGES = 500;
/** An admission is in the history soon after it was decided, also where clocks differ or NATS was away: later than this, only its end is told. */
const LATEST_ADMISSION_MS = 10 * 60_000;

const OPEN = `(SELECT sequence * ${ROWS_PER_FRAME} AS id, admitted_ms AS at_ms, NULL AS ended_ms, 'open' AS state,
  record ->> 'caller' AS caller, record ->> 'plugin' AS plugin, record ->> 'capability' AS capability,
  record ->> 'version' AS version, NULL AS fault, record ->> 'invocation' AS invocation,
  record ->> 'correlation' AS correlation FROM open WHERE record ->> 'parent' IS NULL)`;

/** Newest first; each invocation once. */
export function listRuns(db: DatabaseSync, { filter, before, limit }: RunQuery): RunPage {
  const { clauses, values } = conditionsOf(filter);
  if (before) {
    clauses.push('at_ms <= ? AND (at_ms, invocation) < (?, ?)');
    values.push(before.atMs, before.atMs, before.invocation);
  }
  const where = clauses.length > 0 ? `WHERE ${clauses.join(' AND ')}` : '';
  const rows = sourcesOf(db, filter).flatMap((source) =>
    db
      .prepare(`SELECT * FROM ${source} ${where} ORDER BY at_ms DESC, invocation DESC LIMIT ?`)
      .all(...values, limit + 1),
  );
  const runs = [...new Map(rows.map((row) => [row.invocation, runOf(row)])).values()];
  runs.sort((a, b) => b.atMs - a.atMs || (a.invocation < b.invocation ? 1 : -1));
  const page = runs.slice(0, limit);
  const last = page.at(-1);
  if (runs.length <= limit || !last) return { runs: page };
  return { runs: page, next: { atMs: last.atMs, invocation: last.invocation } };
}

/** What the history has told after that frame, frame by frame. Without one, nothing, and where the history stands. */
export function runChanges(db: DatabaseSync, filter: RunFilter, after: number | undefined, nowMs: number): RunChanges {
  const position = Number(db.prepare('SELECT sequence FROM position').get()?.sequence ?? 0);
  if (after === undefined || after >= position) return { runs: [], position: Math.max(position, after ?? 0) };
  const { clauses, values } = conditionsOf(filter);
  const where = ['id >= ?', ...clauses].join(' AND ');
  const from = (after + 1) * ROWS_PER_FRAME;
  const tables = sourcesOf(db, filter, after).map((source) => {
    const recent = source === OPEN ? ` AND at_ms > ${nowMs - LATEST_ADMISSION_MS}` : '';
    const select = db.prepare(`SELECT * FROM ${source} WHERE ${where}${recent} ORDER BY id LIMIT ?`);
    return select.all(from, ...values, MAX_CHANGES + 1);
  });
  const rows = tables.flat().sort((a, b) => Number(a.id) - Number(b.id));
  if (rows.length <= MAX_CHANGES) return { runs: rows.map(runOf), position };
  // Only whole frames: the next question begins with the one that did not fit.
  const cut = Math.floor(Number(rows[MAX_CHANGES]?.id) / ROWS_PER_FRAME);
  const told = rows.filter((row) => Number(row.id) < cut * ROWS_PER_FRAME);
  return { runs: told.map(runOf), position: cut - 1 };
}

function conditionsOf({ plugin, capability, caller, state, sinceMs, untilMs }: RunFilter) {
  const given = [
    ['plugin = ?', plugin],
    ['capability = ?', capability],
    ['caller = ?', caller],
    ['state = ?', state],
    ['at_ms >= ?', sinceMs],
    ['at_ms < ?', untilMs],
  ].filter((one): one is [string, string | number] => one[1] !== undefined);
  return { clauses: given.map(([clause]) => clause), values: given.map(([, value]) => value) };
}

/** Tables that may hold what is asked for. @param after the frame after which it was told */
function sourcesOf(db: DatabaseSync, { state }: RunFilter, after = 0): string[] {
  const segments = segmentsOf(db);
  const ended = segments.filter((_, at) => (segments[at + 1]?.first ?? Number.POSITIVE_INFINITY) > after);
  return [
    ...(state === undefined || state === 'open' ? [OPEN] : []),
    ...(state === 'open' ? [] : ended.map(({ first }) => runTable(first))),
  ];
}

function runOf(row: Record<string, unknown>): Run {
  const { invocation, correlation, caller, plugin, version, capability, state, fault } = row;
  return {
    ...{ invocation, correlation, caller, plugin, capability, state, atMs: row.at_ms },
    ...(version !== null && { version }),
    ...(row.ended_ms !== null && { endedAtMs: row.ended_ms }),
    ...(fault !== null && { fault }),
  } as Run;
}
