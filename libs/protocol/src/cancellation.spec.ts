import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Cancellation, Cancellations, cancellationKey, parseCancellationKey } from './cancellation.js';

const TREE = 'c1'.repeat(16);
const [A, B, C] = ['a', 'b', 'c'].map((letter) => `${letter.repeat(8)}-0000-8000-8000-000000000000`) as [
  string,
  string,
  string,
];
const call = (invocation: string, parent?: string, correlation = TREE) => ({ correlation, invocation, parent });

describe('cancellations', () => {
  it('keys — are read as they were written, and nothing else is a key', () => {
    const correlation = fc.stringMatching(/^[0-9a-f]{32}$/);
    const cancellation: fc.Arbitrary<Cancellation> = fc.record({
      correlation,
      invocation: fc.option(fc.uuid(), { nil: undefined }),
    });
    fc.assert(fc.property(cancellation, (one) => expect(parseCancellationKey(cancellationKey(one))).toEqual(one)));
    for (const odd of ['', 'x', TREE.slice(1), `${TREE}.`, `${TREE}.${A}.${B}`, `${TREE} `]) {
      expect(parseCancellationKey(odd)).toBeUndefined();
    }
  });

  it('a whole tree — covers all of it, and no other', () => {
    const cancellations = new Cancellations();
    expect(cancellations.covers(call(A))).toBe(false);
    cancellations.add({ correlation: TREE, invocation: undefined });
    expect([call(A), call(B, A)].map((one) => cancellations.covers(one))).toEqual([true, true]);
    expect(cancellations.covers(call(A, undefined, 'd2'.repeat(16)))).toBe(false);
  });

  it('an invocation — covers it and what it calls, and not what called it', () => {
    const cancellations = new Cancellations();
    cancellations.add({ correlation: TREE, invocation: B });
    expect([call(A), call(B, A), call(C, B)].map((one) => cancellations.covers(one))).toEqual([false, true, true]);
  });
});
