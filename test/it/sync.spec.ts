/** What a plugin can do wrong in a synchronous call: its caller gets a typed fault, and nobody else notices. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { flattenTree, LIMITS, patterns } from '@orchestrator/protocol';
import { EffectLog, MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw, expectFault, expectService } from './raw-calls.js';

describe('synchronous calls of a plugin', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    const env = { PROBE_EFFECTS: effects.file, ORC_MAX_CALLS_PER_INSTANCE: '100000' };
    system = await startTestSystem({ plugins: [PROBE, MIRROR], env });
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  it('that throws an ordinary error — fail with its message, and no stack', async () => {
    const answer = await callRaw(system, 'probe.fail', '{}');
    const node = await expectFault(system, answer, { code: 'failed', message: /^the probe failed on purpose$/ });
    expect(node).toMatchObject({ state: 'failed', attempts: 1 });
  });

  it('that throws a fault of its own — end in just that', async () => {
    const answer = await callRaw(system, 'probe.refuse', '{}');
    const details = { until: 'tomorrow' };
    await expectFault(system, answer, { code: 'exhausted', message: /^no more today$/, details });
  });

  it('that throws what is no error — fail all the same', async () => {
    const answer = await callRaw(system, 'probe.throw-nothing', '{}');
    await expectFault(system, answer, { code: 'failed', message: /./ });
  });

  it('that throws a fault that cannot be sent — end in what of it can be', async () => {
    const answer = await callRaw(system, 'probe.refuse-oddly', '{"bytes":5000000}');
    await expectFault(system, answer, { code: 'failed', message: /^odd$/, details: { plain: 'kept' } });
    expect(JSON.stringify(answer.body).length).toBeLessThan(LIMITS.faultBytes + 1_000);
  });

  it('that fail all at once, each with a large fault — are all answered and recorded', async () => {
    const before = system.processes.get('probe')?.pid;
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => callRaw(system, 'probe.refuse-oddly', '{"bytes":20000}')),
    );
    expect(new Set(answers.map((answer) => answer.fault))).toEqual(new Set(['failed']));
    for (const { correlation } of answers) {
      await system.treeWhere({ correlation }, ([root]) => root?.state === 'failed');
    }
    expect(system.processes.get('probe')?.pid).toBe(before);
    await expectService(system);
  });

  it('that answers what its schema does not allow — fail with every wrong field', async () => {
    const answer = await callRaw(system, 'probe.misanswer', '{}');
    await expectFault(system, answer, { code: 'failed', message: /misanswer answered does not fit/ });
    const { problems } = (answer.body as { details: { problems: { pointer: string }[] } }).details;
    expect(problems.map((problem) => problem.pointer).sort()).toEqual(['/extra', '/text']);
  });

  it('that answers what JSON cannot hold — fail', async () => {
    const answer = await callRaw(system, 'probe.unwritable', '{}');
    await expectFault(system, answer, { code: 'failed', message: /cannot be written as JSON/ });
  });

  it('that never answers — end at the deadline, and its other calls go on', async () => {
    const hanging = callRaw(system, 'probe.hang', '{}');
    await expectService(system);
    const node = await expectFault(system, await hanging, { code: 'deadline-exceeded', message: /deadline/ });
    expect((node.endedAtMs ?? 0) - node.admittedAtMs).toBeGreaterThanOrEqual(299);
  });

  it('that blocks its process — are ended by the choreographer while it still blocks', async () => {
    const blocked = callRaw(system, 'mirror.block', '{"name":"blocked","ms":1500}');
    await expectFault(system, await blocked, { code: 'deadline-exceeded', message: /did not answer/ });
    const after = await callRaw(system, 'mirror.echo', '{"text":"again"}');
    expect(after.body).toEqual({ text: 'again' });
  });

  describe('with what Nest puts around a method', () => {
    it.each([
      ['no', 'permission-denied', /A guard of the plugin denies it/],
      ['NOW', 'permission-denied', /do not shout/],
    ] as const)('a guard, given %s — is %s', async (text, code, message) => {
      const answer = await callRaw(system, 'probe.guarded', JSON.stringify({ text }));
      await expectFault(system, answer, { code, message });
    });

    it.each([
      ['a guard that lets pass', 'probe.guarded', 'please', 'please'],
      ['an interceptor, with the invocation context', 'probe.intercepted', 'hi', 'HI at depth 1'],
      ['a pipe', 'probe.piped', '  hi ', 'hi'],
    ])('%s — works', async (_what, capability, text, expected) => {
      expect((await callRaw(system, capability, JSON.stringify({ text }))).body).toEqual({ text: expected });
    });

    it('an exception filter — makes its own error a fault, and leaves others alone', async () => {
      const own = await callRaw(system, 'probe.filtered', '{"text":"print"}');
      await expectFault(system, own, { code: 'exhausted', message: /out of paper/, details: { trays: 2 } });
      const other = await callRaw(system, 'probe.filtered', '{"text":"else"}');
      await expectFault(system, other, { code: 'failed', message: /^not for that filter$/ });
    });

    it('pipes and guards — do not see wrong input as if it were right', async () => {
      const answer = await callRaw(system, 'probe.piped', '{"text":5}');
      await expectFault(system, answer, { code: 'invalid-argument', message: /\/text/ });
    });
  });

  it('2,000 at once — are all answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 2_000 }, (_, n) => callRaw(system, 'probe.echo', `{"text":"${n}"}`)),
    );
    expect(answers.map((answer) => answer.body)).toEqual(answers.map((_, n) => ({ text: String(n) })));
  });

  it('more at once than an instance works on — are refused as exhausted, the others answered', async () => {
    const work = (n: number) => callRaw(system, 'probe.work', `{"name":"crowd-${n}","ms":2000}`);
    const answers = await Promise.all(Array.from({ length: 4_200 }, (_, n) => work(n)));
    const refused = answers.filter((answer) => answer.fault);
    expect(refused.length).toBe(200);
    const [first] = refused;
    if (first) await expectFault(system, first, { code: 'exhausted', message: /works on 4000 calls already/ });
  });

  it('that dies in the middle of one — are unavailable soon, with all that it worked on; others go on', async () => {
    const beside = callRaw(system, 'probe.work', '{"name":"beside","ms":60000}');
    await effects.first((effect) => effect.name === 'beside');
    const dying = await callRaw(system, 'probe.die', '{}');
    expect((await callRaw(system, 'mirror.echo', '{"text":"alive"}')).body).toEqual({ text: 'alive' });
    expect(dying).toMatchObject({ fault: 'unavailable', body: { message: expect.stringMatching(/has gone/) } });
    expect((await beside).fault).toBe('unavailable');
    await system.start('probe');
    await expectFault(system, dying, { code: 'unavailable', message: /has gone/, details: { plugin: 'probe' } });
    await expectFault(system, await beside, { code: 'unavailable', message: /has gone/ });
  });

  it('that is not there — are unavailable at once; also from another plugin', async () => {
    await system.processes.get('probe')?.stop();
    const answer = await callRaw(system, 'probe.echo', '{"text":"hi"}');
    expect(answer).toMatchObject({ fault: 'unavailable', body: { message: expect.stringMatching(/No instance/) } });
    const call = { capability: 'probe.echo', argsJson: '{"text":"hi"}' };
    const nested = await callRaw(system, 'mirror.call', JSON.stringify(call));
    expect(nested).toMatchObject({ fault: 'unavailable' });
    await system.start('probe');
    const node = await expectFault(system, answer, { code: 'unavailable', message: /No instance of probe 1\.0\.0/ });
    expect((node.endedAtMs ?? 0) - node.admittedAtMs).toBeLessThan(LIMITS.livenessMs);
    const tree = await system.treeWhere({ correlation: nested.correlation }, (nodes) => nodes.length === 2);
    expect(flattenTree(tree).map((one) => one.state)).toEqual(['failed', 'refused']);
  });

  it('with progress — tell it to whoever listens for the caller', async () => {
    const heard = new Promise<unknown>((resolve) =>
      system.bus.nc.subscribe(patterns.progressFor('tester'), { max: 1, callback: (_e, msg) => resolve(msg.json()) }),
    );
    await system.bus.nc.flush();
    await callRaw(system, 'probe.work', '{"name":"progressing","ms":0}');
    expect(await heard).toEqual({ percent: 1, message: 'progressing' });
  });
});
