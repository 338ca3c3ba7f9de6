/** Questions about dead letters, asked of the choreographer, and what it answers. See docs/protocol.md, "Queries". */
import type { Fault, FaultBody } from './fault.js';
import type { InvocationRecord } from './records.js';

/** Which letters; what is not said narrows nothing. */
export interface DeadLetterFilter {
  readonly plugin?: string;
  readonly capability?: string;
  readonly caller?: string;
  /** The code of the fault. */
  readonly code?: string;
  /** Unix time: letters stored at that time or later. */
  readonly sinceMs?: number;
  /** Unix time: letters stored before that. */
  readonly untilMs?: number;
}

/** Letters to act upon: one, or all that fit, page after page. */
export type DeadLetterSelection =
  | { readonly invocation: string }
  | {
      readonly filter: DeadLetterFilter;
      /** A letter's sequence: only older ones. The `next` of the page before. */
      readonly before?: number;
    };

/** A letter as it stands in a list; its fault's message is cut, and its details left out. */
export interface DeadLetter {
  /** The invocation that died: the letter's name. */
  readonly invocation: string;
  readonly correlation: string;
  readonly caller: string;
  readonly plugin: string;
  readonly capability: string;
  readonly fault: FaultBody;
  /** Who ended it: `/choreographer`, or `/plugins/<plugin>`. */
  readonly source: string;
  /** Unix time at which it was stored. */
  readonly atMs: number;
  /** Size of the original arguments. */
  readonly bytes: number;
  /** In its stream: newer letters have higher ones. */
  readonly sequence: number;
}

/** Newest first. */
export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  /** There may be older ones that fit: ask again with `before` this. */
  readonly next?: number;
}

export interface DeadLetterDetail extends DeadLetter {
  /** The original arguments, in base64; absent where they are larger than any request that is admitted. */
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the history holds of the invocation, oldest first: each of its attempts. */
  readonly records: readonly InvocationRecord[];
  /** What it came to after all, where that is known. */
  readonly late?: LateResult;
}

/** A result that came after its invocation had ended as `unknown-outcome`. */
export interface LateResult {
  readonly attempt: number;
  readonly instance?: string;
  /** Unix times. */
  readonly startedAtMs?: number;
  readonly endedAtMs: number;
  readonly bytes: number;
  /** In base64; absent where it lies in the object store. */
  readonly body?: string;
  /** Where it lies there, as in `ce-dataref`. */
  readonly at?: string;
}

export interface RedriveAnswer {
  readonly redriven: readonly {
    /** The invocation that died. */
    readonly redriveOf: string;
    /** The new one. */
    readonly invocation: string;
    readonly caller: string;
    readonly plugin: string;
    readonly correlation: string;
  }[];
  /** Letters that fit and cannot be redriven; they stay. */
  readonly failed: readonly { readonly invocation: string; readonly fault: FaultBody | Fault }[];
  readonly next?: number;
}

export interface DiscardAnswer {
  /** The invocations whose letters are gone. */
  readonly discarded: readonly string[];
  readonly next?: number;
}
