import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from './fault.js';
import { LIMITS } from './limits.js';
import { sendableFault } from './sendable-fault.js';

describe('sendableFault', () => {
  it('an ordinary fault — stays as it is', () => {
    const fault = new Fault('not-found', 'nothing', { nearest: ['a.b'] });
    expect(sendableFault(fault)).toBe(fault);
  });

  it('a message that is too long — is cut', () => {
    const { message, code } = sendableFault(new Fault('failed', 'x'.repeat(1_000_000)));
    expect(message).toHaveLength(4_001);
    expect(code).toBe('failed');
  });

  it('a list that is too long — keeps its beginning, and says how much is left out', () => {
    const problems = Array.from({ length: 100_000 }, (_, n) => ({ pointer: `/items/${n}`, message: 'must be text' }));
    const { details } = sendableFault(new Fault('invalid-argument', 'wrong', { problems, bytes: 1 }));
    const kept = details?.problems as unknown[];
    expect(kept.length).toBeGreaterThan(100);
    expect(kept).toEqual(problems.slice(0, kept.length));
    expect(details).toMatchObject({ bytes: 1, omitted: problems.length - kept.length });
  });

  it('details that JSON cannot hold — are left out, the others kept', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const { details } = sendableFault(new Fault('failed', 'odd', { big: 1n, circular, plain: 'kept' }));
    expect(details).toEqual({ plain: 'kept', omitted: 2 });
  });

  it('whatever it holds — can be sent, and is small', () => {
    const details = fc.dictionary(fc.string(), fc.oneof(fc.anything(), fc.array(fc.string({ minLength: 5_000 }))));
    fc.assert(
      fc.property(fc.string(), details, (message, given) => {
        const text = JSON.stringify(sendableFault(new Fault('failed', message, given)));
        expect(Buffer.byteLength(text)).toBeLessThan(LIMITS.faultBytes + 30_000);
      }),
    );
  });
});
