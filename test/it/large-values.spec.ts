/** Arguments and results that go through the object store, on real processes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Objm } from '@nats-io/obj';
import { ask, type Bus, type CallOutcome, connectBus, readResult } from '@orchestrator/bus';
import {
  type DeadLetterDetail,
  encodeDataRef,
  HEADERS,
  LIMITS,
  parseDataRef,
  type RedriveAnswer,
} from '@orchestrator/protocol';
import { EffectLog, MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw, expectFault, expectService, storeRaw } from './raw-calls.js';
import { getRaw, putRaw } from './raw-objects.js';

const ECHO = { plugin: 'probe', capability: 'echo' };
const WEIGH = { plugin: 'probe', capability: 'weigh' };
const CALL = { plugin: 'probe', capability: 'call' };
const STREAM = 'OBJ_ORC_OBJECTS';
const MEGABYTE = 1_000_000;

describe('values that are too large for a message', () => {
  const effects = new EffectLog();
  let system: TestSystem;
  let operator: Bus;

  beforeAll(async () => {
    const env = { PROBE_EFFECTS: effects.file, ORC_LEASE_MS: '6000' };
    system = await startTestSystem({ plugins: [PROBE], env });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
  });

  afterAll(async () => {
    await operator?.nc.close();
    await system?.stop();
    effects.remove();
  });

  const starts = (name: string) => effects.read().filter((one) => one.name === name && one.what === 'started');
  /** As an operator may, and nobody else. */
  const api = async (question: string, body: object = {}) =>
    (await operator.nc.request(`$JS.API.STREAM.${question}.${STREAM}`, JSON.stringify(body))).json<{
      config: Record<string, unknown>;
      state: { messages: number; bytes: number };
    }>();
  const show = (invocation: string) =>
    ask<DeadLetterDetail>(system.client.requester, 'choreographer', 'dead-letter', { invocation });

  it('a synchronous call with 64 MiB of arguments, and as much of a result', async () => {
    const text = 'x'.repeat(LIMITS.objectBytes - '{"text":""}'.length);
    const { result, correlation = '' } = await system.client.call(ECHO, { text }, { timeoutMs: 60_000 });
    expect(textOf(result) === text).toBe(true);
    await system.treeWhere({ correlation }, ([root]) => root?.state === 'succeeded');
  });

  it('a durable request of 64 MB whose host is killed in the middle — runs again, and is answered', async () => {
    const load = 'ä'.repeat(32 * MEGABYTE);
    const handle = await system.client.request(WEIGH, { name: 'heavy', load, ms: 500 });
    await effects.first((effect) => effect.name === 'heavy');
    await system.kill('probe');
    await system.start('probe');
    const { result } = await handle.outcome();
    expect(textOf(result) === load).toBe(true);
    expect(starts('heavy').map((effect) => effect.attempt)).toEqual([1, 2]);
    const stored = await readResult(system.client.requester, { caller: 'tester', ...WEIGH, ...handle });
    expect(stored?.data).toHaveLength(0);
    expect(parseDataRef(stored?.headers?.get(HEADERS.dataRef) ?? '')?.bytes).toBe(64 * MEGABYTE + '{"text":""}'.length);
  });

  it('a run that ends while NATS is away — is not run again, and its result is there', async () => {
    const load = 'o'.repeat(3 * MEGABYTE);
    const handle = await system.client.request(WEIGH, { name: 'cut-off', load, ms: 1_000 });
    await effects.first((effect) => effect.name === 'cut-off');
    await system.kill('nats-server');
    await effects.first((effect) => effect.name === 'cut-off' && effect.what === 'ended');
    await system.start('nats-server');
    expect(textOf((await handle.outcome()).result) === load).toBe(true);
    expect(starts('cut-off')).toHaveLength(1);
  });

  it('a client that knows nothing of ours — names its arguments, and gets the name of the result', async () => {
    const args = JSON.stringify({ text: 'z'.repeat(3 * MEGABYTE) });
    const { reference } = await putRaw(system.bus.nc, args);
    const request = await storeRaw(system, 'probe.echo', '', withRef(reference));
    const tree = await system.treeWhere({ request }, ([root]) => root?.state === 'succeeded');
    const invocation = tree.roots[0]?.invocation ?? '';
    const stored = await readResult(system.client.requester, { caller: 'tester', plugin: 'probe', invocation });
    const result = await getRaw(system.bus.nc, stored?.headers?.get(HEADERS.dataRef) ?? '');
    expect(result.equals(Buffer.from(args))).toBe(true);
    const answer = await callRaw(system, 'probe.weigh', '', withRef((await putRaw(system.bus.nc, '{}')).reference));
    expect(answer).toMatchObject({ fault: 'invalid-argument', body: { message: expect.stringMatching(/name/) } });
  });

  it('nested calls, synchronous and durable — there and back by reference', async () => {
    const text = 'n'.repeat(MEGABYTE);
    for (const mode of ['sync', 'durable']) {
      const args = { capability: 'probe.echo', argsJson: JSON.stringify({ text }), mode };
      const { result } = await system.client.call(CALL, args);
      const { json } = (result as { value: { json: string } }).value;
      const answer = JSON.parse(json);
      expect((mode === 'sync' ? answer : answer.result).text === text).toBe(true);
    }
  });

  it('an attempt that fails — the next one has the same arguments', async () => {
    const load = 'r'.repeat(MEGABYTE);
    const handle = await system.client.request(WEIGH, { name: 'retried', load, until: 3 });
    const { result } = await handle.outcome();
    expect(textOf(result) === load).toBe(true);
    expect(starts('retried').map((effect) => effect.attempt)).toEqual([1, 2, 3]);
  });

  it('a run that ends while no choreographer is there — is found to have succeeded, and where its result lies', async () => {
    const handle = await system.client.request(WEIGH, { name: 'unheard', load: 'u'.repeat(MEGABYTE), ms: 500 });
    await effects.first((effect) => effect.name === 'unheard');
    await system.kill('choreographer');
    await handle.outcome();
    await system.start('choreographer');
    const tree = await system.treeWhere({ request: handle.sequence }, ([root]) => root?.endedAtMs !== undefined);
    expect(tree.roots[0]).toMatchObject({
      state: 'succeeded',
      argsAt: expect.any(String),
      resultAt: expect.any(String),
    });
  });

  describe('the same key', () => {
    it('with the same bytes in another object — is the same request', async () => {
      const load = 'k'.repeat(MEGABYTE);
      const handles = [
        await system.client.request(WEIGH, { name: 'same', load }, { key: 'large-1' }),
        await system.client.request(WEIGH, { name: 'same', load }, { key: 'large-1' }),
      ];
      const outcomes = await Promise.all(handles.map((handle) => handle.outcome()));
      expect(outcomes.map(({ result }) => result.ok)).toEqual([true, true]);
      expect(starts('same')).toHaveLength(1);
    });

    it('with other bytes — is refused', async () => {
      const request = (load: string) => system.client.request(WEIGH, { name: 'other', load }, { key: 'large-2' });
      const first = await (await request('a'.repeat(MEGABYTE))).outcome();
      const second = await (await request('b'.repeat(MEGABYTE))).outcome();
      expect(first.result.ok).toBe(true);
      expect(second.result).toMatchObject({ ok: false, fault: { code: 'invalid-argument' } });
      expect(starts('other')).toHaveLength(1);
    });

    it('with the same bytes in the message — is the same request, too', async () => {
      const args = '{"name":"small","load":"x"}';
      const key = { [HEADERS.id]: 'large-3' };
      await storeRaw(system, 'probe.weigh', args, { headers: key });
      await system.treeWhere({ key: 'large-3' }, ([root]) => root?.state === 'succeeded');
      const { reference } = await putRaw(system.bus.nc, args);
      const again = await storeRaw(system, 'probe.weigh', '', withRef(reference, key));
      const tree = await system.treeWhere({ request: again }, ([root]) => root?.state === 'succeeded');
      expect(tree.roots[0]?.key).toBe('large-3');
      expect(starts('small')).toHaveLength(1);
    });
  });

  describe('a reference', () => {
    const args = JSON.stringify({ text: 'a'.repeat(MEGABYTE) });
    const good = async () => {
      const { reference } = await putRaw(system.bus.nc, args);
      return parseDataRef(reference) as NonNullable<ReturnType<typeof parseDataRef>>;
    };
    const altered = { code: 'invalid-argument', message: /is not in the object store as its reference says/ } as const;
    const missing = { code: 'invalid-argument', message: /is not in the object store \(any more\)/ } as const;

    it('with the digest of other bytes — is refused by the host', async () => {
      const ref = { ...(await good()), sha256: '0'.repeat(64) };
      const answer = await callRaw(system, 'probe.echo', '', withRef(encodeDataRef(ref)));
      await expectFault(system, answer, { ...altered, details: { object: ref.object } });
    });

    it('with fewer bytes, or more — is refused by the host', async () => {
      const ref = await good();
      const fewer = await callRaw(system, 'probe.echo', '', withRef(encodeDataRef({ ...ref, bytes: ref.bytes - 1 })));
      await expectFault(system, fewer, altered);
      const more = await callRaw(system, 'probe.echo', '', withRef(encodeDataRef({ ...ref, bytes: ref.bytes + 1 })));
      await expectFault(system, more, missing);
    });

    it('to what was never stored, or is gone — is refused by the host', async () => {
      const ref = await good();
      const never = encodeDataRef({ ...ref, object: 'there-is-no-such-object' });
      await expectFault(system, await callRaw(system, 'probe.echo', '', withRef(never)), missing);
      await api('PURGE', { filter: `$O.ORC_OBJECTS.C.${ref.object}` });
      const gone = await callRaw(system, 'probe.echo', '', withRef(encodeDataRef(ref)));
      await expectFault(system, gone, { ...missing, details: { object: ref.object } });
    });

    it('to an object that somebody has added to since — still names what was meant', async () => {
      const ref = await good();
      await system.bus.nc.request(`$O.ORC_OBJECTS.C.${ref.object}`, 'more');
      const request = await storeRaw(system, 'probe.echo', '', withRef(encodeDataRef(ref)));
      await system.treeWhere({ request }, ([root]) => root?.state === 'succeeded');
    });

    it('to crumbs, which would take for ever to gather — is refused by the host', async () => {
      const object = 'an-object-of-crumbs';
      for (const crumb of '{"text":"x"}') await system.bus.nc.request(`$O.ORC_OBJECTS.C.${object}`, crumb);
      const ref = { ...(await good()), object, bytes: 12 };
      await expectFault(system, await callRaw(system, 'probe.echo', '', withRef(encodeDataRef(ref))), altered);
    });

    it.each([
      ['that is none', 'objects/x', '', { message: /ce-dataref must be/, details: { header: 'ce-dataref' } }],
      ['beside a body', undefined, '{}', { message: /body must be empty/, details: { header: 'ce-dataref' } }],
      [
        'to more bytes than are allowed',
        `/objects/0123456789abcdef?size=${LIMITS.objectBytes + 1}&sha256=${'a'.repeat(64)}`,
        '',
        { message: /the limit is 67108864/, details: { maxBytes: LIMITS.objectBytes } },
      ],
    ])('%s — is refused by the choreographer, on both ways in', async (_what, text, body, expected) => {
      const options = withRef(text ?? encodeDataRef(await good()));
      const answer = await callRaw(system, 'probe.echo', body, options);
      const node = await expectFault(system, answer, { code: 'invalid-argument', ...expected });
      expect(node.state).toBe('refused');
      const request = await storeRaw(system, 'probe.echo', body, options);
      const tree = await system.treeWhere({ request }, ([root]) => root?.state === 'refused');
      expect(tree.roots[0]?.fault).toEqual(answer.body);
    });
  });

  describe('a dead letter', () => {
    it('names the arguments and their size, whoever ended the request', async () => {
      const args = JSON.stringify({ name: 'late', load: 'x'.repeat(MEGABYTE), ms: -1 });
      const { reference } = await putRaw(system.bus.nc, args);
      for (const [capability, source] of [
        ['probe.weigh', '/plugins/probe'],
        ['probe.missing', '/choreographer'],
      ] as const) {
        const request = await storeRaw(system, capability, '', withRef(reference));
        const tree = await system.treeWhere({ request }, ([root]) => root?.fault !== undefined);
        const letter = await show(tree.roots[0]?.invocation ?? '');
        expect(letter).toMatchObject({ source, bytes: args.length, headers: { [HEADERS.dataRef]: reference } });
        expect(letter).not.toHaveProperty('body');
      }
      expect((await getRaw(system.bus.nc, reference)).equals(Buffer.from(args))).toBe(true);
    });

    it('is redriven with its arguments, or with others as large, and not without any', async () => {
      const load = 'd'.repeat(MEGABYTE);
      const refused = { plugin: 'mirror', capability: 'weigh' };
      const dead = await Promise.all(
        ['one', 'two', 'three'].map((name) => system.client.request(refused, { name, load })),
      );
      await Promise.all(dead.map(async (one) => expect((await one.outcome()).result.ok).toBe(false)));
      await system.startPlugin(MIRROR, { PROBE_EFFECTS: effects.file });
      const redrive = async (at: number, changes: object = {}) => {
        const args = { invocation: dead[at]?.invocation, ...changes };
        const answer = await ask<RedriveAnswer>(system.client.requester, 'choreographer', 'redrive', args);
        const { correlation = '', invocation = '' } = answer.redriven[0] ?? {};
        await system.treeWhere({ correlation }, (all) => all.some((one) => one.redriveOf && one.state === 'succeeded'));
        const stored = await readResult(system.client.requester, { caller: 'tester', plugin: 'mirror', invocation });
        return JSON.parse((await getRaw(system.bus.nc, stored?.headers?.get(HEADERS.dataRef) ?? '')).toString());
      };
      expect((await redrive(0)).text === load).toBe(true);
      const other = 'o'.repeat(MEGABYTE);
      const { reference } = await putRaw(system.bus.nc, JSON.stringify({ name: 'two', load: other }));
      expect((await redrive(1, { dataRef: reference })).text === other).toBe(true);
      await expect(redrive(2, { dataRef: reference, args: {} })).rejects.toMatchObject({ code: 'invalid-argument' });
      const { headers } = await show(dead[2]?.invocation ?? '');
      const { object } = parseDataRef(headers[HEADERS.dataRef] ?? '') ?? {};
      await api('PURGE', { filter: `$O.ORC_OBJECTS.M.${Buffer.from(object ?? '').toString('base64')}` });
      await expect(redrive(2)).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringMatching(/does not hold its arguments any more/),
      });
    });
  });

  it('the result of a durable call that has gone from the object store — is a fault that says so', async () => {
    const handle = await system.client.request(WEIGH, { name: 'lost', load: 'l'.repeat(MEGABYTE) });
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'succeeded');
    const stored = await readResult(system.client.requester, { caller: 'tester', ...WEIGH, ...handle });
    const { object } = parseDataRef(stored?.headers?.get(HEADERS.dataRef) ?? '') ?? {};
    await api('PURGE', { filter: `$O.ORC_OBJECTS.C.${object}` });
    const { result } = await handle.outcome();
    expect(result).toMatchObject({ ok: false, fault: { code: 'internal', details: { object } } });
  });

  it('the tools of NATS — show and fetch what the SDK and others have stored, for an operator', async () => {
    const text = 't'.repeat(MEGABYTE);
    const { correlation = '' } = await system.client.call(ECHO, { text });
    const tree = await system.treeWhere({ correlation }, ([root]) => root?.resultAt !== undefined);
    const { object = '' } = parseDataRef(tree.roots[0]?.resultAt ?? '') ?? {};
    const { name } = await putRaw(system.bus.nc, 'raw');
    const bucket = await new Objm(operator.nc).open('ORC_OBJECTS');
    expect(JSON.parse(Buffer.from((await bucket.getBlob(object)) ?? []).toString()).text === text).toBe(true);
    expect(Buffer.from((await bucket.getBlob(name)) ?? []).toString()).toBe('raw');
    expect(await bucket.info(object)).toMatchObject({ size: text.length + '{"text":""}'.length, chunks: 4 });
    expect((await bucket.list()).map((one) => one.name)).toEqual(expect.arrayContaining([object, name]));
  });

  it('a put as the tools of NATS do it — is refused, since it would replace what others name', async () => {
    const { name, reference } = await putRaw(system.bus.nc, 'first');
    for (const { nc } of [system.bus, operator]) {
      const bucket = await new Objm(nc).open('ORC_OBJECTS');
      await expect(bucket.putBlob({ name }, Buffer.from('second'))).rejects.toThrow();
    }
    expect((await getRaw(system.bus.nc, reference)).toString()).toBe('first');
  });

  it('many at once — all are answered', async () => {
    const texts = Array.from({ length: 24 }, (_, n) => String.fromCharCode(97 + n).repeat(LIMITS.inlineBytes));
    const outcomes = await Promise.all(texts.map((text) => system.client.call(ECHO, { text })));
    expect(outcomes.map(({ result }) => textOf(result))).toEqual(texts);
  });

  it('the bucket keeps what no message may outlive, takes what it may, and lets nothing be replaced', async () => {
    const { config } = await api('INFO');
    expect(config).toMatchObject({
      subjects: ['$O.ORC_OBJECTS.C.>', '$O.ORC_OBJECTS.M.>'],
      max_age: (4 * LIMITS.retentionMs + LIMITS.objectSlackMs) * 1e6,
      ...{ max_bytes: LIMITS.objectStoreBytes, discard: 'new', storage: 'file', retention: 'limits' },
      metadata: { 'orc-max-object-bytes': String(LIMITS.objectBytes) },
    });
    for (const power of ['allow_rollup_hdrs', 'allow_msg_ttl', 'allow_msg_schedules', 'allow_msg_counter']) {
      expect(config[power] ?? false).toBe(false);
    }
    await expectService(system);
  });
});

