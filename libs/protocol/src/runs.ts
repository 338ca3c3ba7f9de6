/** Questions about runs, asked of the choreographer, and what it answers: a run is a durable root invocation. See docs/protocol.md, "Queries". */
import type { FaultCode } from './fault.js';

/** `open` from its admission to its end. */
export const RUN_STATES = ['open', 'succeeded', 'failed', 'refused'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** Which runs; what is not said narrows nothing. */
export interface RunFilter {
  readonly plugin?: string;
  readonly capability?: string;
  readonly caller?: string;
  readonly state?: RunState;
  /** Unix time: admitted or refused at that time or later. */
  readonly sinceMs?: number;
  /** Unix time: admitted or refused before that. */
  readonly untilMs?: number;
}

export interface Run {
  readonly invocation: string;
  readonly correlation: string;
  readonly caller: string;
  readonly plugin: string;
  /** Absent when it was refused. */
  readonly version?: string;
  readonly capability: string;
  readonly state: RunState;
  /** Unix time of its admission or refusal. */
  readonly atMs: number;
  readonly endedAtMs?: number;
  /** The code of the fault that it ended in. */
  readonly fault?: FaultCode;
}

/** A root that is stored, and not yet admitted or refused. */
export interface WaitingRun {
  readonly invocation: string;
  readonly correlation: string;
  readonly caller: string;
  readonly plugin: string;
  readonly capability: string;
  /** What it waits for: room for its work, or a circuit that is not closed. */
  readonly reason: 'room' | 'circuit';
  /** Sequence of the request event in its stream, as its caller was told. */
  readonly request: number;
  /** Unix time at which it was stored. */
  readonly sinceMs: number;
}

/** Those that wait longest first. */
export interface WaitingPage {
  readonly waiting: readonly WaitingRun[];
  /** There are more: ask again with `after` this. */
  readonly next?: number;
}

/** A place in a list: what comes after the run that is named so. */
export interface RunCursor {
  readonly atMs: number;
  readonly invocation: string;
}

/** Newest first. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** There are older ones that fit: ask again with `before` this. */
  readonly next?: RunCursor;
}

/** What has changed since a place in the history: admissions of runs that are still open, refusals and ends, frame by frame. */
export interface RunChanges {
  readonly runs: readonly Run[];
  /** Ask with `after` this for what comes next. */
  readonly position: number;
}
