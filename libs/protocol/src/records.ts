/**
 * History: what happened to an invocation, in records. They are written many to a frame, one JSON text a line, and may
 * stand there twice or out of order: whoever reads them folds them (see `call-tree.ts`).
 */

import type { Mode } from './call-context.js';
import type { CircuitChange } from './circuits.js';
import { parseDataRef } from './data-ref.js';
import { Fault, type FaultBody, parseFault } from './fault.js';
import { isCorrelationId } from './ids.js';

interface RecordBase {
  readonly invocation: string;
  readonly correlation: string;
  /** Unix time. */
  readonly atMs: number;
}

/** What admission knows of a call, whether it lets it pass or not. */
interface Asked extends RecordBase {
  readonly parent?: string;
  readonly caller: string;
  readonly plugin: string;
  readonly capability: string;
  readonly mode: Mode;
  readonly depth: number;
  /** The trace, where it is not the correlation id. */
  readonly traceId?: string;
  /** The span of a caller outside, for a root whose caller brought a `traceparent`. */
  readonly remoteSpan?: string;
  /** Sequence of the request event in its stream. */
  readonly request?: number;
  /** Of durable requests: tells whether a second request with the same key is the same. */
  readonly bodyHash?: string;
  /** The key (`ce-id`) that the caller chose. */
  readonly key?: string;
  /** Where the arguments lie, as in `ce-dataref`, when they are not in the message. */
  readonly argsAt?: string;
  /** The invocation whose dead letter an operator sent again as this one. */
  readonly redriveOf?: string;
}

export interface AdmittedRecord extends Asked {
  readonly state: 'admitted';
  /** Of calls that ended before their admission was written: both in one record. */
  readonly ended?: Outcome;
  readonly version: string;
  readonly deadlineMs: number;
  /** False where the caller wants no trace. @default true */
  readonly sampled?: boolean;
}

/** Decided before any plugin was reached. */
export interface RefusedRecord extends Asked {
  readonly state: 'refused';
  readonly fault: FaultBody;
}

/** A durable request for an invocation that had its result already: leads from the request to that invocation. */
export interface RepeatedRecord extends RecordBase {
  readonly state: 'repeated';
  /** Sequence of the request event in its stream. */
  readonly request: number;
}

export interface StartedRecord extends RecordBase {
  readonly state: 'started';
  readonly attempt: number;
  readonly instance: string;
}

/** An attempt failed, and there will be another. */
export interface RetryingRecord extends RecordBase {
  readonly state: 'retrying';
  /** The attempt that failed. */
  readonly attempt: number;
  readonly instance?: string;
  readonly startedAtMs?: number;
  readonly fault: FaultBody;
  /** When the next one is due: Unix time. */
  readonly dueAtMs: number;
}

/** An attempt came to an end when the invocation had its outcome already: what it answered counts for nothing. */
export interface SupersededRecord extends RecordBase {
  readonly state: 'superseded';
  readonly attempt: number;
  readonly instance?: string;
  readonly startedAtMs?: number;
  readonly fault?: FaultBody;
}

/** A step of a run has come to an end: what it answered is kept, or it failed. */
export interface StepRecord extends RecordBase {
  readonly state: 'step';
  readonly attempt: number;
  /** Tells it from the other steps of the invocation. */
  readonly step: string;
  /** For people. */
  readonly title: string;
  readonly startedAtMs: number;
  readonly fault?: FaultBody;
}

/** A call, or an attempt, after which a choreographer changed the circuit before the capability that it was of. */
interface CircuitRecord extends RecordBase {
  readonly state: 'circuit';
  readonly plugin: string;
  readonly version: string;
  readonly capability: string;
  readonly circuit: CircuitChange['state'];
  /** See `CircuitChange`. */
  readonly untilMs?: number;
}

/** How an invocation ended; `fault` is absent on success. */
interface Outcome {
  /** Unix time. */
  readonly atMs: number;
  readonly attempt: number;
  /** Absent when no instance ran it to its end: the choreographer ended it. */
  readonly instance?: string;
  readonly startedAtMs?: number;
  readonly fault?: FaultBody;
  /** Where the result lies, as in `ce-dataref`, when it is not in the message. */
  readonly resultAt?: string;
}

