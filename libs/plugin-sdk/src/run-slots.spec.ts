import { describe, expect, it } from '@jest/globals';
import { RunSlots } from './run-slots.js';

const UNLIMITED = { signal: new AbortController().signal };

describe('RunSlots', () => {
  it('as many as the capability says run at once, and a call beyond them is refused', () => {
    const slots = new RunSlots([{ name: 'few', concurrency: 2 }, { name: 'any' }]);
    for (let n = 0; n < 2; n++) slots.take('few');
    for (let n = 0; n < 5_000; n++) slots.take('any');
    expect(() => slots.take('few')).toThrow(/works on 2 calls of few already/);
    slots.release('few');
    slots.take('few');
  });

  it('durable work gets what is given back, the longest waiting first, and no call comes before it', async () => {
    const slots = new RunSlots([{ name: 'one', concurrency: 1 }]);
    const order: string[] = [];
    slots.take('one');
    const waiting = ['first', 'second'].map((name) => slots.wait('one', UNLIMITED).then(() => order.push(name)));
    slots.release('one');
    expect(() => slots.take('one')).toThrow(/already/);
    await waiting[0];
    slots.release('one');
    await waiting[1];
    expect(order).toEqual(['first', 'second']);
    slots.release('one');
    slots.take('one');
  });

  it('durable work that may wait no longer gets none, and the next does', async () => {
    const slots = new RunSlots([{ name: 'one', concurrency: 1 }]);
    const [first, passed] = [new AbortController(), new AbortController()];
    slots.take('one');
    const withdrawn = slots.wait('one', first);
    const second = slots.wait('one', UNLIMITED);
    passed.abort(new Error('passed'));
    await expect(slots.wait('one', passed)).rejects.toThrow('passed');
    first.abort(new Error('cancelled'));
    await expect(withdrawn).rejects.toThrow('cancelled');
    slots.release('one');
    await second;
    expect(() => slots.take('one')).toThrow(/already/);
  });
});
