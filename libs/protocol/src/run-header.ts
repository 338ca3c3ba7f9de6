/** The `orc-run` header of a stored result: who ran it when, for history. `attempt|startedAtMs|endedAtMs|instance`. */
export interface RunHeader {
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Empty when no instance ran it to its end. */
  readonly instance: string;
}

export function encodeRun(run: RunHeader): string {
  return `${run.attempt}|${run.startedAtMs}|${run.endedAtMs}|${run.instance}`;
}

/** Undefined for anything that is not such a header. */
export function decodeRun(text: string): RunHeader | undefined {
  const [, attempt, startedAtMs, endedAtMs, instance] =
    /^(\d{1,9})\|(\d{1,15})\|(\d{1,15})\|([a-z0-9-]*)$/.exec(text) ?? [];
  if (instance === undefined) return undefined;
  return { attempt: Number(attempt), startedAtMs: Number(startedAtMs), endedAtMs: Number(endedAtMs), instance };
}
