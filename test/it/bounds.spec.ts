/** Bounds of call trees, with three choreographers that share nothing but the counters. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaultBody, HEADERS } from '@orchestrator/protocol';
import { EffectLog, MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw, expectFault, type RawAnswer } from './raw-calls.js';

describe('bounds of a call tree', () => {
  const effects = new EffectLog();
  let system: TestSystem;
  let round = 0;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE, MIRROR], env: { PROBE_EFFECTS: effects.file } });
    await Promise.all(['choreographer-2', 'choreographer-3'].map((name) => system.start('choreographer', name)));
    while (!(await allServe()));
  });

  /** Has every choreographer heard of every plugin? So many calls miss none of three. */
  async function allServe(): Promise<boolean> {
    const calls = Array.from({ length: 30 }, () => [
      callRaw(system, 'probe.echo', '{"text":"hi"}'),
      callRaw(system, 'mirror.echo', '{"text":"hi"}'),
    ]);
    return (await Promise.all(calls.flat())).every((answer) => answer.fault === '');
  }

  afterEach(() => {
    round++;
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  function limited(capability: string, args: object, limits?: string): Promise<RawAnswer> {
    return callRaw(system, capability, JSON.stringify(args), { headers: limits ? { [HEADERS.limits]: limits } : {} });
  }

  /** A root that calls `probe.work` so often, all at once: how the calls ended, and how many really ran. */
  async function fan(times: number, limits: string, more: object = {}) {
    const argsJson = `{"name":"${round}-#","ms":0}`;
    const answer = await limited('probe.fan', { capability: 'probe.work', argsJson, times, ...more }, limits);
    const outcomes = JSON.parse((answer.body as { json: string }).json) as (FaultBody | { text: string })[];
    const refused = outcomes.flatMap((one) => ('code' in one ? [one] : []));
    const ran = effects.read().filter((effect) => effect.what === 'started' && effect.name.startsWith(`${round}-`));
    expect(ran).toHaveLength(times - refused.length);
    return { ran: ran.length, refused };
  }

  function expectRefused(refused: readonly FaultBody[], count: number, details: object): void {
    expect(refused).toHaveLength(count);
    for (const one of refused) expect(one).toMatchObject({ code: 'budget-exhausted', details });
  }

  it.each([
    ['sync', 200],
    ['durable', 80],
  ])('calls=50, asked for many times as often, %s — exactly 50 run', async (mode, times) => {
    const { ran, refused } = await fan(times, 'calls=50', { mode });
    expect(ran).toBe(50);
    expectRefused(refused, times - 50, { budget: 'calls', limit: 50, used: 50 });
  });

  it('calls=0 — none runs', async () => {
    const { refused } = await fan(5, 'calls=0');
    expectRefused(refused, 5, { budget: 'calls', limit: 0, used: 0 });
  });

  it('width=10 — exactly 10 run', async () => {
    const { refused } = await fan(60, 'width=10');
    expectRefused(refused, 50, { budget: 'width', limit: 10 });
  });

  it('with no limits — an invocation makes no more calls than the default width', async () => {
    const { ran, refused } = await fan(250, '');
    expect(ran).toBeLessThanOrEqual(100);
    expect(ran).toBeGreaterThan(60); // some may be kept for what other replicas have not counted yet
    expectRefused(refused, 250 - ran, { budget: 'width', limit: 100 });
  });

  it('a sub-tree with calls=3 within a tree with calls=50 — 3 run in it', async () => {
    const inner = { capability: 'probe.work', argsJson: `{"name":"${round}-#","ms":0}`, times: 10 };
    const argsJson = JSON.stringify(inner).replaceAll('#', '~');
    const outer = { capability: 'mirror.fan', argsJson, times: 1, limitsJson: '{"calls":3}' };
    const answer = await limited('probe.fan', outer, 'calls=50');
    const refused = JSON.stringify(answer.body).match(/budget-exhausted/g);
    expect(refused).toHaveLength(7);
  });

  it('a token that its own holder uses again and again — stays within the counts', async () => {
    const answer = await limited('probe.token', {}, 'calls=7');
    const token = (answer.body as { text: string }).text;
    const headers = { [HEADERS.context]: token, [HEADERS.limits]: 'calls=1000,width=1000' };
    const again = Array.from({ length: 40 }, () =>
      callRaw(system, 'probe.echo', '{"text":"again"}', { caller: 'probe', headers }),
    );
    const answers = await Promise.all(again);
    expect(answers.filter((one) => one.fault === '')).toHaveLength(7);
    expect(answers.filter((one) => one.fault === 'budget-exhausted')).toHaveLength(33);
    const details = { budget: 'calls', limit: 7, used: 7 };
    const refused = answers.find((one) => one.fault) as RawAnswer;
    await expectFault(system, refused, { code: 'budget-exhausted', message: /at most this many calls: 7/, details });
  });

  it('reentry=2 — a capability is entered again twice, and no third time', async () => {
    const nest = (depth: number): object =>
      depth === 0
        ? { capability: 'probe.echo', argsJson: '{"text":"end"}' }
        : { capability: 'probe.call', argsJson: JSON.stringify(nest(depth - 1)) };
    expect(await limited('probe.call', nest(2), 'reentry=2')).toMatchObject({ fault: '' });
    const answer = await limited('probe.call', nest(3), 'reentry=2');
    const path = Array.from({ length: 4 }, () => 'probe.call');
    await expectFault(system, answer, {
      code: 'cycle-detected',
      message: /again 2 times/,
      details: { path, reentry: 2 },
    });
    const unasked = await limited('probe.call', nest(1));
    await expectFault(system, unasked, { code: 'cycle-detected', message: /close a cycle/ });
  });

  it('depth=2, and depth=0 — no deeper', async () => {
    const chain = { rest: ['probe.step-2', 'probe.step-3'] };
    expect(await limited('probe.step-1', chain, 'depth=3')).toMatchObject({ fault: '' });
    const deeper = await limited('probe.step-1', chain, 'depth=2');
    await expectFault(system, deeper, { code: 'depth-exceeded', message: /2 deep/, details: { maxDepth: 2 } });
    const none = await limited('probe.echo', { text: 'hi' }, 'depth=0');
    await expectFault(system, none, { code: 'depth-exceeded', message: /0 deep/ });
  });

  it('wall-ms=200 — ends what takes longer', async () => {
    const answer = await limited('probe.work', { name: 'slow', ms: 20_000 }, 'wall-ms=200');
    await expectFault(system, answer, { code: 'deadline-exceeded', message: /deadline/ });
  });

  it('tokens=100 — counts what is reported, and refuses the next spending and call once it is spent', async () => {
    const within = await limited('probe.spend', { tokens: [60, 39], capability: 'probe.relay' }, 'tokens=100');
    expect((within.body as { json: string }).json).not.toMatch(/budget/);
    const over = await limited('probe.spend', { tokens: [60, 60, 5], capability: 'probe.relay' }, 'tokens=100');
    const refused = JSON.parse((over.body as { json: string }).json) as FaultBody[];
    const tokens = { budget: 'tokens', limit: 100 };
    expect(refused.map((one) => [one.code, one.details])).toEqual([
      ['budget-exhausted', { ...tokens, used: 125 }],
      ['budget-exhausted', { ...tokens, used: 125 }],
    ]);
  });

  it.each([
    ['calls=many', /calls must be a whole number/, 'calls'],
    ['branches=3', /"branches=3" is not/, 'branches=3'],
  ])('orc-limits: %s — is refused, naming what is wrong', async (limits, message, limit) => {
    const answer = await limited('probe.echo', { text: 'hi' }, limits);
    await expectFault(system, answer, { code: 'invalid-argument', message, details: { header: 'orc-limits', limit } });
  });
});
