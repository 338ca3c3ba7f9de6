/** Further attempts of durable work, and what must not be attempted twice. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ask, connectBus, OutgoingHeaders, StoredPublisher } from '@orchestrator/bus';
import { readWaiting, removeWork } from '@orchestrator/bus/streams';
import {
  type DeadLetterDetail,
  flattenTree,
  type InvocationNode,
  type RedriveAnswer,
  subjects,
} from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';

const FLAKY = { plugin: 'probe', capability: 'flaky' };
const ONCE = { plugin: 'probe', capability: 'once' };
const FAIL = { plugin: 'probe', capability: 'fail' };
const LEASE_MS = 1_500;

const ended = ([root]: readonly InvocationNode[]) => root?.endedAtMs !== undefined;

/** The fault codes of attempts, by their numbers. */
const codes = (attempts: InvocationNode['failed']) => attempts.map(({ attempt, fault }) => [attempt, fault?.code]);

describe('retries', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file } });
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  const attemptsOf = (name: string) =>
    effects.read().flatMap((effect) => (effect.name === name ? [effect.attempt] : []));

  it('work that fails twice — is tried a third time, each attempt knows its number, and the tree shows all', async () => {
    const handle = await system.client.request(FLAKY, { name: 'third', until: 3 });
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'attempt 3' } });
    expect(attemptsOf('third')).toEqual([1, 2, 3]);
    const tree = await system.treeWhere({ request: handle.sequence }, ended);
    expect(tree.roots[0]).toMatchObject({ state: 'succeeded', attempts: 3 });
    expect(codes(tree.roots[0]?.failed ?? [])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
    ]);
  });

  it('work that fails always — ends in its last fault after as many attempts as its policy says', async () => {
    const handle = await system.client.request(FLAKY, { name: 'always', until: 99 });
    expect((await handle.outcome()).result).toMatchObject({
      ok: false,
      fault: { code: 'failed', message: 'attempt 4' },
    });
    expect(attemptsOf('always')).toEqual([1, 2, 3, 4]);
    const tree = await system.treeWhere({ request: handle.sequence }, ended);
    expect(tree.roots[0]).toMatchObject({ state: 'failed', attempts: 4 });
    expect(tree.roots[0]?.failed).toHaveLength(3);
  });

  it('a caller — may ask for fewer attempts, and not for more', async () => {
    for (const [name, maxAttempts, tried] of [
      ['one', 1, [1]],
      ['two', 2, [1, 2]],
      ['many', 50, [1, 2, 3, 4]],
    ] as const) {
      const handle = await system.client.request(FLAKY, { name, until: 99 }, { maxAttempts });
      expect((await handle.outcome()).result.ok).toBe(false);
      expect(attemptsOf(name)).toEqual(tried);
    }
  });

  it('a fault that would come again — is the outcome at once', async () => {
    const handle = await system.client.request({ plugin: 'probe', capability: 'misanswer' }, {}, { maxAttempts: 1 });
    expect((await handle.outcome()).result).toMatchObject({ ok: false, fault: { code: 'failed' } });
    const bad = await system.client.request(FLAKY, { name: 'bad', until: 'never' });
    expect((await bad.outcome()).result).toMatchObject({ ok: false, fault: { code: 'invalid-argument' } });
    const tree = await system.treeWhere({ request: bad.sequence }, ended);
    expect(tree.roots[0]).toMatchObject({ attempts: 1, failed: [] });
  });

  it('a fault that says how long to wait — is given that time', async () => {
    const handle = await system.client.request(FLAKY, { name: 'later', until: 2, retryAfterMs: 900 });
    const waiting = await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'waiting');
    const [root] = waiting.roots;
    expect((root?.dueAtMs ?? 0) - (root?.failed[0]?.endedAtMs ?? 0)).toBeGreaterThanOrEqual(900);
    expect((await handle.outcome()).result.ok).toBe(true);
    const [done] = (await system.treeWhere({ request: handle.sequence }, ended)).roots;
    expect((done?.endedAtMs ?? 0) - (root?.dueAtMs ?? 0)).toBeGreaterThanOrEqual(0);
  });

  it('no time left for another attempt — the fault is the outcome now', async () => {
    const args = { name: 'no-time', until: 2, retryAfterMs: 60_000 };
    const handle = await system.client.request(FLAKY, args, { timeoutMs: 30_000 });
    expect((await handle.outcome()).result).toMatchObject({
      ok: false,
      fault: { code: 'failed', message: 'attempt 1' },
    });
    expect(attemptsOf('no-time')).toEqual([1]);
  });

  it('what must not be done twice — is not tried again when it fails', async () => {
    const handle = await system.client.request(ONCE, { name: 'fails-once', ms: 1 });
    expect((await handle.outcome()).result).toMatchObject({ ok: false, fault: { code: 'failed' } });
    expect(effects.read().filter((effect) => effect.name === 'fails-once' && effect.what === 'started')).toHaveLength(
      1,
    );
  });

  it('synchronous calls — are tried once', async () => {
    const { result, correlation } = await system.client.call(FLAKY, { name: 'sync', until: 2 });
    expect(result).toMatchObject({ ok: false, fault: { code: 'failed' } });
    const tree = await system.treeWhere({ correlation: correlation ?? '' }, ended);
    expect(flattenTree(tree)).toHaveLength(1);
    expect(attemptsOf('sync')).toEqual([1]);
  });

  it('an ordinary error — is retried as by default, three times in all', async () => {
    const handle = await system.client.request(FAIL, {});
    expect((await handle.outcome()).result).toMatchObject({ ok: false, fault: { code: 'failed' } });
    const tree = await system.treeWhere({ request: handle.sequence }, ended);
    expect(tree.roots[0]?.attempts).toBe(3);
  });
});

