import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FAULTS, Fault, type FaultBody, type FaultCode } from './fault.js';
import {
  decodeFrame,
  decodeReports,
  encodeFrame,
  encodeReports,
  type HostReport,
  type InvocationRecord,
} from './records.js';

const correlation = fc.stringMatching(/^[0-9a-f]{32}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const timeMs = fc.nat({ max: 4e12 });
const fault: fc.Arbitrary<FaultBody> = fc.record({
  code: fc.constantFrom(...(Object.keys(FAULTS) as FaultCode[])),
  message: text,
});
const base = { invocation: text, correlation, atMs: timeMs };
const asked = {
  ...base,
  caller: text,
  plugin: text,
  capability: text,
  mode: fc.constantFrom('sync' as const, 'durable' as const),
  depth: fc.nat(),
};

const dataRef = fc.stringMatching(/^\/objects\/[a-z0-9]{32}\?size=[1-9]\d{0,9}&sha256=[0-9a-f]{64}$/);

const step = { step: text, title: text, startedAtMs: timeMs };
const record: fc.Arbitrary<InvocationRecord> = fc.oneof(
  fc.record({ ...asked, state: fc.constant('admitted' as const), version: text, deadlineMs: timeMs }),
  fc.record({ ...asked, state: fc.constant('admitted' as const), version: text, deadlineMs: timeMs, key: text }),
  fc.record({ ...asked, state: fc.constant('refused' as const), fault }),
  fc.record({ ...base, state: fc.constant('started' as const), attempt: fc.nat(), instance: text }),
  fc.record({ ...base, state: fc.constant('step' as const), attempt: fc.nat(), ...step, fault }),
  fc.record({ ...base, state: fc.constant('ended' as const), attempt: fc.nat(), fault }),
);

const report: fc.Arbitrary<HostReport> = fc.oneof(
  fc.record({ invocation: text, instance: text, startedAtMs: timeMs }),
  fc.record({ invocation: text, instance: text, startedAtMs: timeMs, endedAtMs: timeMs }),
  fc.record({ invocation: text, instance: text, startedAtMs: timeMs, endedAtMs: timeMs, fault }),
  fc.record({ invocation: text, instance: text, startedAtMs: timeMs, endedAtMs: timeMs, resultAt: dataRef }),
  fc.record({
    ...{ invocation: text, instance: text, startedAtMs: timeMs, endedAtMs: timeMs, fault },
    step: fc.record({ name: text, title: text }),
  }),
);

const noRecord = expect.objectContaining({ code: 'internal' });

describe('frames of records', () => {
  it('decodeFrame — reads what encodeFrame writes, in its order', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), (records) => {
        expect(decodeFrame(encodeFrame(records))).toEqual(records);
      }),
    );
  });

  it('decodeFrame — an empty frame holds nothing, and a line end after the last record is no line', () => {
    const one = '{"state":"started","invocation":"i","correlation":"0af7651916cd43dd8448eb211c80319c","atMs":1}';
    expect(decodeFrame('')).toEqual([]);
    expect(decodeFrame(`${one}\n`)).toEqual([JSON.parse(one)]);
  });

  const sound = { state: 'ended', invocation: 'i', correlation: 'a'.repeat(32), atMs: 1, attempt: 1 };

  it.each([
    ['no JSON', '{"state":"ended"'],
    ['no object', '"ended"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an unknown state', JSON.stringify({ ...sound, state: 'gone' })],
    ['a state that is no text', JSON.stringify({ ...sound, state: ['ended'] })],
    ['a state that cannot become text', JSON.stringify({ ...sound, state: { toString: 1 } })],
    ['no invocation', JSON.stringify({ ...sound, invocation: undefined })],
    ['no correlation', JSON.stringify({ ...sound, correlation: undefined })],
    ['a correlation that is none', JSON.stringify({ ...sound, correlation: 'xyz' })],
    ['no time', JSON.stringify({ ...sound, atMs: undefined })],
    ['an endless time', JSON.stringify(sound).replace('"atMs":1', '"atMs":1e999')],
  ])('decodeFrame — a line with %s is an internal fault', (_what, line) => {
    expect(() => decodeFrame(line)).toThrow(noRecord);
    expect(() => decodeFrame(`${JSON.stringify(sound)}\n${line}`)).toThrow(noRecord);
  });

  it('decodeFrame — throws nothing but faults', () => {
    const line = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          decodeFrame(lines.join('\n'));
        } catch (error) {
          expect(Fault.is(error)).toBe(true);
        }
      }),
    );
  });
});

describe('reports of hosts', () => {
  it('decodeReports — reads what encodeReports writes', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 8 }), (reports) => {
        expect(decodeReports(encodeReports(reports))).toEqual(reports);
      }),
    );
  });

  it('decodeReports — never throws, and bad lines cost none of the good ones', () => {
    const garbage = fc
      .oneof(fc.string({ unit: 'binary' }), fc.json())
      .map((line) => line.replaceAll('\n', ' '))
      .filter((line) => !line.includes('startedAtMs'));
    const line = fc.oneof(
      report.map((one) => ({ one, line: JSON.stringify(one) })),
      garbage.map((text) => ({ one: undefined, line: text })),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const good = lines.flatMap(({ one }) => one ?? []);
        expect(decodeReports(lines.map((each) => each.line).join('\n'))).toEqual(good);
      }),
    );
  });

  const started = { invocation: 'i', instance: 'x', startedAtMs: 1 };

  it.each([
    ['no invocation', { ...started, invocation: undefined }],
    ['an invocation that is no text', { ...started, invocation: 5 }],
    ['no instance', { ...started, instance: undefined }],
    ['a start that is no time', { ...started, startedAtMs: '1' }],
    ['an end that is no time', { ...started, endedAtMs: 'soon' }],
  ])('decodeReports — drops a report with %s', (_what, line) => {
    expect(decodeReports(JSON.stringify(line))).toEqual([]);
  });

  it('decodeReports — drops a report of an endless time', () => {
    expect(decodeReports('{"invocation":"i","instance":"x","startedAtMs":1e999}')).toEqual([]);
  });

  it('decodeReports — what claims to be a fault and is none still says that the call failed', () => {
    const [read] = decodeReports(JSON.stringify({ ...started, endedAtMs: 2, fault: 'broken' }));
    expect(read?.fault?.code).toBe('internal');
  });

  it('decodeReports — takes over nothing that a report does not have', () => {
    const said = {
      ...started,
      endedAtMs: 2,
      more: true,
      resultAt: 'x',
      fault: { code: 'failed', message: 'm', stack: 'at x' },
    };
    expect(decodeReports(JSON.stringify(said))).toEqual([
      { ...started, endedAtMs: 2, fault: { code: 'failed', message: 'm' } },
    ]);
  });
});
