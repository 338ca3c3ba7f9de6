import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FairSlots, type TakenSlot } from './fair-slots.js';

/** Takes as many as it can get. */
function flood(slots: FairSlots, caller: string, limit: number, nowMs = 0): TakenSlot[] {
  const taken: TakenSlot[] = [];
  for (;;) {
    const slot = slots.take(caller, limit, nowMs);
    if (!slot) return taken;
    taken.push(slot);
  }
}

describe('FairSlots — many', () => {
  const LIMIT = 900;

  it('a caller alone gets eight ninths, and one that comes new finds some free at once', () => {
    const slots = new FairSlots();
    expect(flood(slots, 'flood', LIMIT)).toHaveLength(800);
    expect(flood(slots, 'new', LIMIT).length).toBeGreaterThanOrEqual(80);
    expect(slots.take('third', LIMIT, 0)).toBeDefined();
  });

  it('callers that want all they can get come to equal shares, whoever was first', () => {
    const slots = new FairSlots();
    const held: TakenSlot[] = flood(slots, 'a', LIMIT);
    for (let turn = 0; turn < 20_000; turn++) {
      const [ended] = held.splice((turn * 7_919) % held.length, 1);
      if (ended) slots.release(ended);
      for (const caller of ['a', 'b', 'c']) {
        const slot = slots.take(caller, LIMIT, 0);
        if (slot) held.push(slot);
      }
    }
    for (const caller of ['a', 'b', 'c'])
      expect(Math.abs(slots.countOf(caller) - LIMIT / (3 + 1 / 8))).toBeLessThan(10);
  });
});

describe('FairSlots — few', () => {
  it('are all given to a caller alone', () => {
    for (const limit of [1, 2, 8, 15]) expect(flood(new FairSlots(), 'alone', limit)).toHaveLength(limit);
  });

  it('of one slot, a caller that does as it was told gets it when it comes again, though another asks all the time', () => {
    const slots = new FairSlots();
    const asked: boolean[] = [];
    let running: { readonly slot: TakenSlot; readonly untilMs: number } | undefined;
    const ask = (caller: string, nowMs: number) => {
      const slot = slots.take(caller, 1, nowMs);
      if (slot) running = { slot, untilMs: nowMs + 20 };
      return slot !== undefined;
    };
    let comesAgainMs = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs++) {
      if (running && running.untilMs <= nowMs) {
        slots.release(running.slot, 20);
        running = undefined;
      }
      ask('flood', nowMs);
      if (nowMs < comesAgainMs) continue;
      asked.push(ask('patient', nowMs));
      comesAgainMs = nowMs + slots.retryAfterMs;
    }
    expect(asked.length).toBeGreaterThan(100);
    expect(asked.some((got, n) => !got && asked[n - 1] === false)).toBe(false);
  });

  it('a promise that nobody comes for lapses', () => {
    const slots = new FairSlots();
    const [slot] = flood(slots, 'a', 1);
    expect(slots.take('b', 1, 0)).toBeUndefined();
    slots.release(slot as TakenSlot);
    expect(slots.take('a', 1, 1)).toBeUndefined();
    expect(slots.take('c', 1, slots.retryAfterMs + 500)).toBeUndefined(); // a was refused before, and comes first
    expect(slots.take('a', 1, slots.retryAfterMs + 500)).toBeDefined();
  });

  it('promises are kept in their order', () => {
    const slots = new FairSlots();
    const held = flood(slots, 'a', 2);
    for (const caller of ['b', 'c', 'd']) expect(slots.take(caller, 2, 0)).toBeUndefined();
    slots.release(held[0] as TakenSlot);
    expect(slots.take('d', 2, 1)).toBeUndefined();
    expect(slots.take('c', 2, 1)).toBeUndefined();
    expect(slots.take('b', 2, 1)).toBeDefined();
    slots.release(held[1] as TakenSlot);
    expect(slots.take('d', 2, 2)).toBeUndefined();
    expect(slots.take('c', 2, 2)).toBeDefined();
  });
});

describe('FairSlots', () => {
  it('whatever happens, no more are taken than there are, and every caller has what it took', () => {
    const step = fc.record({ caller: fc.nat({ max: 5 }), give: fc.boolean(), limit: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const slots = new FairSlots();
        const held: TakenSlot[] = [];
        for (const [nowMs, { caller, give, limit }] of steps.entries()) {
          const before = slots.taken;
          const slot = give ? undefined : slots.take(`c${caller}`, limit, nowMs * 10);
          if (slot) {
            held.push(slot);
            expect(before).toBeLessThan(limit);
          }
          const [ended] = give ? held.splice(caller, 1) : [];
          if (ended) slots.release(ended, 5);
          expect(slots.taken).toBe(held.length);
          for (const one of held) expect(one.count).toBe(held.filter((other) => other.caller === one.caller).length);
        }
      }),
    );
  });

  it('a caller that has less than another of many slots is not refused while the other is let in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 16, max: 300 }),
        fc.array(fc.nat({ max: 4 }), { maxLength: 400 }),
        (limit, asks) => {
          const slots = new FairSlots();
          for (const caller of asks) slots.take(`c${caller}`, limit, 0);
          const counts = [0, 1, 2, 3, 4].map((n) => slots.countOf(`c${n}`));
          const least = counts.indexOf(Math.min(...counts));
          const most = counts.indexOf(Math.max(...counts));
          if (counts[least] === counts[most]) return;
          if (slots.take(`c${most}`, limit, 0)) expect(slots.take(`c${least}`, limit, 0)).toBeDefined();
        },
      ),
    );
  });

  it('tells a refused caller to wait as long as runs take on average, within bounds', () => {
    const slots = new FairSlots();
    expect(slots.retryAfterMs).toBe(50);
    const run = (ms: number) => {
      const slot = slots.take('a', 1, 0);
      if (slot) slots.release(slot, ms);
    };
    for (let n = 0; n < 200; n++) run(300);
    expect(slots.retryAfterMs).toBeGreaterThan(290);
    for (let n = 0; n < 200; n++) run(1e6);
    expect(slots.retryAfterMs).toBe(5_000);
  });

  it('callers that come once leave nothing behind for long', () => {
    const slots = new FairSlots();
    for (let n = 0; n < 10_000; n++) {
      const slot = slots.take(`caller-${n}`, 10, 0);
      if (slot) slots.release(slot);
    }
    expect(slots.taken).toBe(0);
    expect(slots.remembered).toBeLessThanOrEqual(1_025);
  });
});