/** The one outcome of an invocation. */
export interface EndedRecord extends RecordBase, Outcome {
  readonly state: 'ended';
}

export type InvocationRecord =
  | AdmittedRecord
  | RefusedRecord
  | RepeatedRecord
  | StartedRecord
  | RetryingRecord
  | SupersededRecord
  | CircuitRecord
  | StepRecord
  | EndedRecord;

/** The admission and the end that one record may hold, as two. */
export function expandRecord(record: InvocationRecord): readonly InvocationRecord[] {
  if (record.state !== 'admitted' || !record.ended) return [record];
  const { invocation, correlation, ended } = record;
  return [record, { state: 'ended', invocation, correlation, ...ended }];
}

const STATES = new Set([
  ...['admitted', 'refused', 'repeated', 'started', 'retrying', 'superseded', 'circuit', 'step', 'ended'],
]);

export function encodeFrame(records: readonly InvocationRecord[]): string {
  return records.map((record) => JSON.stringify(record)).join('\n');
}

/** @throws Fault `internal` on a line that is no record */
export function decodeFrame(frame: string): InvocationRecord[] {
  const records = parseJson(`[${frame.trimEnd().replaceAll('\n', ',')}]`);
  if (!Array.isArray(records) || !records.every(isRecord)) {
    throw new Fault('internal', 'A history frame holds a line that is no record.');
  }
  return records;
}

function isRecord(candidate: unknown): candidate is InvocationRecord {
  const value = candidate as Partial<Record<keyof InvocationRecord, unknown>> | null;
  return (
    typeof value?.state === 'string' &&
    STATES.has(value.state) &&
    typeof value.invocation === 'string' &&
    typeof value.correlation === 'string' &&
    isCorrelationId(value.correlation) &&
    Number.isFinite(value.atMs)
  );
}

/** What a host reports about a run, of durable work once the result is stored; gathered into frames, best effort. */
export interface HostReport {
  readonly invocation: string;
  /** @default 1 */
  readonly attempt?: number;
  readonly instance: string;
  readonly startedAtMs: number;
  /** Absent while it runs. */
  readonly endedAtMs?: number;
  readonly fault?: FaultBody;
  /** Where the result lies, as in `ce-dataref`, when it is not in the message. */
  readonly resultAt?: string;
  /** The invocation had its outcome already when this attempt ended. */
  readonly superseded?: boolean;
  /** It is not of the run, but of a step of it: start, end and fault are those of the step. */
  readonly step?: ReportedStep;
}

export interface ReportedStep {
  readonly name: string;
  /** For people. */
  readonly title: string;
}

export function encodeReports(reports: readonly HostReport[]): string {
  return reports.map((report) => JSON.stringify(report)).join('\n');
}

/** Lines that are no report are dropped: a report is a hint, and one bad line must not cost the others. */
export function decodeReports(text: string): HostReport[] {
  return text.split('\n').flatMap((line) => {
    const read = parseJsonObject(line) ?? {};
    const { invocation, attempt, instance, startedAtMs, endedAtMs, fault, resultAt, superseded, step } = read;
    if (typeof invocation !== 'string' || typeof instance !== 'string' || !isTime(startedAtMs)) return [];
    const started = { invocation, instance, startedAtMs, ...(isCount(attempt) && { attempt }) };
    if (endedAtMs === undefined) return [started];
    if (!isTime(endedAtMs)) return [];
    const outcome = fault === undefined ? {} : { fault: parseFault(fault).toJSON() };
    const where = typeof resultAt === 'string' && parseDataRef(resultAt) ? { resultAt } : {};
    const ended = { ...started, endedAtMs, ...outcome };
    if (step !== undefined) return isStep(step) ? [{ ...ended, step: { name: step.name, title: step.title } }] : [];
    return [{ ...ended, ...where, ...(superseded === true && { superseded }) }];
  });
}

function isStep(value: unknown): value is ReportedStep {
  const { name, title } = (value ?? {}) as Partial<Record<keyof ReportedStep, unknown>>;
  return typeof name === 'string' && typeof title === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isTime(value: unknown): value is number {
  return Number.isFinite(value);
}

function parseJsonObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
