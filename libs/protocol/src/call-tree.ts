/** The call tree of a correlation, folded from its records: doubles and disorder change nothing. Pure. */

import type { Mode } from './call-context.js';
import type { CircuitChange } from './circuits.js';
import type { FaultBody } from './fault.js';
import { expandRecord, type InvocationRecord, type RetryingRecord, type SupersededRecord } from './records.js';

/** `waiting`: an attempt failed, and the next one is not due yet. */
export type InvocationState = 'admitted' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'refused';

/** An attempt that did not become the outcome. */
interface LostAttempt {
  readonly attempt: number;
  readonly instance: string | undefined;
  readonly endedAtMs: number;
  /** Undefined for one that succeeded too late. */
  readonly fault: FaultBody | undefined;
}

/** A part of a run that came to an end. */
interface InvocationStep {
  readonly step: string;
  readonly title: string;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly fault: FaultBody | undefined;
}

/** One invocation, as far as its records tell. */
export interface Invocation {
  readonly invocation: string;
  readonly correlation: string;
  readonly traceId: string;
  readonly parent: string | undefined;
  readonly caller: string;
  readonly plugin: string;
  /** Undefined when it was refused before a version was chosen. */
  readonly version: string | undefined;
  readonly capability: string;
  readonly mode: Mode;
  readonly depth: number;
  readonly state: InvocationState;
  /** How often it was started; 0 when it never was. */
  readonly attempts: number;
  readonly instance: string | undefined;
  readonly admittedAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly deadlineMs: number | undefined;
  readonly fault: FaultBody | undefined;
  /** The attempts that failed and were followed by another, in their order. */
  readonly failed: readonly LostAttempt[];
  /** The attempts that ended when there was an outcome already. */
  readonly superseded: readonly LostAttempt[];
  /** What it has done in steps, in time; a step that failed may stand there once for each attempt. */
  readonly steps: readonly InvocationStep[];
  /** What it changed about the circuit before its capability, in time. */
  readonly circuit: readonly CircuitChange[];
  /** When the next attempt is due, while it waits. */
  readonly dueAtMs: number | undefined;
  readonly request: number | undefined;
  readonly key: string | undefined;
  readonly bodyHash: string | undefined;
  /** Where arguments and result lie, as in `ce-dataref`, when they are too large for a message. */
  readonly argsAt: string | undefined;
  readonly resultAt: string | undefined;
  /** The dead invocation that an operator sent again as this one. */
  readonly redriveOf: string | undefined;
}

export interface InvocationNode extends Invocation {
  /** In the order in which they were asked for. */
  readonly children: readonly InvocationNode[];
}

export interface CallTree {
  readonly correlation: string;
  readonly traceId: string;
  /** More than one where several roots share a correlation id, or where a parent's records are gone. */
  readonly roots: readonly InvocationNode[];
}

/** As much of a tree as one answer holds: in the order in which its invocations were asked for. */
export interface CallTreePage extends CallTree {
  /** What to ask on with as `after`, where there is more. */
  readonly next?: string;
}

/**
 * Folds the records of one invocation: of several admissions or ends, the earliest counts. Undefined while its admission
 * or refusal is not among them.
 */
export function foldInvocation(written: readonly InvocationRecord[]): Invocation | undefined {
  const records = written.flatMap(expandRecord);
  const asked =
    earliest(records.filter((r) => r.state === 'admitted')) ?? earliest(records.filter((r) => r.state === 'refused'));
  if (!asked) return undefined;
  const started = records.filter((r) => r.state === 'started').sort((a, b) => a.attempt - b.attempt || inTime(a, b));
  const ended = earliest(records.filter((r) => r.state === 'ended'));
  const last = started.at(-1);
  const retrying = byAttempt(records.filter((r) => r.state === 'retrying'));
  const superseded = byAttempt(records.filter((r) => r.state === 'superseded'));
  const lastRetry = retrying.at(-1);
  const isWaiting = !ended && lastRetry !== undefined && lastRetry.attempt >= (last?.attempt ?? 0);
  const fault = asked.state === 'refused' ? asked.fault : ended?.fault;
  return {
    invocation: asked.invocation,
    correlation: asked.correlation,
    traceId: asked.traceId ?? asked.correlation,
    parent: asked.parent,
    caller: asked.caller,
    plugin: asked.plugin,
    version: asked.state === 'admitted' ? asked.version : undefined,
    capability: asked.capability,
    mode: asked.mode,
    depth: asked.depth,
    state: isWaiting
      ? 'waiting'
      : stateOf(asked.state === 'refused', ended !== undefined, fault !== undefined, last !== undefined),
    attempts: Math.max(ended?.attempt ?? 0, last?.attempt ?? 0, lastRetry?.attempt ?? 0),
    instance: ended?.instance ?? last?.instance,
    admittedAtMs: asked.atMs,
    startedAtMs: started[0]?.atMs ?? ended?.startedAtMs,
    endedAtMs: asked.state === 'refused' ? asked.atMs : ended?.atMs,
    deadlineMs: asked.state === 'admitted' ? asked.deadlineMs : undefined,
    fault,
    failed: retrying.map(lostAttempt),
    superseded: superseded.map(lostAttempt),
    steps: stepsOf(records),
    circuit: circuitChanges(records),
    dueAtMs: isWaiting ? lastRetry.dueAtMs : undefined,
    request: asked.request,
    key: asked.key,
    bodyHash: asked.state === 'admitted' ? asked.bodyHash : undefined,
    argsAt: asked.argsAt,
    resultAt: ended?.resultAt,
    redriveOf: asked.redriveOf,
  };
}