describe('values too large for what the operator allows', () => {
  let system: TestSystem;

  beforeAll(async () => {
    const env = {
      ...{ ORC_MAX_OBJECT_BYTES: String(MEGABYTE), ORC_OBJECT_STORE_BYTES: String(3 * MEGABYTE) },
      ORC_RETENTION_MS: '3600000',
    };
    system = await startTestSystem({ plugins: [PROBE], env });
  });

  afterAll(() => system?.stop());

  it('arguments — are refused before anything is stored, and where a reference names them', async () => {
    const expected = { code: 'invalid-argument', details: { maxBytes: MEGABYTE } };
    await expect(system.client.call(ECHO, { text: 'x'.repeat(MEGABYTE) })).rejects.toMatchObject(expected);
    const { reference } = await putRaw(system.bus.nc, JSON.stringify({ text: 'x'.repeat(MEGABYTE) }));
    const answer = await callRaw(system, 'probe.echo', '', withRef(reference));
    expect(answer.body).toMatchObject({ ...expected, message: expect.stringMatching(/the limit is 1000000/) });
  });

  it('a result — is a fault of the plugin, with the limit', async () => {
    const answer = await callRaw(system, 'probe.big', JSON.stringify({ bytes: MEGABYTE }));
    const details = { bytes: MEGABYTE + '{"text":""}'.length, maxBytes: MEGABYTE };
    expect(answer.body).toMatchObject({ code: 'failed', message: expect.stringMatching(/the limit is/), details });
  });

  it('a store that is full — is a fault that can be tried again', async () => {
    const text = 'x'.repeat(900_000);
    const calls = async () => {
      for (;;) await system.client.call(ECHO, { text }).then(({ result }) => result.ok || Promise.reject(result));
    };
    const ended = await calls().catch((error) => error);
    expect(ended.fault ?? ended).toMatchObject({ code: 'exhausted', message: expect.stringMatching(/store is full/) });
    await expectService(system);
  });

  it('the bucket — is as configured, and outlives what else is kept; what keeps work from being done twice is kept for long enough', async () => {
    const answer = await system.bus.nc.request(`$JS.API.STREAM.INFO.${STREAM}`);
    expect(answer.json()).toMatchObject({
      config: {
        max_age: (3_600_000 + LIMITS.objectSlackMs) * 1e6,
        max_bytes: 3 * MEGABYTE,
        metadata: { 'orc-max-object-bytes': String(MEGABYTE) },
      },
    });
    const ages = ['ORC_EVENTS', 'ORC_DEAD', 'ORC_RESULTS', 'ORC_CLAIMS', 'KV_ORC_CANCELLED'].map(async (stream) => {
      const { config } = (await system.bus.nc.request(`$JS.API.STREAM.INFO.${stream}`)).json<{
        config: { max_age: number };
      }>();
      return [stream, config.max_age / 1e6];
    });
    expect(Object.fromEntries(await Promise.all(ages))).toEqual({
      ...{ ORC_EVENTS: 3_600_000, ORC_DEAD: 3_600_000 },
      ...{ ORC_RESULTS: LIMITS.guardMs, ORC_CLAIMS: LIMITS.guardMs, KV_ORC_CANCELLED: LIMITS.guardMs },
    });
  });
});

/** Of a result that must be none but a text. Fails with the fault, and not with megabytes. */
function textOf(result: CallOutcome['result']): string {
  if (!result.ok) throw result.fault;
  return (result.value as { text: string }).text;
}

function withRef(reference: string, others: Readonly<Record<string, string>> = {}) {
  return { headers: { [HEADERS.dataRef]: reference, ...others } };
}
