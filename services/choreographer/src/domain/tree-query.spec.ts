import { describe, expect, it } from '@jest/globals';
import { Fault, LIMITS } from '@orchestrator/protocol';
import fc from 'fast-check';
import { parseKeyQuery, parseTreeQuery } from './tree-query.js';

const CORRELATION = '0af7651916cd43dd8448eb211c80319c';

describe('parseTreeQuery', () => {
  it.each([
    [{ correlation: CORRELATION }],
    [{ request: 1 }],
    [{ request: Number.MAX_SAFE_INTEGER }],
    [{ invocation: '1dea1cc8-709e-82ed-8df8-8697cae580e0' }],
    [{ correlation: CORRELATION, after: '1dea1cc8-709e-82ed-8df8-8697cae580e0' }],
  ])('takes %j', (query) => {
    expect(parseTreeQuery(query)).toEqual(query);
    expect(parseTreeQuery({ ...query, more: 'ignored' })).toEqual(query);
  });

  it.each([
    [{}],
    [{ correlation: CORRELATION, request: 1 }],
    [{ key: 'a' }],
    [{ invocation: '1dea1cc8' }],
    [{ invocation: '1DEA1CC8-709E-82ED-8DF8-8697CAE580E0' }],
    [{ invocation: '1dea1cc8-709e-82ed-8df8-8697cae580e0', request: 1 }],
    [{ correlation: CORRELATION, request: null }],
    [{ correlation: CORRELATION.toUpperCase() }],
    [{ correlation: `${CORRELATION}0` }],
    [{ correlation: `${CORRELATION}\n` }],
    [{ correlation: 5 }],
    [{ request: 0 }],
    [{ request: -1 }],
    [{ request: 1.5 }],
    [{ request: '1' }],
    [{ request: Number.NaN }],
    [{ request: 2 ** 60 }],
    [{ request: 1, after: 'the first' }],
    [{ after: '1dea1cc8-709e-82ed-8df8-8697cae580e0' }],
  ])('refuses %j', (args) => {
    expect(() => parseTreeQuery(args)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('anything — one way to find a tree, or a fault', () => {
    const names = fc.constantFrom('correlation', 'request', 'key', 'other');
    const value = fc.oneof(fc.anything(), fc.constantFrom<unknown>(CORRELATION, 3, 'k'));
    fc.assert(
      fc.property(fc.dictionary(names, value), (args) => {
        try {
          expect(Object.keys(parseTreeQuery(args))).toHaveLength(1);
        } catch (error) {
          expect(Fault.is(error)).toBe(true);
        }
      }),
    );
  });
});

describe('parseKeyQuery', () => {
  it.each([[{ key: 'order-1' }], [{ key: 'k'.repeat(LIMITS.keyLength) }], [{ key: 'order-1', caller: 'shop' }]])(
    'takes %j',
    (query) => {
      expect(parseKeyQuery(query)).toEqual(query);
      expect(parseKeyQuery({ ...query, more: 'ignored' })).toEqual(query);
    },
  );

  it.each([
    [{}],
    [{ caller: 'shop' }],
    [{ key: '' }],
    [{ key: 'k'.repeat(LIMITS.keyLength + 1) }],
    [{ key: ['a'] }],
    [{ key: 'a', caller: 'Shop' }],
    [{ key: 'a', caller: '' }],
    [{ key: 'a', caller: null }],
  ])('refuses %j', (args) => {
    expect(() => parseKeyQuery(args)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});
