import { describe, expect, it } from '@jest/globals';
import { ComponentMissingError, JaegerStartError, NatsStartError, ProcessStartError } from '@orchestrator/local';
import { FAULTS, Fault, type FaultCode } from '@orchestrator/protocol';
import { exitCodeOf, InterruptedError, messageOf, UsageError } from './failure.js';

/** As these libraries throw them, whatever else they carry. */
function startError(kind: { readonly prototype: Error }): Error {
  return Object.assign(Object.create(kind.prototype) as Error, { message: 'do this next' });
}

const startErrors = [ComponentMissingError, JaegerStartError, NatsStartError, ProcessStartError];

describe('exitCodeOf', () => {
  it.each(Object.keys(FAULTS) as FaultCode[])(
    'the fault %s — 3 when nobody could be reached, 2 when nothing could be asked, else 1',
    (code) => {
      expect(exitCodeOf(new Fault(code, 'x'))).toBe({ unavailable: 3, 'invalid-argument': 2 }[code as string] ?? 1);
    },
  );

  it('a mistake on the command line — 2', () => {
    expect(exitCodeOf(new UsageError('x'))).toBe(2);
  });

  it('Ctrl-C — what shells say', () => {
    expect(exitCodeOf(new InterruptedError())).toBe(130);
  });

  it.each(startErrors)('%p — 3', (kind) => {
    expect(exitCodeOf(startError(kind))).toBe(3);
  });

  it.each([[new Error('x')], ['text'], [undefined], [null]])('a defect (%p) — 1, never success', (error) => {
    expect(exitCodeOf(error)).toBe(1);
  });
});

describe('messageOf', () => {
  it('a fault — its code and message, no stack and no cause', () => {
    const fault = new Fault('not-found', 'no such plugin', { nearest: [] }, { cause: new Error('inner') });
    expect(messageOf(fault)).toBe('not-found: no such plugin');
  });

  it('what a person can mend — the message alone', () => {
    expect(messageOf(new UsageError('give a file'))).toBe('give a file');
    expect(messageOf(new InterruptedError())).toBe('Interrupted.');
    for (const kind of startErrors) expect(messageOf(startError(kind))).toBe('do this next');
  });

  it('a defect — keeps its stack, so that it can be found', () => {
    const defect = new TypeError('x is not a function');
    expect(messageOf(defect)).toBe(defect.stack);
    expect(messageOf(defect)).toContain('failure.spec');
    expect(messageOf('thrown text')).toBe('thrown text');
  });

  it('a defect without a stack — still says what it was', () => {
    const defect = new Error('bare');
    delete defect.stack;
    expect(messageOf(defect)).toBe('bare');
  });
});
