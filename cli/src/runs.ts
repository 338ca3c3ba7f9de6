/** Asking the choreographer about runs. */
import { setTimeout as delay } from 'node:timers/promises';
import { ask, type Requester, readTree } from '@orchestrator/bus';
import {
  Fault,
  flattenTree,
  type InvocationNode,
  type Run,
  type RunChanges,
  type RunCursor,
  type RunFilter,
  type RunPage,
  type WaitingPage,
  type WaitingRun,
} from '@orchestrator/protocol';
import { UsageError } from './failure.js';

const PAGE = 200;
const POLL_MS = 500;

/** Newest first, at most so many. */
export async function listRuns(requester: Requester, filter: RunFilter, limit: number): Promise<Run[]> {
  const runs: Run[] = [];
  let before: RunCursor | undefined;
  do {
    const query = { filter, before, limit: Math.min(PAGE, limit - runs.length) };
    const page: RunPage = await ask<RunPage>(requester, 'choreographer', 'runs', query);
    runs.push(...page.runs);
    before = page.next;
  } while (before !== undefined && runs.length < limit);
  return runs;
}

/** Which roots wait to be admitted. */
export interface WaitingFilter extends Pick<RunFilter, 'plugin' | 'capability' | 'caller'> {
  readonly correlation?: string;
  readonly invocation?: string;
}

/** Those that wait longest first, at most so many. */
export async function listWaiting(requester: Requester, filter: WaitingFilter, limit: number): Promise<WaitingRun[]> {
  const waiting: WaitingRun[] = [];
  let after: number | undefined;
  do {
    const query = { filter, after, limit: Math.min(PAGE, limit - waiting.length) };
    const page = await ask<WaitingPage>(requester, 'choreographer', 'waiting', query);
    waiting.push(...page.waiting);
    after = page.next;
  } while (after !== undefined && waiting.length < limit);
  return waiting;
}

export interface FollowOptions {
  readonly filter: RunFilter;
  readonly onRun: (run: Run) => void;
  /** Told when nobody answers, and when somebody does again. */
  readonly onAway: (isAway: boolean) => void;
  readonly until: AbortSignal;
}

/**
 * Tells of each admission, refusal and end from now on, until the signal. It asks by its place in the history: however
 * long NATS or the choreographer is away, nothing is left out that the history still holds. @throws Fault when nobody answers at first
 */
export async function followRuns(requester: Requester, { filter, onRun, onAway, until }: FollowOptions): Promise<void> {
  let { position } = await ask<RunChanges>(requester, 'choreographer', 'run-changes', { filter });
  let isAway = false;
  while (!until.aborted) {
    try {
      const changes = await ask<RunChanges>(requester, 'choreographer', 'run-changes', { filter, after: position });
      if (isAway) onAway(false);
      isAway = false;
      changes.runs.forEach(onRun);
      if (changes.position > position && changes.runs.length > 0) {
        position = changes.position;
        continue;
      }
      position = changes.position;
    } catch (error) {
      const { code } = Fault.from(error);
      if (code !== 'unavailable' && code !== 'deadline-exceeded') throw error;
      if (!isAway) onAway(true);
      isAway = true;
    }
    await delay(POLL_MS, undefined, { signal: until }).catch(() => {});
  }
}

/** How long it may take until a request that was just stored is in the history. */
const HISTORY_LAG_MS = 2_000;
const LOOK_AGAIN_MS = 50;

/** The durable invocation of that id, or the root of that correlation. @throws Fault `not-found`; UsageError for a synchronous one */
export async function findDurable(
  requester: Requester,
  query: { readonly invocation?: string; readonly correlation?: string },
): Promise<InvocationNode> {
  const giveUpAtMs = Date.now() + HISTORY_LAG_MS;
  for (;;) {
    try {
      const tree = await readTree(requester, query);
      const node = flattenTree(tree).find(({ invocation }) => (query.invocation ?? invocation) === invocation);
      if (node?.mode === 'durable') return node;
      throw new UsageError('That is a synchronous call: only the result of a durable one is stored.');
    } catch (error) {
      if (!Fault.is(error) || error.code !== 'not-found' || Date.now() > giveUpAtMs) throw error;
      await delay(LOOK_AGAIN_MS);
    }
  }
}
