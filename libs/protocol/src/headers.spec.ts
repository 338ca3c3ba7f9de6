import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from './fault.js';
import { HEADERS, parseRequestHeaders } from './headers.js';
import { LIMITS } from './limits.js';
import { formatTraceparent } from './traceparent.js';

const parse = (given: Readonly<Record<string, string>>) =>
  parseRequestHeaders((name) => (Object.hasOwn(given, name) ? given[name] : undefined));

const ABSENT = {
  key: undefined,
  correlation: undefined,
  range: undefined,
  expiryMs: undefined,
  sticky: false,
  traceParent: undefined,
  contextToken: undefined,
};

const hex = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => !/^0+$/.test(text));
const printable = fc.string({ minLength: 1, maxLength: LIMITS.keyLength });

describe('parseRequestHeaders', () => {
  it('no headers, no known headers and empty ones all say nothing', () => {
    expect(parseRequestHeaders(undefined)).toEqual(ABSENT);
    expect(parse({})).toEqual(ABSENT);
    expect(parse({ 'x-mine': 'anything' })).toEqual(ABSENT);
    expect(parse(Object.fromEntries(Object.values(HEADERS).map((name) => [name, ''])))).toEqual(ABSENT);
  });

  it('takes over what is well formed, each from its own header', () => {
    const given = fc.record({
      key: printable,
      correlation: hex(32),
      range: printable,
      expiryMs: fc.integer({ min: 0, max: 4e12 }),
      traceParent: fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() }),
      contextToken: fc.string({ minLength: 1 }),
    });
    fc.assert(
      fc.property(given, (said) => {
        expect(
          parse({
            [HEADERS.specVersion]: '1.0',
            [HEADERS.id]: said.key,
            [HEADERS.correlationId]: said.correlation,
            [HEADERS.version]: said.range,
            [HEADERS.expiryTime]: new Date(said.expiryMs).toISOString(),
            [HEADERS.traceparent]: formatTraceparent(said.traceParent),
            [HEADERS.context]: said.contextToken,
          }),
        ).toEqual({ ...said, sticky: false });
      }),
    );
  });

  it.each([
    ['2030-01-31T12:00:00Z', '2030-01-31T12:00:00.000Z'],
    ['2030-01-31t12:00:00z', '2030-01-31T12:00:00.000Z'],
    ['2030-01-31T12:00:00.5Z', '2030-01-31T12:00:00.500Z'],
    ['2030-01-31T12:00:00.123456789Z', '2030-01-31T12:00:00.123Z'],
    ['2030-01-31T23:30:00-01:30', '2030-02-01T01:00:00.000Z'],
    ['2028-02-29T00:00:00+02:00', '2028-02-28T22:00:00.000Z'],
  ])('ce-expirytime — reads %s', (text, expected) => {
    expect(parse({ [HEADERS.expiryTime]: text }).expiryMs).toBe(Date.parse(expected));
  });

  const key = 'k'.repeat(LIMITS.keyLength);

  it('orc-sticky — true asks for it, and nothing else is understood', () => {
    expect(parse({ [HEADERS.sticky]: 'true' }).sticky).toBe(true);
  });

  it('takes the longest that its bounds allow', () => {
    expect(parse({ [HEADERS.id]: key }).key).toBe(key);
    expect(parse({ [HEADERS.version]: '1'.repeat(256) }).range).toHaveLength(256);
    expect(parse({ [HEADERS.context]: 'c'.repeat(LIMITS.contextBytes) }).contextToken).toHaveLength(
      LIMITS.contextBytes,
    );
  });

  it.each([
    [HEADERS.specVersion, '0.3'],
    [HEADERS.id, `${key}k`],
    [HEADERS.id, 'a\nb'],
    [HEADERS.id, 'a\u0000'],
    [HEADERS.id, '\u007f'],
    [HEADERS.correlationId, 'abc'],
    [HEADERS.correlationId, '0'.repeat(32)],
    [HEADERS.correlationId, 'A'.repeat(32)],
    [HEADERS.correlationId, 'a'.repeat(33)],
    [HEADERS.correlationId, `${'a'.repeat(32)}\n`],
    [HEADERS.expiryTime, 'tomorrow'],
    [HEADERS.expiryTime, '1893456000000'],
    [HEADERS.expiryTime, '2030-01-31'],
    [HEADERS.expiryTime, '2030-01-31T12:00:00'],
    [HEADERS.expiryTime, '2030-01-31 12:00:00Z'],
    [HEADERS.expiryTime, '2030-13-01T00:00:00Z'],
    [HEADERS.expiryTime, '2030-02-30T00:00:00Z'],
    [HEADERS.expiryTime, '2030-02-29T00:00:00+01:00'],
    [HEADERS.expiryTime, '2030-01-00T00:00:00Z'],
    [HEADERS.expiryTime, '2030-01-31T25:00:00Z'],
    [HEADERS.expiryTime, '2030-01-31T12:00:00+99:99'],
    [HEADERS.version, '1'.repeat(257)],
    [HEADERS.sticky, 'false'],
    [HEADERS.sticky, '1'],
    [HEADERS.context, 'c'.repeat(LIMITS.contextBytes + 1)],
    [HEADERS.traceparent, '00-abc-def-01'],
  ])('%s — %j is an invalid argument that names the header', (header, value) => {
    expect(() => parse({ [header]: value })).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining(header),
        details: { header },
      }),
    );
  });

  it('throws nothing but invalid arguments that name the header, whatever stands in them', () => {
    const names = Object.values(HEADERS);
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef-:TZ.+'), maxLength: 60 }),
      fc.string({ minLength: 250, maxLength: 9_000 }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (given) => {
        try {
          const said = parse(given);
          expect(Number.isNaN(said.expiryMs)).toBe(false);
        } catch (error) {
          if (!Fault.is(error)) throw error;
          expect(error.code).toBe('invalid-argument');
          expect(names).toContain(error.details?.header);
        }
      }),
      { numRuns: 300 },
    );
  });
});
