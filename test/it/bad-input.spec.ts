/** What a caller can get wrong in a synchronous call: refused with a typed fault, recorded, and harmless. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HEADERS, LIMITS } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw, expectFault, expectService } from './raw-calls.js';

const CORRELATION = '0123456789abcdef0123456789abcdef';
const GOOD = '{"text":"hi"}';

/** Arguments of `probe.echo` that are exactly so many bytes. */
function bodyOf(bytes: number): string {
  return JSON.stringify({ text: 'x'.repeat(bytes - '{"text":""}'.length) });
}

describe('bad input', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
  });

  afterAll(async () => {
    await system?.stop();
  });

  describe('the body', () => {
    it.each([
      ['is empty', '', /is empty/],
      ['is not JSON', '{"text":', /is not JSON/],
      ['is plain text', 'hello', /is not JSON/],
      ['has a second value', '{} {}', /is not JSON/],
      ['has a byte order mark', '\ufeff{}', /is not JSON/],
      ['is a list', '[]', /must be an object/],
      ['is null', 'null', /must be an object/],
      ['is text in JSON', '"text"', /must be an object/],
      ['is a number', '5', /must be an object/],
    ])('%s', async (_what, body, message) => {
      const answer = await callRaw(system, 'probe.echo', body);
      const node = await expectFault(system, answer, { code: 'invalid-argument', message });
      expect(node).toMatchObject({ plugin: 'probe', capability: 'echo', caller: 'tester', state: 'failed' });
    });

    it('is not UTF-8', async () => {
      const body = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
      const answer = await callRaw(system, 'probe.echo', body);
      await expectFault(system, answer, { code: 'invalid-argument', message: /UTF-8/ });
    });

    it.each([
      ['wrong types', '{"text":5,"times":"x"}', ['/text', '/times']],
      ['a missing field', '{}', ['/text']],
      ['a number out of range', '{"text":"a","times":-1}', ['/times']],
      ['unknown fields', '{"text":"a","b/c":1,"__proto__":{"text":"a"}}', ['/b~1c', '/__proto__']],
      ['null for text', '{"text":null}', ['/text']],
      ['something deep where text belongs', `{"text":${'['.repeat(9_000)}${']'.repeat(9_000)}}`, ['/text']],
    ])('has %s — each wrong field is named', async (_what, body, pointers) => {
      const answer = await callRaw(system, 'probe.echo', body);
      await expectFault(system, answer, { code: 'invalid-argument', message: /do not fit/ });
      const { problems } = (answer.body as { details: { problems: { pointer: string; message: string }[] } }).details;
      expect([...new Set(problems.map((problem) => problem.pointer))].sort()).toEqual([...pointers].sort());
    });

    it('has wrong elements of a list — each is named, and a very long list of mistakes is cut', async () => {
      const few = await callRaw(system, 'probe.relay', '{"rest":["a",1,"b",{}]}');
      await expectFault(system, few, { code: 'invalid-argument', message: /rest/ });
      expect(JSON.stringify(few.body)).toMatch(/"\/rest(\/1)?"/);
      const many = await callRaw(system, 'probe.relay', JSON.stringify({ rest: Array(100_000).fill(1) }));
      await expectFault(system, many, { code: 'invalid-argument', message: /rest/ });
      expect(JSON.stringify(many.body).length).toBeLessThan(64 * 1024);
    });
  });

  describe('the size', () => {
    it.each([LIMITS.inlineBytes - 1, LIMITS.inlineBytes])(
      '%i bytes — are taken, and as many come back',
      async (bytes) => {
        const answer = await callRaw(system, 'probe.echo', bodyOf(bytes));
        expect(answer.fault).toBe('');
        expect(JSON.stringify(answer.body)).toHaveLength(bytes);
      },
    );

    it.each([LIMITS.inlineBytes + 1, LIMITS.inlineBytes + LIMITS.headroomBytes, 1024 * 1024 - 1, 1024 * 1024])(
      '%i bytes — are refused with the limit',
      async (bytes) => {
        const answer = await callRaw(system, 'probe.echo', bodyOf(bytes));
        const details = { bytes, maxBytes: LIMITS.inlineBytes };
        const node = await expectFault(system, answer, { code: 'invalid-argument', message: /the limit is/, details });
        expect(node.state).toBe('refused');
      },
    );

    it('a result of just the limit — is in the answer; one byte more is named by it', async () => {
      const fits = LIMITS.inlineBytes - '{"text":""}'.length;
      const answer = await callRaw(system, 'probe.big', JSON.stringify({ bytes: fits }));
      expect(JSON.stringify(answer.body)).toHaveLength(LIMITS.inlineBytes);
      const request = JSON.stringify({ bytes: fits + 1 });
      const over = await system.client.requester.request('orc.v1.call.tester.probe.big', request, {
        timeoutMs: 20_000,
      });
      expect(over.data).toHaveLength(0);
      expect(over.headers?.get(HEADERS.dataRef)).toContain(`?size=${LIMITS.inlineBytes + 1}&`);
    });
  });

  describe('the name', () => {
    it.each([
      ['probe.ecko', /no capability "ecko"/, ['probe.echo']],
      ['prob.echo', /No plugin "prob"/, expect.arrayContaining(['probe.echo'])],
      ['nothing.like-it', /No plugin "nothing"/, []],
    ])('%s — is not found, with the nearest names', async (capability, message, nearest) => {
      const answer = await callRaw(system, capability, GOOD);
      const node = await expectFault(system, answer, { code: 'not-found', message, details: { nearest } });
      expect(`${node.plugin}.${node.capability}`).toBe(capability);
    });

    const long = 'p'.repeat(64);
    it.each([
      ['tester', 'probe.Echo', 'the capability "Echo"', ['tester', 'probe', 'unknown']],
      ['tester', '-probe.echo', 'the plugin "-probe"', ['tester', 'unknown', 'echo']],
      ['tester', 'probe.ech_o', 'the capability "ech_o"', ['tester', 'probe', 'unknown']],
      ['tester', `${long}.echo`, `the plugin "${long}"`, ['tester', 'unknown', 'echo']],
      ['UPPER', 'probe.echo', 'the caller "UPPER"', ['unknown', 'probe', 'echo']],
      ['tést', 'probe.echo', 'the caller "tést"', ['unknown', 'probe', 'echo']],
    ])(
      'of caller %s and capability %s — is no name, and which one is said',
      async (caller, capability, which, known) => {
        const answer = await callRaw(system, capability, GOOD, { caller });
        const message = new RegExp(`^The subject ".*" is not orc\\.v1\\.call.*: ${which} must be 1 to 63 lower case`);
        const node = await expectFault(system, answer, { code: 'invalid-argument', message });
        expect([node.caller, node.plugin, node.capability]).toEqual(known);
      },
    );

    it.each([
      ['orc.v1.call.Me.probe.echo', '', 'invalid-argument'],
      ['orc.v1.call.me.probe.echo', '', 'invalid-argument'],
      ['orc.v1.call.me.probe.nope', '', 'not-found'],
      ['orc.v1.query.choreographer.tree', '', 'invalid-argument'],
      ['orc.v1.query.choreographer.find', '{"key":"k","caller":"Me"}', 'invalid-argument'],
      ['orc.v1.query.choreographer.find', 'nonsense', 'invalid-argument'],
    ])('%s as a bare request of %j — is answered with the typed fault %s', async (subject, body, code) => {
      const answer = await system.bus.nc.request(subject, body, { timeout: 5_000 });
      expect(answer.headers?.get(HEADERS.fault)).toBe(code);
      expect(answer.json()).toMatchObject({ code, message: expect.stringMatching(/./) });
    });

    it('with more or fewer tokens — is no subject that a caller may use', async () => {
      for (const subject of ['orc.v1.call.tester.probe.echo.more', 'orc.v1.call.probe.echo', 'orc.v2.call.a.b.c']) {
        await expect(system.bus.nc.request(subject, GOOD, { timeout: 5_000 })).rejects.toThrow(
          /permissions violation/i,
        );
      }
      await expectService(system);
    });

    it('of a plugin as caller, with no context — is refused', async () => {
      const answer = await callRaw(system, 'probe.echo', GOOD, { caller: 'probe' });
      await expectFault(system, answer, { code: 'permission-denied', message: /context lost/ });
    });
  });

  describe('the version', () => {
    it.each(['^2.0.0', '<1.0.0', '1.0.1', '0.x'])('%s — is not there, and those that are are named', async (range) => {
      const answer = await callRaw(system, 'probe.echo', GOOD, { headers: { [HEADERS.version]: range } });
      const details = { available: ['1.0.0'] };
      await expectFault(system, answer, { code: 'incompatible-version', message: /Available: 1\.0\.0/, details });
    });

    it.each(['new', '^1.0.0 and some', '1.2.3.4', '>='.repeat(50)])('%s — is no range', async (range) => {
      const answer = await callRaw(system, 'probe.echo', GOOD, { headers: { [HEADERS.version]: range } });
      await expectFault(system, answer, { code: 'invalid-argument', message: /not a semver range/ });
    });
  });

  describe('a header', () => {
    it.each([
      ['another version', HEADERS.specVersion, '0.3'],
      ['too long', HEADERS.id, 'k'.repeat(LIMITS.keyLength + 1)],
      ['a control character', HEADERS.id, 'a\u0007b'],
      ['not hexadecimal', HEADERS.correlationId, 'order-7'],
      ['all zero', HEADERS.correlationId, '0'.repeat(32)],
      ['upper case', HEADERS.correlationId, CORRELATION.toUpperCase()],
      ['no time', HEADERS.expiryTime, 'tomorrow'],
      ['no such month', HEADERS.expiryTime, '2030-13-01T00:00:00Z'],
      ['a day without time', HEADERS.expiryTime, '2030-01-01'],
      ['nonsense', HEADERS.traceparent, 'nonsense'],
      ['no trace', HEADERS.traceparent, `00-${'0'.repeat(32)}-0123456789abcdef-01`],
      ['too long', HEADERS.version, '1'.repeat(257)],
      ['too long', HEADERS.context, 'x'.repeat(LIMITS.contextBytes + 1)],
    ])('that is %s in %s — is malformed, and named', async (_what, name, value) => {
      const answer = await callRaw(system, 'probe.echo', GOOD, { headers: { [name]: value } });
      await expectFault(system, answer, {
        code: 'invalid-argument',
        message: new RegExp(name),
        details: { header: name },
      });
    });

    it('that nobody knows, or that NATS gives a meaning — changes nothing, and goes no further', async () => {
      const headers = { 'x-anything': 'a', 'Nats-Stream': 'ORC_RESULTS', 'Nats-Rollup': 'all', 'orc-fault': 'failed' };
      expect(await callRaw(system, 'probe.echo', GOOD, { headers })).toMatchObject({ fault: '', body: { text: 'hi' } });
    });

    it('with a deadline that has passed — is refused at once', async () => {
      const headers = { [HEADERS.expiryTime]: '2020-01-01T00:00:00Z', [HEADERS.correlationId]: CORRELATION };
      const answer = await callRaw(system, 'probe.echo', GOOD, { headers });
      expect(answer.correlation).toBe(CORRELATION);
      const node = await expectFault(system, answer, { code: 'deadline-exceeded', message: /before the call arrived/ });
      expect(node.state).toBe('refused');
    });
  });
});
