import { describe, expect, it } from '@jest/globals';
import { newCorrelationId } from '@orchestrator/protocol';
import { sampledShare } from './sampled-share.js';

const traces = Array.from({ length: 20_000 }, () => newCorrelationId(1_700_000_000_000));

describe('sampledShare', () => {
  it('the share that was asked for, of traces of the same moment', () => {
    for (const ratio of [0, 0.1, 0.5, 1]) {
      const isSampled = sampledShare(ratio);
      expect(traces.filter(isSampled).length / traces.length).toBeCloseTo(ratio, 1);
    }
  });

  it('decides the same for the same trace, and keeps what a smaller share keeps', () => {
    const some = traces.filter(sampledShare(0.1));
    expect(some).toEqual(traces.filter(sampledShare(0.1)));
    expect(some.every(sampledShare(0.3))).toBe(true);
  });
});
