import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Fault } from '@orchestrator/protocol';
import fc from 'fast-check';
import { decide, LIFECYCLE_STATES, type LifecycleEvent, type LifecycleState } from './invocation-lifecycle.js';

const NOW = 1_000_000;
const failed = new Fault('failed', 'broke');
const policy = { attempts: 3, backoffMs: 1_000, maxBackoffMs: 10_000 };
const failure = { kind: 'attempt-failed', policy, nowMs: NOW, deadlineMs: NOW + 60_000, random: 0.5 } as const;

/** The rows of the table in docs/lifecycle.md, by the names they have there. */
const EVENTS: Record<string, LifecycleEvent> = {
  'a request': { kind: 'requested', bodyHash: 'h', knownBodyHash: undefined },
  'the same request again': { kind: 'requested', bodyHash: 'h', knownBodyHash: 'h' },
  'its key with other arguments': { kind: 'requested', bodyHash: 'h', knownBodyHash: 'other' },
  'an attempt fails, and may be tried again': { ...failure, attempt: 1, fault: failed },
  'an attempt fails, and was the last': { ...failure, attempt: 3, fault: failed },
  'an attempt fails, and would fail again': { ...failure, attempt: 1, fault: new Fault('invalid-argument', 'no') },
  'an attempt fails, and no time is left': { ...failure, attempt: 1, fault: failed, deadlineMs: NOW + 100 },
  'the timer runs out': { kind: 'due', deadlineMs: NOW + 1, nowMs: NOW },
  'the timer runs out past the deadline': { kind: 'due', deadlineMs: NOW, nowMs: NOW },
  'a look at the clock': { kind: 'looked-at', deadlineMs: NOW + 1, nowMs: NOW },
  'a look at the clock past the deadline': { kind: 'looked-at', deadlineMs: NOW, nowMs: NOW },
};

/** The table of the document: by event and state, what is to be done. */
function table(): Map<string, Map<LifecycleState, string>> {
  const text = readFileSync(new URL('../../../../docs/lifecycle.md', import.meta.url), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [header = [], ...lines] = rows.filter(([first]) => first === 'event' || (first ?? '') in EVENTS);
  const states = header.slice(1).map((cell) => cell.replaceAll('`', '')) as LifecycleState[];
  return new Map(
    lines.map(([event = '', ...cells]) => [
      event,
      new Map(cells.map((cell, n) => [states[n] as LifecycleState, cell])),
    ]),
  );
}

describe('the life of an invocation', () => {
  it('the table knows every event and every state, and nothing else', () => {
    expect([...table().keys()]).toEqual(Object.keys(EVENTS));
    for (const row of table().values()) expect([...row.keys()]).toEqual([...LIFECYCLE_STATES]);
  });

  for (const [name, event] of Object.entries(EVENTS)) {
    it.each(LIFECYCLE_STATES.map((state) => [state]))(`${name} — when %s, as the table says`, (state) => {
      expect(decide(state, event).do).toBe(table().get(name)?.get(state)?.replaceAll('`', ''));
    });
  }

  it('what has ended stays so, whatever happens', () => {
    const event = fc.constantFrom(...Object.values(EVENTS));
    fc.assert(
      fc.property(event, (one) => {
        expect(['nothing', 'refuse-reuse']).toContain(decide('ended', one).do);
      }),
    );
  });

  it('no attempt begins at or after the deadline, and none beyond the policy', () => {
    fc.assert(
      fc.property(
        fc.record({
          attempt: fc.integer({ min: 1, max: 9 }),
          random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        }),
        fc.integer({ min: -1_000, max: 20_000 }),
        ({ attempt, random }, leftMs) => {
          const decision = decide('placed', { ...failure, attempt, random, fault: failed, deadlineMs: NOW + leftMs });
          if (decision.do !== 'wait') return expect(decision).toEqual({ do: 'end', fault: failed });
          expect(decision.untilMs).toBeLessThan(NOW + leftMs);
          expect(attempt).toBeLessThan(policy.attempts);
        },
      ),
    );
  });
});
