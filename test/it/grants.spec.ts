/** Who may call what, on every path, as the operator and the manifests say. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EffectLog, MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw, expectFault } from './raw-calls.js';

const ECHO = '{"text":"hi"}';

describe('grants', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    const grants = {
      ORC_GRANTS: 'probe: mirror.echo; mirror: probe.*, start-root',
      ORC_CALLERS: 'tester: *; *: probe.echo',
    };
    system = await startTestSystem({ plugins: [PROBE, MIRROR], env: { ...grants, PROBE_EFFECTS: effects.file } });
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  const nested = (capability: string, argsJson = ECHO, mode = 'sync') => JSON.stringify({ capability, argsJson, mode });

  it('a plugin — calls what it was granted', async () => {
    expect((await callRaw(system, 'probe.call', nested('mirror.echo'))).fault).toBe('');
    expect((await callRaw(system, 'mirror.call', nested('probe.echo'))).fault).toBe('');
  });

  it.each(['sync', 'durable'])(
    'anything else, %s — is refused before it runs, and the fault names what is missing',
    async (mode) => {
      const work = nested('mirror.work', '{"name":"not-granted","ms":0}', mode);
      await expectFault(system, await callRaw(system, 'probe.call', work), {
        code: 'permission-denied',
        message: /probe may not call mirror\.work/,
        details: { caller: 'probe', missing: 'mirror.work' },
      });
      expect(effects.read()).toEqual([]);
    },
  );

  it('another caller — is held to what it was granted', async () => {
    const as = (caller: string, capability: string) =>
      system.client.requester.request(`orc.v1.call.${caller}.probe.${capability}`, ECHO, { timeoutMs: 10_000 });
    expect((await as('shop', 'echo')).headers?.get('orc-fault')).toBeFalsy();
    const refused = await as('shop', 'token');
    expect(refused.json()).toMatchObject({
      code: 'permission-denied',
      details: { caller: 'shop', missing: 'probe.token' },
    });
  });

  it('a durable request without the right — ends in the dead letters', async () => {
    const work = '{"name":"not-granted","ms":0}';
    const subject = 'orc.v1.request.shop.probe.work';
    const { seq } = (await system.client.requester.request(subject, work, { timeoutMs: 10_000 })).json<{
      seq: number;
    }>();
    const tree = await system.treeWhere({ request: seq }, ([root]) => root?.state === 'refused');
    expect(tree.roots[0]?.fault).toMatchObject({ code: 'permission-denied' });
    expect(effects.read()).toEqual([]);
  });

  it('a plugin that may start trees — calls from outside of any invocation', async () => {
    expect((await callRaw(system, 'mirror.lost', ECHO)).fault).toBe('');
    expect((await callRaw(system, 'probe.lost', ECHO)).fault).toBe('permission-denied');
  });
});
