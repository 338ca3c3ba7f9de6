/**
 * Which frames of `ORC_EVENTS` say something about a term: a correlation, a request, a key, an invocation. Terms are
 * numbers, and different things may share one: whoever reads the frames sorts that out.
 *
 * Rows are kept in segments, a table each, so that writing touches few pages however long the history is, and what the
 * stream has forgotten goes with its table. Both threads look things up, each with a connection of its own.
 */
import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { InvocationRecord } from '@orchestrator/protocol';

/** Of 52 bits; odd for invocations, even for all else. */
export type Term = number;

/** It begins as the correlation does, so that calls of one time stand together. */
export function correlationTerm(correlation: string): Term {
  return even(Number.parseInt(correlation.slice(0, 13), 16));
}

/** From digits of the UUID that its version does not fix. */
export function invocationTerm(invocation: string): Term {
  return even(Number.parseInt(invocation.slice(0, 8) + invocation.slice(31), 16)) + 1;
}

export function keyTerm(key: string): Term {
  return even(Number.parseInt(hash('sha256', key, 'hex').slice(0, 13), 16));
}

/** @param request its sequence in its stream */
export function requestTerm(request: number): Term {
  return request * 2;
}

function even(digits: number): Term {
  return digits - (digits % 2);
}

/** All that a record can be found by. */
export function termsOf(record: InvocationRecord): Term[] {
  const terms = [correlationTerm(record.correlation)];
  if (record.state === 'repeated') terms.push(requestTerm(record.request));
  if (record.state !== 'admitted' && record.state !== 'refused') return terms;
  if (record.mode === 'durable') terms.push(invocationTerm(record.invocation));
  if (record.request !== undefined) terms.push(requestTerm(record.request));
  if (record.key !== undefined && record.parent === undefined) terms.push(keyTerm(record.key));
  return terms;
}

/** The tables of all segments, oldest first, with the first frame that each may hold. */
export function segmentsOf(db: DatabaseSync): { readonly table: string; readonly first: number }[] {
  const rows = db.prepare('SELECT first FROM segments ORDER BY first').all();
  return rows.map(({ first }) => ({ table: segmentTable(Number(first)), first: Number(first) }));
}

export function segmentTable(first: number): string {
  return `frames_${first}`;
}

/** The frames that may say something about a term, in stream order. */
export function lookUpFrames(db: DatabaseSync, term: Term): number[] {
  const found = segmentsOf(db).flatMap(({ table }) =>
    db.prepare(`SELECT sequence FROM ${table} WHERE term = ? ORDER BY sequence`).all(term),
  );
  return found.map((row) => Number(row.sequence));
}