describe('retries and claims, and kill -9', () => {
  let effects: EffectLog;
  let system: TestSystem;

  beforeEach(async () => {
    effects = new EffectLog();
    const env = { PROBE_EFFECTS: effects.file, ORC_LEASE_MS: String(LEASE_MS) };
    system = await startTestSystem({ plugins: [PROBE], env });
  });

  afterEach(async () => {
    await system?.stop();
    effects.remove();
  });

  const startsOf = (name: string) =>
    effects.read().flatMap((effect) => (effect.name === name && effect.what === 'started' ? [effect.attempt] : []));

  it('of every process while work waits for its next attempt — the attempt comes, with its number', async () => {
    const handle = await system.client.request(FLAKY, { name: 'patient', until: 2, retryAfterMs: 2_000 });
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'waiting');
    for (const name of ['choreographer', 'probe', 'nats-server']) await system.kill(name);
    await system.start('nats-server');
    for (const name of ['choreographer', 'probe']) await system.start(name);
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'attempt 2' } });
    expect(startsOf('patient')).toEqual([1, 2]);
  });

  it('of the choreographer until the deadline has passed — the work ends, and its letter has all that a redrive takes', async () => {
    const args = { name: 'overdue', until: 2, retryAfterMs: 500 };
    const handle = await system.client.request(FLAKY, args, { timeoutMs: 3_000 });
    const { roots } = await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'waiting');
    await system.kill('choreographer');
    await until(
      async () => Date.now(),
      (nowMs) => nowMs > (roots[0]?.deadlineMs ?? 0),
    );
    await system.start('choreographer');
    expect((await handle.outcome()).result).toMatchObject({ ok: false, fault: { code: 'deadline-exceeded' } });
    const letter = await letterOf(handle.invocation);
    expect(JSON.parse(Buffer.from(letter.body ?? '', 'base64').toString())).toEqual(args);
    const redrive = { invocation: handle.invocation };
    const { redriven } = await ask<RedriveAnswer>(system.client.requester, 'choreographer', 'redrive', redrive);
    expect(redriven).toHaveLength(1);
  });

  it('of the choreographer when an attempt is due — whoever ends the work takes that out, too', async () => {
    await system.kill('choreographer');
    const bus = await connectBus({ url: system.urlAs('choreographer'), name: 'test' });
    try {
      const invocation = '01234567-89ab-8cde-8f01-23456789abcd';
      const due = subjects.due('retry', invocation);
      const timer = new OutgoingHeaders()
        .add('Nats-Schedule', `@at ${new Date().toISOString()}`)
        .add('Nats-Schedule-Target', due);
      await new StoredPublisher(bus).store(subjects.timer('retry', invocation), '{}', timer);
      const filter = JSON.stringify({ subjects_filter: due });
      const countDue = async () => {
        const info = await bus.nc.request('$JS.API.STREAM.INFO.ORC_TIMERS', filter);
        return info.json<{ state: { subjects?: Record<string, number> } }>().state.subjects?.[due];
      };
      await until(countDue, (count) => count === 1);
      await removeWork(bus, { ...FLAKY, version: '1.0.0', invocation });
      expect(await readWaiting(bus, 'probe', invocation)).toBeUndefined();
    } finally {
      await bus.nc.close();
    }
  });

  it('of no process, while work waits, and the same request comes again — changes nothing', async () => {
    const args = { name: 'twice', until: 2, retryAfterMs: 1_000 };
    const handle = await system.client.request(FLAKY, args, { key: 'twice' });
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'waiting');
    const again = await system.client.request(FLAKY, args, { key: 'twice' });
    expect(again.invocation).toBe(handle.invocation);
    for (const one of [handle, again]) {
      expect((await one.outcome()).result).toEqual({ ok: true, value: { text: 'attempt 2' } });
    }
    expect(startsOf('twice')).toEqual([1, 2]);
  });

  it('of the host in the middle of what must not be done twice — it is not started again, and nobody claims to know', async () => {
    const handle = await system.client.request(ONCE, { name: 'precious', ms: 20_000 });
    await effects.first((effect) => effect.name === 'precious');
    await system.kill('probe');
    await system.start('probe');
    expect((await handle.outcome()).result).toMatchObject({ ok: false, fault: { code: 'unknown-outcome' } });
    expect(startsOf('precious')).toEqual([1]);
    const tree = await system.treeWhere({ request: handle.sequence }, ended);
    expect(tree.roots[0]).toMatchObject({ state: 'failed', fault: { code: 'unknown-outcome' } });
  });

  it('a host that was thought dead and ends its work after another has — is recorded as superseded', async () => {
    const handle = await system.client.request({ plugin: 'probe', capability: 'work' }, { name: 'slow', ms: 2_000 });
    const first = await effects.first((effect) => effect.name === 'slow');
    process.kill(first.pid, 'SIGSTOP');
    await system.start('probe', 'probe-2');
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'slow' } });
    process.kill(first.pid, 'SIGCONT');
    const isFirst = ({ attempt }: { readonly attempt: number }) => attempt === 1;
    const fits = ([root]: readonly InvocationNode[]) => root?.superseded.some(isFirst) ?? false;
    const tree = await system.treeWhere({ request: handle.sequence }, fits);
    expect(tree.roots[0]?.state).toBe('succeeded');
    expect(tree.roots[0]?.attempts).toBeGreaterThan(1);
  });

  it('a host that was thought dead and fails after another has succeeded — leaves no dead letter', async () => {
    const handle = await system.client.request(FLAKY, { name: 'overtaken', until: 2, ms: 1_000 }, { maxAttempts: 1 });
    const { pid } = await effects.first((effect) => effect.name === 'overtaken');
    process.kill(pid, 'SIGSTOP');
    await system.start('probe', 'probe-2');
    expect((await handle.outcome()).result).toMatchObject({ ok: true });
    process.kill(pid, 'SIGCONT');
    const fits = ([root]: readonly InvocationNode[]) => root?.superseded.some(({ fault }) => fault) ?? false;
    await system.treeWhere({ request: handle.sequence }, fits);
    await expect(letterOf(handle.invocation)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('a host that was thought dead, and had done what must not be done twice — its result is with the dead letter', async () => {
    const handle = await system.client.request(ONCE, { name: 'late', ms: 1_000 });
    const { pid } = await effects.first((effect) => effect.name === 'late');
    process.kill(pid, 'SIGSTOP');
    await system.start('probe', 'probe-2');
    expect((await handle.outcome()).result).toMatchObject({ ok: false, fault: { code: 'unknown-outcome' } });
    expect((await letterOf(handle.invocation)).late).toBeUndefined();
    process.kill(pid, 'SIGCONT');
    const fits = ([root]: readonly InvocationNode[]) => root?.superseded.length === 1;
    await system.treeWhere({ request: handle.sequence }, fits);
    const { late } = await letterOf(handle.invocation);
    expect(late).toMatchObject({ attempt: 1, body: Buffer.from('{"text":"late"}').toString('base64') });
    expect(startsOf('late')).toEqual([1]);
  });

  function letterOf(invocation: string): Promise<DeadLetterDetail> {
    return ask<DeadLetterDetail>(system.client.requester, 'choreographer', 'dead-letter', { invocation });
  }
});
