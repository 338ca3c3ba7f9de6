import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from './fault.js';
import { formatTraceparent, parseTraceparent } from './traceparent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

const hex = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => !/^0+$/.test(text));

describe('traceparent', () => {
  it('parseTraceparent — reads what formatTraceparent writes', () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
        expect(parseTraceparent(formatTraceparent({ traceId, spanId, sampled }))).toEqual({ traceId, spanId, sampled });
      }),
    );
  });

  it.each([
    ['00', true],
    ['01', false],
    ['02', true],
    ['03', false],
    ['ff', false],
  ])('parseTraceparent — flags %s: only the lowest bit means sampled', (flags, isOff) => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`).sampled).toBe(!isOff);
  });

  it.each([`cc-${TRACE}-${SPAN}-01`, `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`])(
    'parseTraceparent — reads the known fields of a later version: %s',
    (text) => {
      expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true });
    },
  );

  it.each([
    ['nothing', ''],
    ['an all-zero trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['an all-zero span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['version 00 with more fields', `00-${TRACE}-${SPAN}-01-more`],
    ['version 00 with an empty field', `00-${TRACE}-${SPAN}-01-`],
    ['a later version with text glued on', `cc-${TRACE}-${SPAN}-01.more`],
    ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['a long span', `00-${TRACE}-${SPAN}0-01`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['space before it', ` 00-${TRACE}-${SPAN}-01`],
    ['a line end after it', `00-${TRACE}-${SPAN}-01\n`],
  ])('parseTraceparent — refuses %s, naming the header', (_what, text) => {
    expect(() => parseTraceparent(text)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', details: { header: 'traceparent' } }),
    );
  });

  it('parseTraceparent — throws nothing but faults, however long the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0af-.\n'), maxLength: 80 }), (text) => {
        try {
          expect(parseTraceparent(text).traceId).toHaveLength(32);
        } catch (error) {
          expect(Fault.is(error)).toBe(true);
        }
      }),
    );
    expect(() => parseTraceparent('0'.repeat(1_000_000))).toThrow(Fault);
  });
});