function stepsOf(records: readonly InvocationRecord[]): InvocationStep[] {
  const written = records.filter((record) => record.state === 'step');
  const once = new Map(written.sort(inTime).map((one) => [`${one.step} ${one.attempt}`, one]));
  return [...once.values()]
    .map(({ step, title, attempt, startedAtMs, atMs, fault }) => ({
      ...{ step, title, attempt, startedAtMs, endedAtMs: atMs, fault },
    }))
    .sort((a, b) => a.startedAtMs - b.startedAtMs || a.endedAtMs - b.endedAtMs);
}

function circuitChanges(records: readonly InvocationRecord[]): CircuitChange[] {
  const changes = new Map<string, CircuitChange>();
  for (const record of records.filter((one) => one.state === 'circuit').sort(inTime)) {
    const { circuit: state, atMs, untilMs } = record;
    changes.set(`${state} ${atMs}`, { state, atMs, ...(untilMs !== undefined && { untilMs }) });
  }
  return [...changes.values()];
}

/** One of each attempt, the earliest, in the order of the attempts. */
function byAttempt<R extends RetryingRecord | SupersededRecord>(records: readonly R[]): R[] {
  const attempts = [...Map.groupBy(records, (record) => record.attempt).values()];
  return attempts.flatMap((of) => earliest(of) ?? []).sort((a, b) => a.attempt - b.attempt);
}

function lostAttempt({ attempt, instance, atMs, fault }: RetryingRecord | SupersededRecord): LostAttempt {
  return { attempt, instance, endedAtMs: atMs, fault };
}

function earliest<R extends InvocationRecord>(records: readonly R[]): R | undefined {
  return records.length > 1 ? [...records].sort(inTime)[0] : records[0];
}

/** By time; what two records say decides between equal times, so that the order in which they are read never does. */
function inTime(a: InvocationRecord, b: InvocationRecord): number {
  return a.atMs - b.atMs || compareText(JSON.stringify(a), JSON.stringify(b));
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function stateOf(refused: boolean, ended: boolean, faulty: boolean, started: boolean): InvocationState {
  if (refused) return 'refused';
  if (ended) return faulty ? 'failed' : 'succeeded';
  return started ? 'running' : 'admitted';
}

/** The invocations of a correlation, in the order in which they were asked for. */
export function foldInvocations(correlation: string, records: readonly InvocationRecord[]): Invocation[] {
  const byInvocation = Map.groupBy(
    records.filter((record) => record.correlation === correlation),
    (record) => record.invocation,
  );
  return [...byInvocation.values()].flatMap((of) => foldInvocation(of) ?? []).sort(inOrder);
}

function inOrder(a: Invocation, b: Invocation): number {
  return a.admittedAtMs - b.admittedAtMs || compareText(a.invocation, b.invocation);
}

/**
 * Builds the tree of some invocations, given in their order; undefined without any. Every invocation stands in it exactly
 * once, below its parent where that is among them, even where broken records name parents in a circle.
 */
export function treeOf(invocations: readonly Invocation[]): CallTree | undefined {
  const known = new Set(invocations.map((one) => one.invocation));
  const childrenOf = Map.groupBy(invocations, (one) => one.parent);
  const placed = new Set<string>();
  const node = (one: Invocation): InvocationNode => {
    placed.add(one.invocation);
    const children = (childrenOf.get(one.invocation) ?? []).filter((child) => !placed.has(child.invocation));
    return { ...one, children: children.map(node) };
  };
  const roots = invocations.filter((one) => one.parent === undefined || !known.has(one.parent)).map(node);
  for (const one of invocations) if (!placed.has(one.invocation)) roots.push(node(one));
  const first = roots[0];
  return first && { correlation: first.correlation, traceId: first.traceId, roots };
}

/** Builds the tree of a correlation; undefined when the records hold no invocation of it. */
export function buildCallTree(correlation: string, records: readonly InvocationRecord[]): CallTree | undefined {
  return treeOf(foldInvocations(correlation, records));
}

/** The tree whose pages these are, from the first to the last; what a later one says of an invocation counts. */
export function joinPages(pages: readonly CallTreePage[]): CallTree | undefined {
  const invocations = pages.flatMap(flattenTree).map(({ children: _children, ...invocation }) => invocation);
  return treeOf([...new Map(invocations.map((one) => [one.invocation, one])).values()].sort(inOrder));
}

/** Every invocation of a tree, parents before children. */
export function flattenTree(tree: CallTree): InvocationNode[] {
  const walk = (node: InvocationNode): InvocationNode[] => [node, ...node.children.flatMap(walk)];
  return tree.roots.flatMap(walk);
}
