import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Losses } from './losses.js';

describe('Losses', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('tells what has grown, every ten seconds at most, and shows the counts at any time', () => {
    const counts = { spans: 0, records: 0 };
    const told: string[] = [];
    const losses = new Losses({ spans: () => counts.spans, records: () => counts.records }, (text) => told.push(text));
    losses.start();
    jest.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
    for (let n = 0; n < 99; n++) {
      counts.spans++;
      jest.advanceTimersByTime(100);
    }
    expect(told).toEqual([]);
    expect(losses.counted()).toEqual({ spans: 99, records: 0 });
    jest.advanceTimersByTime(100);
    expect(told).toEqual(['Too much at once: 99 spans dropped, 99 since the start.']);
    jest.advanceTimersByTime(60_000);
    expect(told).toHaveLength(1);
    counts.spans = 100;
    counts.records = 5;
    losses.stop();
    expect(told.slice(1)).toEqual([
      'Too much at once: 1 spans dropped, 100 since the start.',
      'Too much at once: 5 records dropped, 5 since the start.',
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
