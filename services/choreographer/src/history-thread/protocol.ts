/** What the choreographer's main thread and its history thread say to each other. */

/** Given to the thread at its start. */
export interface HistoryThreadData {
  readonly natsUrl: string | undefined;
  /** The projection's file. */
  readonly file: string;
  /** The subject of this replica's own frames. */
  readonly ownSubject: string;
  readonly otlpEndpoint: string | undefined;
  readonly traceRatio: number;
  readonly traceSlowMs: number;
  /** Of `SeenInvocations`. */
  readonly seen: SharedArrayBuffer;
}

/**
 * From the thread: it has read all that was stored when it began; a problem worth a log line; or how many spans it has
 * dropped so far.
 */
export type FromHistoryThread =
  | { readonly caughtUp: true }
  | { readonly problem: string }
  | { readonly spansDropped: number };

/** To the thread: send what waits, and end. */
export type ToHistoryThread = 'close';
