/**
 * NATS checks what a user publishes to, not which reply subject it names: answers of services, and of nats-server itself,
 * could so be led to subjects that the user may not publish to. Here are the ways to try, and that nothing comes of them.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Bus, connectBus, headers } from '@orchestrator/bus';
import {
  encodeContext,
  HEADERS,
  invocationIdFromKey,
  randomId,
  randomInvocationId,
  subjects,
} from '@orchestrator/protocol';
import { EffectLog, MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw, expectService } from './raw-calls.js';

const EXEC = 'orc.v1.exec.probe.1_0_0.work';
const FORGED = '{"name":"forged","ms":0}';

describe('reply subjects that are no inbox', () => {
  const effects = new EffectLog();
  let system: TestSystem;
  /** Hears everything, which callers may not. */
  let operator: Bus;
  let work: string;

  beforeAll(async () => {
    system = await startTestSystem({
      plugins: [PROBE, MIRROR],
      env: { PROBE_EFFECTS: effects.file, ORC_LEASE_MS: '1500' },
    });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
  });

  beforeEach(() => {
    work = `orc.v1.work.probe.1_0_0.work.${randomInvocationId()}`;
  });

  afterAll(async () => {
    await operator?.nc.close();
    await system?.stop();
    effects.remove();
  });

  /** What is heard on a subject from now on. */
  async function listen(subject: string): Promise<{ readonly first: Promise<string>; readonly heard: string[] }> {
    const heard: string[] = [];
    const first = new Promise<string>((resolve) =>
      operator.nc.subscribe(subject, {
        callback: (_error, msg) => {
          heard.push(msg.string());
          resolve(msg.string());
        },
      }),
    );
    await operator.nc.flush();
    return { first, heard };
  }

  /** The plugin has dealt with all that came before, on both its ways in, and has run nothing of it. */
  async function expectNothingRan(): Promise<void> {
    await callRaw(system, 'probe.work', '{"name":"witness","ms":0}');
    const handle = await system.client.request({ plugin: 'probe', capability: 'work' }, { name: 'witness', ms: 0 });
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'witness' } });
    expect(new Set(effects.read().map((effect) => effect.name))).toEqual(new Set(['witness']));
    await expectService(system);
  }

  it.each([
    ['a good call', 'probe.echo', '{"text":"hi"}'],
    ['a call that is refused', 'probe.ecko', '{}'],
    ['a call that fails', 'probe.fail', '{}'],
  ])('%s — is refused and recorded, and nothing is answered there', async (_what, capability, body) => {
    const correlation = randomId();
    const sent = headers();
    sent.set(HEADERS.correlationId, correlation);
    const { heard } = await listen(work);
    system.bus.nc.publish(`orc.v1.call.tester.${capability}`, body, { reply: work, headers: sent });
    const tree = await system.treeWhere({ correlation }, ([root]) => root?.state === 'refused');
    expect(tree.roots[0]?.fault).toMatchObject({ code: 'permission-denied', message: expect.stringMatching(/inbox/) });
    await expectNothingRan();
    expect(heard).toEqual([]);
  });

  it('a call without any reply subject — runs, and answers nobody', async () => {
    const correlation = randomId();
    const sent = headers();
    sent.set(HEADERS.correlationId, correlation);
    system.bus.nc.publish('orc.v1.call.tester.probe.echo', '{"text":"hi"}', { headers: sent });
    await system.treeWhere({ correlation }, ([root]) => root?.state === 'succeeded');
    await expectService(system);
  });

  it.each([
    '$SRV.PING',
    '$SRV.INFO.choreographer',
    '$SRV.STATS.probe',
    'orc.v1.query.choreographer.tree',
    'orc.v1.query.registry.plugins',
  ])('%s — is not answered there', async (question) => {
    const { heard } = await listen('orc.v1.work.>');
    const places = [work, EXEC, 'orc.v1.event.1', `orc.v1.result.tester.probe.${randomInvocationId()}`];
    for (const reply of places) system.bus.nc.publish(question, '{"correlation":5}', { reply });
    await system.bus.nc.flush();
    await expectNothingRan();
    expect(heard.filter((text) => !text.includes('witness'))).toEqual([]);
  });

  it.each(['exec', 'work'])(
    'the acknowledgement of a request, sent to %s by the server — runs nothing',
    async (kind) => {
      const reply = kind === 'exec' ? EXEC : work;
      const { first } = await listen(reply);
      system.bus.nc.publish('orc.v1.request.tester.probe.echo', '{"text":"hi"}', { reply });
      expect(JSON.parse(await first)).toMatchObject({ stream: 'ORC_REQUESTS' });
      await expectNothingRan();
      const left = await operator.nc.request('$JS.API.STREAM.MSG.GET.ORC_WORK', `{"last_by_subj":"${work}"}`);
      expect(left.json()).toMatchObject({ error: { code: 404 } });
    },
  );

  it.each(['exec', 'work'])(
    'a stored message with a forged context, sent to %s by the server — runs nothing',
    async (kind) => {
      const reply = kind === 'exec' ? EXEC : work;
      const mirror = await connectBus({ url: system.urlAs('mirror'), name: 'evil' });
      const invocation = randomInvocationId();
      const correlation = randomId();
      const forged = encodeContext({
        ...{
          correlation,
          invocation,
          parent: undefined,
          mode: kind === 'exec' ? 'sync' : 'durable',
          durableTree: false,
        },
        ...{ depth: 1, maxDepth: 16, admittedAtMs: Date.now(), deadlineMs: Date.now() + 60_000, caller: 'tester' },
        ...{ onBehalfOf: 'tester', plugin: 'probe', version: '1.0.0', capability: 'work', traceId: correlation },
        ...{
          remoteSpan: undefined,
          sampled: true,
          attempt: 1,
          maxAttempts: 1,
          bounds: {
            reentry: 0,
            width: 100,
            budgets: [{ id: 's8f0123456789abcd', calls: 1_000, tokens: undefined, microUsd: undefined }],
          },
          ancestry: ['probe.work'],
        },
      });
      const sent = headers();
      sent.set(HEADERS.context, `${forged}|k1|signature`);
      const place = `orc.v1.result.tester.mirror.${invocation}`;
      const ack = await mirror.nc.request(place, FORGED, { headers: sent, timeout: 5_000 });
      expect(ack.json()).toMatchObject({ stream: 'ORC_RESULTS' });
      const { first } = await listen(reply);
      mirror.nc.publish(`$JS.API.DIRECT.GET.ORC_RESULTS.${place}`, '', { reply });
      expect(await first).toBe(FORGED);
      await expectNothingRan();
      await mirror.nc.close();
    },
  );

  it('an acknowledgement led to the place of a result — is nobody’s result, and gives way to the real one', async () => {
    const key = 'taken';
    const invocation = invocationIdFromKey('tester', 'probe', 'echo', key);
    const place = subjects.result({ caller: 'tester', plugin: 'probe', invocation });
    const { first } = await listen(place);
    system.bus.nc.publish(subjects.request({ caller: 'thief', plugin: 'probe', capability: 'echo' }), '{"text":"x"}', {
      reply: place,
    });
    expect(await first).toContain('ORC_REQUESTS');
    const handle = await system.client.request({ plugin: 'probe', capability: 'echo' }, { text: 'mine' }, { key });
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'mine' } });
  });

  it.each(['stored', 'result'])(
    'a result of another plugin’s own, led to where that of a call is %s — is not taken for it',
    async (kind) => {
      const mirror = await connectBus({ url: system.urlAs('mirror'), name: 'evil' });
      const key = `led to ${kind}`;
      const invocation = invocationIdFromKey('tester', 'probe', 'work', key);
      const sent = headers();
      sent.set(HEADERS.id, invocation);
      const place = `orc.v1.result.tester.mirror.${invocation}`;
      await mirror.nc.request(place, FORGED, { headers: sent, timeout: 5_000 });
      const reply = `orc.v1.${kind}.tester.probe.${invocation}`;
      const { first } = await listen(reply);
      const args = { name: 'witness', ms: 300 };
      const handle = await system.client.request({ plugin: 'probe', capability: 'work' }, args, { key });
      const outcome = handle.outcome();
      mirror.nc.publish(`$JS.API.DIRECT.GET.ORC_RESULTS.${place}`, '', { reply });
      expect(await first).toBe(FORGED);
      expect((await outcome).result).toEqual({ ok: true, value: { text: 'witness' } });
      await mirror.nc.close();
    },
  );

  it.each(['chunk', 'chunk-stored'])(
    'a chunk of another plugin’s own, led to %s of a call — is none of its output',
    async (kind) => {
      const mirror = await connectBus({ url: system.urlAs('mirror'), name: 'evil' });
      const key = `led to ${kind}`;
      const invocation = invocationIdFromKey('tester', 'probe', 'stream', key);
      const sent = headers();
      sent.set(HEADERS.chunk, '1|1');
      sent.append('Nats-Subject', `orc.v1.chunk.tester.probe.${invocation}`);
      const place = `orc.v1.chunk.tester.mirror.${invocation}`;
      await mirror.nc.request(place, FORGED, { headers: sent, timeout: 5_000 });
      const reply = `orc.v1.${kind}.tester.probe.${invocation}`;
      const { first } = await listen(reply);
      mirror.nc.publish(`$JS.API.DIRECT.GET.ORC_CHUNKS.${place}`, '', { reply });
      expect(await first).toBe(FORGED);
      const args = { name: 'led', chunks: 3 };
      const handle = await system.client.request({ plugin: 'probe', capability: 'stream' }, args, { key });
      const values: unknown[] = [];
      for await (const { value } of handle.chunks()) {
        values.push(value);
        if (values.length === 1) mirror.nc.publish(`$JS.API.DIRECT.GET.ORC_CHUNKS.${place}`, '', { reply });
      }
      expect(values).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
      expect((await handle.outcome()).result.ok).toBe(true);
      await mirror.nc.close();
    },
  );

  it('garbage wherever a caller may publish — harms nobody', async () => {
    const subjects = [
      'orc.v1.query.choreographer.tree',
      'orc.v1.query.registry.plugins',
      'orc.v1.query.nobody.nothing',
    ];
    const bodies = [
      '',
      '{',
      '[]',
      'null',
      '{"correlation":1}',
      '{"request":-1}',
      '{"key":""}',
      '\u0000\uffff',
      '9'.repeat(999_999),
    ];
    for (const subject of [...subjects, '$SRV.PING', '$SRV.INFO', '$SRV.STATS', '$SRV.PING.probe', '$SRV.NOTHING']) {
      for (const body of bodies) system.bus.nc.publish(subject, body);
    }
    await system.bus.nc.flush();
    const tree = (body: string) => system.bus.nc.request('orc.v1.query.choreographer.tree', body, { timeout: 5_000 });
    for (const body of bodies) {
      const answer = await tree(body);
      expect(answer.headers?.get(HEADERS.fault)).toBe('invalid-argument');
    }
    const unknown = await tree(`{"correlation":"${randomId()}"}`);
    expect(unknown.headers?.get(HEADERS.fault)).toBe('not-found');
    await expectService(system);
  });
});
