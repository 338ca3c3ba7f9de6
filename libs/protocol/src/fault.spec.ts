import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FAULTS, Fault, type FaultCode, isFaultCode, parseFault } from './fault.js';

const code = fc.constantFrom(...(Object.keys(FAULTS) as FaultCode[]));
const details = fc.dictionary(fc.string(), fc.jsonValue());

describe('Fault', () => {
  it('parseFault — reads what toJSON writes, over JSON text', () => {
    fc.assert(
      fc.property(code, fc.string(), fc.option(details, { nil: undefined }), (theCode, message, theDetails) => {
        const sent = new Fault(theCode, message, theDetails);
        const received = parseFault(JSON.parse(JSON.stringify(sent)));
        expect(JSON.stringify(received)).toBe(JSON.stringify(sent));
        expect(received.code).toBe(theCode);
        expect(received.message).toBe(message);
      }),
    );
  });

  it('toJSON — holds code, message and details, never a stack or a cause', () => {
    fc.assert(
      fc.property(code, fc.string(), fc.string(), (theCode, message, secret) => {
        const cause = new Error(`cause ${secret}`);
        const bare = new Fault(theCode, message, undefined, { cause });
        expect(bare.toJSON()).toEqual({ code: theCode, message });
        expect(Object.keys(JSON.parse(JSON.stringify(bare)))).toEqual(['code', 'message']);
        expect(new Fault(theCode, message, { at: 1 }, { cause }).toJSON()).toEqual({
          code: theCode,
          message,
          details: { at: 1 },
        });
        expect(bare.cause).toBe(cause);
      }),
    );
  });

  it('Fault.from — keeps a fault as it is', () => {
    const fault = new Fault('not-found', 'gone');
    expect(Fault.from(fault, 'failed')).toBe(fault);
  });

  it('Fault.from — makes a fault of anything that can be thrown, and never throws itself', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (thrown) => {
        const fault = Fault.from(thrown, 'failed');
        expect(Fault.is(fault)).toBe(true);
        expect(fault.code).toBe('failed');
        expect(fault.cause).toBe(thrown);
        expect(typeof fault.message).toBe('string');
      }),
    );
    const hostile = {
      toString() {
        throw new Error('no');
      },
    };
    expect(Fault.from(hostile).code).toBe('internal');
    expect(Fault.from(Symbol('s')).message).toBe('Symbol(s)');
  });

  it('Fault.from — takes the message of an error, and nothing of its stack', () => {
    const error = new TypeError('x is not a function');
    const fault = Fault.from(error);
    expect(fault.message).toBe('x is not a function');
    expect(JSON.stringify(fault)).toBe('{"code":"internal","message":"x is not a function"}');
  });

  it('Fault.is — recognises faults of another copy of the package, and nothing else', () => {
    const foreign = Object.assign(new Error('from elsewhere'), { code: 'failed' });
    expect(Fault.is(foreign)).toBe(false);
    Object.defineProperty(foreign, Symbol.for('orchestrator.fault'), { value: true });
    expect(Fault.is(foreign)).toBe(true);
    expect(Fault.from(foreign)).toBe(foreign);
    for (const other of [undefined, null, 'failed', 1, {}, { code: 'failed', message: 'x' }, new Error('x')]) {
      expect(Fault.is(other)).toBe(false);
    }
  });

  it('meaning — is that of its code', () => {
    for (const each of Object.keys(FAULTS) as FaultCode[]) expect(new Fault(each, '').meaning).toBe(FAULTS[each]);
  });
});

describe('parseFault', () => {
  it('parseFault — never throws; what is no fault body is an internal fault', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.record({ code: fc.anything(), message: fc.anything() })), (value) => {
        const fault = parseFault(value);
        expect(Fault.is(fault)).toBe(true);
        expect(isFaultCode(fault.code)).toBe(true);
      }),
    );
  });

  it.each([
    ['an unknown code', { code: 'nope', message: 'x' }],
    ['a name that every object has', { code: 'constructor', message: 'x' }],
    ['no message', { code: 'failed' }],
    ['a message that is no text', { code: 'failed', message: 1 }],
    ['null', null],
    ['text', 'failed'],
  ])('parseFault — %s', (_what, value) => {
    expect(parseFault(value).code).toBe('internal');
  });

  it('parseFault — leaves out details that are no object', () => {
    expect(parseFault({ code: 'failed', message: 'x', details: 'y' }).toJSON()).toEqual({
      code: 'failed',
      message: 'x',
    });
  });

  it('isFaultCode — knows the closed list and nothing that objects inherit', () => {
    for (const each of Object.keys(FAULTS)) expect(isFaultCode(each)).toBe(true);
    for (const each of ['', 'toString', '__proto__', 'FAILED', undefined, 5]) expect(isFaultCode(each)).toBe(false);
  });
});
