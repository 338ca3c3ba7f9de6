/** Whatever anybody sends. A failure prints its seed; `npm run fuzz -- --count 50000 --seed <seed>` repeats it. */
import { describe, expect, it } from '@jest/globals';
import { faultWith } from './src/judge-answer.js';
import { runFuzz } from './src/run-fuzz.js';

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const COUNT = 50_000;

describe('malformed subjects, headers, bodies and contexts', () => {
  it('50,000 of them — are answered with typed faults or valid results, and leave everything as it was', async () => {
    const report = await runFuzz({ seed: SEED, count: COUNT });
    expect({ seed: SEED, problems: report.problems }).toEqual({ seed: SEED, problems: [] });
    expect(report.faults).toBeGreaterThan(COUNT / 2);
    expect(report.answered).toBeGreaterThan(report.faults);
  }, 180_000);
});

describe('the judge of answers', () => {
  const to = { subject: 'orc.v1.call.fuzz.probe.echo', isForged: false };
  const answer = (body: string, ...headers: string[]) => ({
    subject: '_INBOX.fuzz.1',
    headers: ['NATS/1.0', ...headers, '', ''].join('\r\n'),
    body: Buffer.from(body),
  });
  const fault = (code: string, message = 'no') => answer(JSON.stringify({ code, message }), `orc-fault: ${code}`);

  it('lets results and typed faults pass', () => {
    expect(faultWith(answer('{"text":"hi"}', 'ce-id: x'), to)).toBeUndefined();
    expect(faultWith(fault('invalid-argument'), to)).toBeUndefined();
    expect(faultWith(fault('unauthenticated'), { ...to, isForged: true })).toBeUndefined();
  });

  it.each([
    ['a code of no list', fault('oops'), false, /not in the list/],
    ['a defect', fault('internal'), false, /a defect/],
    ['a stack', fault('failed', 'at run (/x/y.js:12:3)'), false, /a stack/],
    ['what is no JSON', answer('hello'), false, /no JSON/],
    ['a code that the body does not have', answer('{"code":"failed","message":""}', 'orc-fault: internal'), false, /./],
    ['a body that is no fault', answer('null', 'orc-fault: failed'), false, /not its fault/],
    ['success for a forged context', answer('{"text":"hi"}'), true, /nobody made/],
  ])('finds %s', (_what, given, isForged, problem) => {
    expect(faultWith(given, { ...to, isForged })).toMatch(problem);
  });
});
