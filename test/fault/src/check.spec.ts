/** The checker finds what it is there to find: each rule, broken once. */
import { describe, expect, it } from '@jest/globals';
import { type InvocationNode, invocationIdFromKey } from '@orchestrator/protocol';
import { check } from './check.js';
import type { Evidence, StoredResult } from './evidence.js';
import type { Operation } from './operations.js';
import type { SentEntry } from './sent-log.js';

const CALLER = 'soak';
const REF = { plugin: 'probe', capability: 'work' };
const INVOCATION = invocationIdFromKey(CALLER, 'probe', 'work', 'key-1');

/** One durable request, number 1, that ran once and succeeded; and all that there is of it. */
const operation: Operation = {
  ...{ n: 1, kind: 'keyed', mode: 'durable', ref: REF, args: {}, key: 'key-1', copies: 1 },
  ...{ maySucceed: true, mayFailWith: [], effects: ['o1'], forbidden: ['o1.other'] },
};
const result: StoredResult = {
  ...{ invocation: INVOCATION, caller: CALLER, plugin: 'probe', fault: undefined, message: undefined },
  ...{ correlation: 'c', attempt: 1 },
};
const node = {
  ...{ invocation: INVOCATION, ...REF, mode: 'durable', state: 'succeeded', depth: 1, endedAtMs: 5, request: 7 },
} as InvocationNode;
const sent: readonly SentEntry[] = [
  { n: 1, atMs: 1, what: 'sent', other: false },
  { n: 1, atMs: 2, what: 'stored', other: false, sequence: 7 },
  { n: 1, atMs: 5, what: 'outcome', other: false, invocation: INVOCATION },
];
const started = { what: 'started', name: 'o1', attempt: 1, pid: 1, invocation: INVOCATION, depth: 1 } as const;
const ended = { ...started, what: 'ended' } as const;

function evidence(changed: Partial<Evidence> = {}): Evidence {
  return {
    ...{ sent, effects: [started, ended], results: new Map([[INVOCATION, result]]), dead: new Map() },
    ...{ history: new Map([[INVOCATION, node]]), byRequest: new Map([[7, node]]), removedResults: 0, unanswered: [] },
    ...{ waiting: { requests: 0, work: 0 }, held: [], recorded: new Set([INVOCATION]), notIdempotent: new Set() },
    ...changed,
  };
}

function rulesBroken(changed: Partial<Evidence>, of: Partial<Operation> = {}): string[] {
  const found = check(evidence(changed), CALLER, () => ({ ...operation, ...of }));
  return [...new Set(found.map(({ rule }) => rule))];
}

const withResult = (changed: Partial<StoredResult>) => new Map([[INVOCATION, { ...result, ...changed }]]);
const withNode = (changed: Partial<InvocationNode>) =>
  new Map([[INVOCATION, { ...node, ...changed } as InvocationNode]]);
const letter = new Map([[INVOCATION, { invocation: INVOCATION, fault: 'failed' }]]);

describe('check', () => {
  it('finds nothing where everything is as promised', () => {
    expect(rulesBroken({})).toEqual([]);
    expect(rulesBroken({ effects: [started, started, ended] })).toEqual([]); // it may run again
  });

  it.each<[string, Partial<Evidence>, string]>([
    ['an acknowledged request without outcome', { results: new Map() }, 'one outcome'],
    [
      'an outcome that is not the stored one',
      { sent: [...sent, { ...sent[2], fault: 'failed' } as SentEntry] },
      'one outcome',
    ],
    ['a result that was taken away', { removedResults: 1 }, 'one outcome'],
    ['success without effect', { effects: [started] }, 'effects at least once'],
    [
      'an effect of what was refused',
      { effects: [started, ended, { ...started, name: 'o1.other' }] },
      'no effect of what is refused',
    ],
    ['an effect below the greatest depth', { effects: [started, ended, { ...ended, depth: 99 }] }, 'bounded depth'],
    [
      'an effect that history does not hold',
      { effects: [started, ended, { ...ended, invocation: 'x' }] },
      'history is complete',
    ],
    ['a history that says otherwise', { history: withNode({ state: 'failed' }) }, 'history agrees'],
    ['a history at another depth', { history: withNode({ depth: 2 }) }, 'history agrees'],
    ['work without end in history', { history: withNode({ endedAtMs: undefined }) }, 'history is complete'],
    ['a fault without dead letter', { results: withResult({ fault: 'failed' }) }, 'a fault is a dead letter'],
    [
      'a fault that it must not end in',
      { results: withResult({ fault: 'failed' }), dead: letter },
      'no needless failure',
    ],
    ['a fault of no list', { results: withResult({ fault: 'oops' }) }, 'typed faults'],
    ['work that waits', { waiting: { requests: 0, work: 1 } }, 'nothing is left over'],
    ['requests that wait', { waiting: { requests: 1, work: 0 } }, 'nothing is left over'],
    ['a history that does not answer', { unanswered: ['no answer'] }, 'history answers'],
    [
      'a second start where that is forbidden',
      { effects: [started, started, ended], notIdempotent: new Set(['probe.work']) },
      'at most once',
    ],
  ])('finds %s', (_what, changed, rule) => {
    expect(rulesBroken(changed)).toContain(rule);
  });

  it('finds success of what never may succeed', () => {
    expect(rulesBroken({}, { maySucceed: false })).toEqual(['no refusal is lost']);
  });

  it('finds a second body under one key that was not refused', () => {
    const other = { n: 1, atMs: 6, what: 'stored', other: true, sequence: 8 } as const;
    expect(rulesBroken({ sent: [...sent, other] })).toEqual(['a key names one body']);
  });

  it('finds a synchronous call without answer, with two, and with two runs', () => {
    const answer = { n: 1, atMs: 3, what: 'answer' } as const;
    const call = { mode: 'sync', mayFailWith: ['unavailable'] } as const;
    const none = { results: new Map(), history: new Map(), byRequest: new Map() };
    const of = (entries: readonly SentEntry[], effects = [started, ended]) =>
      rulesBroken({ ...none, sent: entries, effects }, call);
    const first = sent[0] as SentEntry;
    expect(of([first, answer])).toEqual([]);
    expect(of([first])).toEqual(['one answer']);
    expect(of([first, answer, answer])).toEqual(['one answer']);
    expect(of([first, answer], [started, started, ended] as never)).toEqual(['a call runs at most once']);
    expect(of([first, { ...answer, fault: 'failed' }])).toEqual(['no needless failure']);
  });
});
