/** The caller's own log: what it sent, what was acknowledged, what it was answered. One JSON object a line. */
import { existsSync, readFileSync } from 'node:fs';
import type { FaultCode } from '@orchestrator/protocol';

/** How a request or call ended, as its caller saw it. */
export interface SeenOutcome {
  readonly fault?: FaultCode;
  readonly message?: string;
  readonly invocation?: string | undefined;
  readonly correlation?: string | undefined;
}

export type SentEntry = { readonly n: number; readonly atMs: number } & (
  | { readonly what: 'sent'; readonly other: boolean }
  /** JetStream has acknowledged the request. */
  | { readonly what: 'stored'; readonly other: boolean; readonly sequence: number }
  /** Not acknowledged: it may have been stored all the same. */
  | { readonly what: 'unacknowledged'; readonly other: boolean; readonly fault: FaultCode }
  | ({ readonly what: 'outcome'; readonly other: boolean } & SeenOutcome)
  /** Of a synchronous call. Without an invocation nobody has answered: the caller's own client gave up. */
  | ({ readonly what: 'answer' } & SeenOutcome)
);

/** A last line that is not whole is left out. */
export function readSentLog(file: string): SentEntry[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as SentEntry);
}
