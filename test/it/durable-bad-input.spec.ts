/** What can be wrong about a durable request: answered with a stored fault, kept as a dead letter, recorded, and harmless. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Bus, CallClient, connectBus, ResultWaiter } from '@orchestrator/bus';
import { flattenTree, HEADERS, type InvocationNode, LIMITS } from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw, expectService, storeRaw } from './raw-calls.js';

const GOOD = '{"text":"hi"}';
const ECHO = { plugin: 'probe', capability: 'echo' };

/** Arguments of `probe.echo` that are exactly so many bytes. */
function bodyOf(bytes: number): string {
  return JSON.stringify({ text: 'x'.repeat(bytes - '{"text":""}'.length) });
}

describe('durable bad input', () => {
  const effects = new EffectLog();
  let system: TestSystem;
  /** Reads the dead letters, which callers may not. */
  let operator: Bus;
  let reader: CallClient;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file } });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
    reader = new CallClient(operator, 'operator');
  });

  afterAll(async () => {
    await operator?.nc.close();
    await system?.stop();
    effects.remove();
  });

  function stored(stream: string, subject: string) {
    return reader.requester.request(`$JS.API.DIRECT.GET.${stream}.${subject}`, '', { timeoutMs: 5_000 });
  }

  /** The request with that sequence has ended in this fault, says history; and so say its result and its dead letter. */
  async function expectDeadLetter(
    sequence: number,
    expected: { readonly code: string; readonly message: RegExp },
    original: string | Uint8Array,
  ): Promise<InvocationNode> {
    const isIt = (node: InvocationNode) => node.request === sequence && node.fault !== undefined;
    const tree = await system.treeWhere({ request: sequence }, (nodes) => nodes.some(isIt));
    const node = flattenTree(tree).find(isIt) as InvocationNode;
    expect(node.fault).toMatchObject({ code: expected.code, message: expect.stringMatching(expected.message) });
    const { caller, plugin, capability, invocation, correlation } = node;

    const result = await new ResultWaiter(operator, reader.requester).wait({ caller, plugin, invocation });
    expect(result.headers?.get(HEADERS.fault)).toBe(expected.code);
    expect(JSON.parse(Buffer.from(result.data).toString())).toEqual(node.fault);

    const dead = await stored('ORC_DEAD', `orc.v1.dead.${plugin}.${capability}.${invocation}`);
    expect(dead.headers?.get(HEADERS.fault)).toBe(expected.code);
    expect(JSON.parse(dead.headers?.get(HEADERS.faultBody) ?? '')).toEqual(node.fault);
    expect(dead.headers?.get(HEADERS.correlationId)).toBe(correlation);
    expect(dead.headers?.get(HEADERS.caller)).toBe(caller);
    expect(Buffer.from(dead.data).equals(Buffer.from(original))).toBe(true);
    await expectService(system);
    return node;
  }

  it.each([
    ['is empty', '', /is empty/],
    ['is not JSON', '{"text":', /is not JSON/],
    ['is not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), /not UTF-8/],
    ['is JSON of another kind', '[1]', /must be an object/],
    ['has wrong fields', '{"text":5,"times":"x"}', /\/text.*\/times/],
  ])('a body that %s — is refused by the plugin', async (_what, body, message) => {
    const sequence = await storeRaw(system, 'probe.echo', body);
    const node = await expectDeadLetter(sequence, { code: 'invalid-argument', message }, body);
    expect(node).toMatchObject({ mode: 'durable', state: 'failed' });
  });

  it.each([
    ['an unknown capability', 'probe.ecko', {}, 'not-found', /Nearest: probe\.echo/],
    ['an unknown plugin', 'nothing.like-it', {}, 'not-found', /No plugin/],
    ['no such version', 'probe.echo', { [HEADERS.version]: '^9' }, 'incompatible-version', /Available: 1\.0\.0/],
    ['a malformed range', 'probe.echo', { [HEADERS.version]: 'new' }, 'invalid-argument', /not a semver range/],
    [
      'a passed deadline',
      'probe.echo',
      { [HEADERS.expiryTime]: '2020-01-01T00:00:00Z' },
      'deadline-exceeded',
      /before/,
    ],
    ['a malformed deadline', 'probe.echo', { [HEADERS.expiryTime]: 'soon' }, 'invalid-argument', /ce-expirytime/],
    ['a malformed correlation', 'probe.echo', { [HEADERS.correlationId]: 'x' }, 'invalid-argument', /ce-correlationid/],
    ['a malformed trace', 'probe.echo', { [HEADERS.traceparent]: 'x' }, 'invalid-argument', /traceparent/],
    ['a key that is too long', 'probe.echo', { [HEADERS.id]: 'k'.repeat(257) }, 'invalid-argument', /ce-id/],
    ['a forged context', 'probe.echo', { [HEADERS.context]: '1|2' }, 'unauthenticated', /not made by a choreographer/],
  ])('%s — is refused', async (_what, capability, sent, code, message) => {
    const sequence = await storeRaw(system, capability, GOOD, { headers: sent });
    const node = await expectDeadLetter(sequence, { code, message }, GOOD);
    expect(node).toMatchObject({ state: 'refused', attempts: 0 });
  });

  it.each([
    ['UPPER', 'probe.echo', 'unknown', 'the caller "UPPER"'],
    ['tester', 'probe.ech_o', 'tester', 'the capability "ech_o"'],
    ['tester', 'Probe.echo', 'tester', 'the plugin "Probe"'],
  ])(
    'a subject of %s and %s — is refused, answered to %s, and says what is no name',
    async (caller, capability, heardBy, which) => {
      const sequence = await storeRaw(system, capability, GOOD, { caller });
      const message = new RegExp(`${which} must be`);
      const node = await expectDeadLetter(sequence, { code: 'invalid-argument', message }, GOOD);
      expect(node.caller).toBe(heardBy);
    },
  );

  it('the name of a plugin as caller, without context — is refused', async () => {
    const sequence = await storeRaw(system, 'probe.echo', GOOD, { caller: 'probe' });
    await expectDeadLetter(sequence, { code: 'permission-denied', message: /context lost/ }, GOOD);
  });

  it('the context of another plugin’s invocation — is refused', async () => {
    const token = (await callRaw(system, 'probe.token', '{}')).body as { text: string };
    const options = { caller: 'someone', headers: { [HEADERS.context]: token.text } };
    const sequence = await storeRaw(system, 'probe.echo', GOOD, options);
    const node = await system.treeWhere({ correlation: token.text.split('|')[1] ?? '' }, (nodes) => nodes.length === 2);
    expect(flattenTree(node)[1]).toMatchObject({ request: sequence, fault: { code: 'unauthenticated' } });
  });

  it.each([LIMITS.inlineBytes - 1, LIMITS.inlineBytes])('a body of %i bytes — is taken', async (bytes) => {
    const sequence = await storeRaw(system, 'probe.echo', bodyOf(bytes));
    const tree = await system.treeWhere({ request: sequence }, ([root]) => root?.state === 'succeeded');
    const result = await stored('ORC_RESULTS', `orc.v1.result.tester.probe.${tree.roots[0]?.invocation}`);
    expect(result.data.length).toBe(bytes);
  });

  it.each([LIMITS.inlineBytes + 1, 1024 * 1024 - LIMITS.headroomBytes])(
    'a body of %i bytes — is refused',
    async (bytes) => {
      const body = bodyOf(bytes);
      const sequence = await storeRaw(system, 'probe.echo', body);
      await expectDeadLetter(sequence, { code: 'invalid-argument', message: /the limit is 524288/ }, body);
    },
  );

  it('a body as large as a message may be — is refused, and its dead letter says how large it was', async () => {
    const sequence = await storeRaw(system, 'probe.echo', bodyOf(1024 * 1024));
    const node = await expectDeadLetter(sequence, { code: 'invalid-argument', message: /are 1048576 bytes/ }, '');
    expect(node.fault?.details).toMatchObject({ bytes: 1024 * 1024 });
  });

  it.each([
    ['throws', 'fail', 'failed', /on purpose/],
    ['refuses', 'refuse', 'exhausted', /no more today/],
    ['hangs', 'hang', 'deadline-exceeded', /deadline/],
    ['answers what its schema does not allow', 'misanswer', 'failed', /does not fit/],
    ['answers what JSON cannot hold', 'unwritable', 'failed', /JSON/],
    ['calls itself', 'self', 'cycle-detected', /probe\.self → probe\.self/],
  ])('a capability that %s — ends in that fault', async (_what, capability, code, message) => {
    const sequence = await storeRaw(system, `probe.${capability}`, '{}');
    await expectDeadLetter(sequence, { code, message }, '{}');
  });

  it('the client’s own handle — gets the fault, with code, message and details', async () => {
    const handle = await system.client.request({ plugin: 'probe', capability: 'ecko' }, {});
    const { result } = await handle.outcome();
    expect(result).toMatchObject({ ok: false, fault: { code: 'not-found', details: { nearest: ['probe.echo'] } } });
    await expect(system.client.request(ECHO, {}, { key: 'k'.repeat(257) })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  describe('the same key', () => {
    it('with the same body, many times at once — is run once', async () => {
      const body = '{"name":"keyed","ms":50}';
      const options = { headers: { [HEADERS.id]: 'key-1' } };
      const sequences = await Promise.all(
        Array.from({ length: 20 }, () => storeRaw(system, 'probe.work', body, options)),
      );
      const tree = await system.treeWhere({ key: 'key-1' }, ([root]) => root?.state === 'succeeded');
      expect(flattenTree(tree)).toHaveLength(1);
      const later = await system.client.request(ECHO, { text: 'after' });
      await later.outcome();
      expect(later.sequence).toBeGreaterThan(Math.max(...sequences));
      expect(effects.read().filter((effect) => effect.name === 'keyed' && effect.what === 'started')).toHaveLength(1);
    });

    it('that was refused — stays refused, whatever is installed by then', async () => {
      const nowhere = { plugin: 'late-comer', capability: 'echo' };
      const first = await (await system.client.request(nowhere, { text: 'x' }, { key: 'refused' })).outcome();
      expect(first.result).toMatchObject({ ok: false, fault: { code: 'not-found' } });
      const latecomer = { ...PROBE, name: 'late-comer' };
      await system.startPlugin(latecomer, { PROBE_NAME: 'late-comer' });
      const second = await (await system.client.request(nowhere, { text: 'x' }, { key: 'refused' })).outcome();
      expect(second).toEqual(first);
      const fresh = await (await system.client.request(nowhere, { text: 'x' }, { key: 'fresh' })).outcome();
      expect(fresh.result).toEqual({ ok: true, value: { text: 'x' } });
    });

    it('with another body — is refused; the first result stays, and no second run happens', async () => {
      const work = { plugin: 'probe', capability: 'work' };
      const first = await system.client.request(work, { name: 'first', ms: 0 }, { key: 'key-2' });
      expect((await first.outcome()).result).toMatchObject({ ok: true });
      const second = await system.client.request(work, { name: 'second', ms: 0 }, { key: 'key-2' });
      expect(second.invocation).toBe(first.invocation);
      const expected = { code: 'invalid-argument', message: /used before, with other arguments/ } as const;
      const { result } = await second.outcome();
      expect(result).toMatchObject({
        ok: false,
        fault: { code: expected.code, message: expect.stringMatching(expected.message) },
      });
      await expectDeadLetter(second.sequence, expected, '{"name":"second","ms":0}');
      expect((await first.outcome()).result).toMatchObject({ ok: true });
      expect(effects.read().some((effect) => effect.name === 'second')).toBe(false);
    });

    it('of another caller, or for another capability — is another invocation', async () => {
      const key = { headers: { [HEADERS.id]: 'key-3' } };
      const sequences = [
        await storeRaw(system, 'probe.echo', GOOD, key),
        await storeRaw(system, 'probe.echo', GOOD, { ...key, caller: 'someone' }),
        await storeRaw(system, 'probe.piped', GOOD, key),
      ];
      const invocations = new Set<string | undefined>();
      for (const request of sequences) {
        const tree = await system.treeWhere({ request }, ([root]) => root?.state === 'succeeded');
        invocations.add(tree.roots[0]?.invocation);
      }
      expect(invocations.size).toBe(3);
    });
  });

  it.each([
    ['Nats-TTL', 'never'],
    ['Nats-Schedule', '@at 2030-01-01T00:00:00Z'],
    ['Nats-Rollup', 'all'],
    ['Nats-Incr', '1'],
  ])('the header %s, which gives power over a stream — is refused by the stream', async (name, value) => {
    await expect(storeRaw(system, 'probe.echo', GOOD, { headers: { [name]: value } })).rejects.toThrow();
    await expectService(system);
  });
});
