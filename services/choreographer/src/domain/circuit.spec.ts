import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CircuitEvent, type CircuitSettings, type CircuitState, CLOSED, nextCircuit, passes } from './circuit.js';

const NOW = 1_000_000;
const SETTINGS: CircuitSettings = { failureRatio: 0.5, minCalls: 20, windowMs: 10_000, openMs: 5_000 };

const STATES = {
  closed: CLOSED,
  open: { is: 'open', untilMs: NOW, failedProbes: 0 },
  'half-open': { is: 'half-open', probe: 'probe', untilMs: NOW, failedProbes: 0 },
} as const satisfies Record<string, CircuitState>;

const ended = { kind: 'ended', invocation: 'any', outcome: 'failed', failing: false, nowMs: NOW } as const;

/** The rows of the table in docs/lifecycle.md, by the names they have there. */
const EVENTS: Record<string, CircuitEvent> = {
  'a call asks for it': { kind: 'asked', invocation: 'any', nowMs: NOW - 1 },
  'a call asks for it, and its time is over': { kind: 'asked', invocation: 'any', nowMs: NOW },
  'a call ends, and too many have failed': { ...ended, failing: true },
  'a call ends, and not too many have failed': ended,
  'its probe succeeds': { ...ended, invocation: 'probe', outcome: 'succeeded' },
  'its probe fails': { ...ended, invocation: 'probe' },
  'its probe ends, and says nothing of the plugin': { ...ended, invocation: 'probe', outcome: 'neutral' },
  'the plugin has an instance again, after none': { kind: 'revived', nowMs: NOW },
};

/** The table of the document: by event and state, what the state is then. */
function table(): Map<string, readonly string[]> {
  const text = readFileSync(new URL('../../../../docs/lifecycle.md', import.meta.url), 'utf8');
  const rows = text.split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim())); // biome-ignore format: short
  return new Map(rows.filter(([first = '']) => first in EVENTS).map(([first = '', ...cells]) => [first, cells]));
}

describe('the circuit', () => {
  it('the table knows every event', () => {
    expect([...table().keys()]).toEqual(Object.keys(EVENTS));
  });

  for (const [name, event] of Object.entries(EVENTS)) {
    it.each(Object.keys(STATES).map((is, column) => [is as keyof typeof STATES, column] as const))(
      `${name} — when %s, as the table says`,
      (is, column) => {
        const cell = table().get(name)?.[column]?.replaceAll('`', '');
        if (cell !== '–') expect(nextCircuit(STATES[is], event, SETTINGS).is).toBe(cell);
      },
    );
  }

  it('is open twice as long after each probe that fails, up to a minute', () => {
    let state: CircuitState = nextCircuit(CLOSED, { ...ended, failing: true, nowMs: 0 }, SETTINGS);
    const times: number[] = [];
    for (let nowMs = 0, n = 0; n < 7; n++) {
      if (state.is !== 'open') throw new Error(state.is);
      times.push(state.untilMs - nowMs);
      nowMs = state.untilMs;
      state = nextCircuit(state, { kind: 'asked', invocation: `${n}`, nowMs }, SETTINGS);
      state = nextCircuit(state, { ...ended, invocation: `${n}`, nowMs }, SETTINGS);
    }
    expect(times).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it('an open one may be tried at once when the plugin is there again', () => {
    const open: CircuitState = { is: 'open', untilMs: NOW + 50_000, failedProbes: 3 };
    const revived = nextCircuit(open, { kind: 'revived', nowMs: NOW }, SETTINGS);
    expect(passes(nextCircuit(revived, { kind: 'asked', invocation: 'any', nowMs: NOW }, SETTINGS), 'any')).toBe(true);
  });

  it('whatever happens, a half-open one lets no second call through before its time, and only its probe closes it', () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('asked' as const), invocation: fc.constantFrom('a', 'b', 'c') }),
      fc.record({
        kind: fc.constant('ended' as const),
        invocation: fc.constantFrom('a', 'b', 'c'),
        outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'neutral' as const),
        failing: fc.boolean(),
      }),
      fc.constant({ kind: 'revived' as const }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat({ max: 4_000 })), { maxLength: 100 }), (steps) => {
        let state: CircuitState = CLOSED;
        let nowMs = 0;
        for (const [one, laterMs] of steps) {
          nowMs += laterMs;
          const before: CircuitState = state;
          state = nextCircuit(before, { ...one, nowMs } as CircuitEvent, SETTINGS);
          if (before.is !== 'closed' && state.is === 'closed') {
            expect(one).toMatchObject({ kind: 'ended', outcome: 'succeeded' });
            expect(before).toMatchObject({ is: 'half-open', probe: (one as { invocation: string }).invocation });
          }
          if (before.is === 'half-open' && state.is === 'half-open' && before.probe !== state.probe) {
            expect(nowMs).toBeGreaterThanOrEqual(before.untilMs);
          }
          if (before.is === 'open' && state.is === 'half-open') expect(nowMs).toBeGreaterThanOrEqual(before.untilMs);
          if (before.is === 'closed' && state.is !== 'closed') expect(one).toMatchObject({ failing: true });
        }
      }),
    );
  });
});
