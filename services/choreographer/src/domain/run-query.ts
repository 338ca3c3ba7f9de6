/** Questions about runs, checked. Pure. */
import { Fault, RUN_STATES, type RunCursor, type RunFilter } from '@orchestrator/protocol';
import { type Args, isInvocation, isNameText, parseFilter, parseLimit } from './query-arguments.js';

const FILTER = {
  plugin: isNameText,
  capability: isNameText,
  caller: isNameText,
  state: (value: unknown) => RUN_STATES.some((state) => state === value),
  sinceMs: Number.isFinite,
  untilMs: Number.isFinite,
};

/** Which page of a list: `{filter?, before?, limit?}`. @throws Fault `invalid-argument` */
export function parseRunQuery({ filter = {}, before, limit }: Args) {
  return {
    filter: parseFilter(filter, FILTER) as RunFilter,
    before: parseCursor(before),
    limit: parseLimit(limit),
  };
}

/** What has changed after which frame: `{filter?, after?}`. @throws Fault `invalid-argument` */
export function parseChangesQuery({ filter = {}, after }: Args) {
  if (after !== undefined && !(Number.isSafeInteger(after) && Number(after) >= 0)) {
    throw new Fault('invalid-argument', 'after is the position of an earlier answer: a whole number.');
  }
  return { filter: parseFilter(filter, FILTER) as RunFilter, after: after as number | undefined };
}

function parseCursor(value: unknown): RunCursor | undefined {
  if (value === undefined) return undefined;
  const { atMs, invocation } = (value ?? {}) as Args;
  if (typeof atMs === 'number' && Number.isFinite(atMs) && isInvocation(invocation)) return { atMs, invocation };
  throw new Fault('invalid-argument', 'before is the next of an earlier page: atMs and invocation.');
}
