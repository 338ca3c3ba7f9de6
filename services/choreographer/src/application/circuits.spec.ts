import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FaultCode } from '@orchestrator/protocol';
import { FailureWindow } from '../domain/failure-window.js';
import { Circuits } from './circuits.js';

const SETTINGS = { failureRatio: 0.5, minCalls: 10, windowMs: 10_000, openMs: 5_000 };

let count = 0;

function call(onBehalfOf: string, capability = 'write') {
  const invocation = `invocation-${count++}`;
  return { invocation, correlation: 'c1'.repeat(16), plugin: 'editor', version: '1.0.0', capability, onBehalfOf };
}

describe('Circuits', () => {
  let changes: string[];
  let circuits: Circuits;

  beforeEach(() => {
    changes = [];
    circuits = new Circuits(SETTINGS, ({ state }) => changes.push(state));
  });

  /** Calls that pass, and end so. */
  const run = (caller: string, times: number, code: FaultCode | undefined, nowMs = 0, capability = 'write') => {
    for (let n = 0; n < times; n++) circuits.ended(call(caller, capability), code, nowMs);
  };
  const asks = (caller: string, nowMs: number) => {
    const one = call(caller);
    return { one, fault: circuits.refusal(one, nowMs) };
  };

  it('open when enough calls have ended and more than half have failed; refused calls are told when to come again', () => {
    run('shop', 9, 'failed');
    expect(asks('shop', 0).fault).toBeUndefined();
    run('shop', 1, 'deadline-exceeded');
    expect(asks('shop', 1_000).fault).toMatchObject({
      code: 'unavailable',
      details: { plugin: 'editor', version: '1.0.0', capability: 'write', circuit: 'open', retryAfterMs: 4_000 },
    });
    expect(changes).toEqual(['open']);
    expect(circuits.list()).toEqual([
      {
        plugin: 'editor',
        version: '1.0.0',
        capability: 'write',
        state: 'open',
        sinceMs: 0,
        untilMs: 5_000,
        caller: 'shop',
      },
    ]);
  });

  it('do not open for what callers do wrong, nor for what is too much at once', () => {
    for (const code of ['invalid-argument', 'exhausted', 'cancelled', 'budget-exhausted'] as const)
      run('shop', 50, code);
    run('shop', 1, 'failed');
    run('shop', 50, 'invalid-argument');
    expect(asks('shop', 0).fault).toBeUndefined();
  });

  it('do not open when more succeed', () => {
    for (let n = 0; n < 100; n++) {
      run('shop', 1, 'failed', n);
      run('shop', 2, undefined, n);
    }
    expect(changes).toEqual([]);
  });

  it('do not open for one caller of two, however many of its calls fail', () => {
    run('shop', 2, 'failed');
    run('other', 2, undefined);
    run('shop', 1_000, 'failed');
    expect(asks('other', 0).fault).toBeUndefined();
    run('other', 2, 'failed');
    expect(asks('other', 0).fault).toBeDefined();
  });

  it('open for a caller alone in front of the capability, and for nobody else until a second one fails', () => {
    run('shop', 20, 'failed');
    expect(asks('shop', 1).fault).toBeDefined();
    expect(asks('other', 1).fault).toBeUndefined();
    run('other', 50, undefined, 1);
    run('other', 20, 'failed', 2);
    expect(asks('other', 2).fault).toBeUndefined();
    run('third', 1, 'failed', 2);
    expect(asks('other', 3).fault).toBeDefined();
    expect(asks('shop', 3).fault).toBeDefined();
    expect(asks('fourth', 3).fault).toBeDefined();
    expect(circuits.list()).toEqual([expect.not.objectContaining({ caller: expect.anything() })]);
    expect(changes).toEqual(['open', 'open']);
  });

  it('that are open for one caller — close to it when its probe succeeds, whatever the calls of others meanwhile', () => {
    run('shop', 20, 'failed');
    const probe = asks('shop', 5_000);
    run('other', 50, undefined, 5_001);
    run('other', 5, 'failed', 5_001);
    expect(asks('shop', 5_002).fault).toBeDefined();
    circuits.ended(probe.one, undefined, 5_010);
    expect(asks('shop', 5_011).fault).toBeUndefined();
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  it('are each of one capability', () => {
    run('shop', 10, 'failed', 0, 'draw');
    expect(circuits.refusal(call('shop', 'draw'), 0)).toBeDefined();
    expect(asks('shop', 0).fault).toBeUndefined();
  });

  it('tell beforehand whether they would refuse, and stay as they are', () => {
    const wouldRefuse = (caller: string, nowMs: number) => circuits.wouldRefuse(call(caller), nowMs);
    expect(wouldRefuse('shop', 0)).toBe(false);
    run('shop', 10, 'failed');
    expect(wouldRefuse('shop', 4_999)).toBe(true);
    expect(wouldRefuse('other', 4_999)).toBe(false); // it has failed for one caller alone
    expect(wouldRefuse('shop', 5_000)).toBe(false);
    expect(wouldRefuse('shop', 5_000)).toBe(false);
    expect(changes).toEqual(['open']);
    expect(asks('shop', 5_000).fault).toBeUndefined();
    expect(wouldRefuse('shop', 5_000)).toBe(true);
    expect(changes).toEqual(['open', 'half-open']);
  });

  it('let one call through when their time is over, and close when it succeeds', () => {
    run('shop', 10, 'failed');
    const probe = asks('shop', 5_000);
    expect(probe.fault).toBeUndefined();
    expect(asks('shop', 5_001).fault).toMatchObject({ details: { circuit: 'half-open' } });
    circuits.ended(probe.one, undefined, 5_010);
    expect(asks('shop', 5_011).fault).toBeUndefined();
    expect(changes).toEqual(['open', 'half-open', 'closed']);
    run('shop', 9, 'failed', 5_020); // what failed before counts no more
    expect(asks('shop', 5_021).fault).toBeUndefined();
    expect(circuits.opened).toBe(1);
  });

  it('open again when it fails; then another caller that was refused is the next, and closes it', () => {
    run('other', 1, 'failed');
    run('shop', 9, 'failed');
    const probe = asks('shop', 5_000);
    expect(asks('other', 5_001).fault).toBeDefined();
    circuits.ended(probe.one, 'failed', 5_010);
    expect(changes).toEqual(['open', 'half-open', 'open']);
    expect(asks('shop', 15_010).fault).toBeDefined();
    const next = asks('other', 15_020);
    expect(next.fault).toBeUndefined();
    circuits.ended(next.one, undefined, 15_030);
    expect(asks('shop', 15_031).fault).toBeUndefined();
  });

  it('do not keep the only caller waiting for others', () => {
    run('shop', 10, 'failed');
    circuits.ended(asks('shop', 5_000).one, 'failed', 5_010);
    expect(asks('shop', 15_010).fault).toBeUndefined();
  });

  it('let another call through where the probe did not run after all', () => {
    run('shop', 10, 'failed');
    circuits.ended(asks('shop', 5_000).one, 'cancelled', 5_001);
    expect(asks('shop', 5_002).fault).toBeDefined();
    expect(asks('shop', 6_001).fault).toBeUndefined();
  });

  it('may be tried at once when the plugin is there again', () => {
    run('shop', 10, 'unavailable');
    circuits.revived('editor', '1.0.0', 100);
    expect(asks('shop', 100).fault).toBeUndefined();
  });

  it('that are off never open', () => {
    const off = new Circuits(undefined, () => {
      throw new Error('changed');
    });
    for (let n = 0; n < 100; n++) off.ended(call('shop'), 'failed', 0);
    expect(off.refusal(call('shop'), 0)).toBeUndefined();
  });

  it('of what has not failed for a while are forgotten', () => {
    run('shop', 5, 'failed');
    circuits.forgetHealthy(20_000);
    run('shop', 5, 'failed', 20_001);
    expect(asks('shop', 20_002).fault).toBeUndefined();
  });
});

describe('FailureWindow', () => {
  it('forgets what is older than the window', () => {
    const window = new FailureWindow(10_000);
    window.add('a', true, 0);
    window.add('a', true, 5_000);
    expect(window.failed(0.5).calls).toBe(2);
    window.add('a', false, 10_000);
    expect(window.failed(0.5)).toEqual({ calls: 2, ratio: 0.5, callers: 1, failing: 1 });
    expect(window.isEmpty(21_000)).toBe(true);
  });

  it('tells only so many callers apart', () => {
    const window = new FailureWindow(10_000);
    for (let n = 0; n < 10_000; n++) window.add(`caller-${n}`, n >= 64, 0);
    expect(window.failed(0.5).calls).toBe(10_000);
    expect(window.failed(0.5).ratio).toBeCloseTo(1 / 65);
  });
});
