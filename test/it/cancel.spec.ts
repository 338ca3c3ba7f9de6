/** Cancelling call trees, whole and in part. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, connectBus } from '@orchestrator/bus';
import { CancellationBucket } from '@orchestrator/bus/streams';
import { flattenTree, type InvocationNode } from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const WORK = { plugin: 'probe', capability: 'work' };
const CALL = { plugin: 'probe', capability: 'call' };
const LONG_MS = 60_000;

const cancelled = { ok: false, fault: { code: 'cancelled' } };

describe('cancellation', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file } });
    await system.start('choreographer', 'choreographer-2');
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  const cancel = (target: { correlation: string; invocation?: string }) =>
    ask<{ cancelled: string[] }>(system.client.requester, 'choreographer', 'cancel', target);

  /** Durable `probe.call` that waits for the long work of that name. */
  function parentOf(name: string, mode: 'sync' | 'durable') {
    const args = { capability: 'probe.work', argsJson: JSON.stringify({ name, ms: LONG_MS }), mode };
    return system.client.request(CALL, args, { timeoutMs: 2 * LONG_MS });
  }

  const bothOpen = (nodes: readonly InvocationNode[]) =>
    nodes.length === 2 && nodes.every((node) => node.state === 'running');
  const ended = (nodes: readonly InvocationNode[]) => nodes.every((node) => node.endedAtMs !== undefined);
  const endOf = (name: string) => effects.read().some((effect) => effect.name === name && effect.what === 'ended');

  it.each(['sync', 'durable'] as const)(
    'of a tree with a %s child that runs — both end as cancelled, and the work stops',
    async (mode) => {
      const handle = await parentOf(`below-${mode}`, mode);
      await effects.first((effect) => effect.name === `below-${mode}`);
      const { correlation } = await system.treeWhere({ request: handle.sequence }, bothOpen);
      const answer = await cancel({ correlation });
      expect(answer.cancelled).toHaveLength(2);
      expect((await handle.outcome()).result).toMatchObject(cancelled);
      const tree = await system.treeWhere({ correlation }, ended);
      expect(flattenTree(tree).map((node) => node.fault?.code)).toEqual(['cancelled', 'cancelled']);
      expect(endOf(`below-${mode}`)).toBe(false);
      expect(await cancel({ correlation })).toEqual({ cancelled: [] });
    },
  );

  it('of a synchronous call — its caller is answered at once', async () => {
    const answer = system.client.call(WORK, { name: 'sync', ms: LONG_MS }, { timeoutMs: LONG_MS, key: 'to-cancel' });
    await effects.first((effect) => effect.name === 'sync');
    const { correlation } = await system.treeWhere({ key: 'to-cancel' }, ([root]) => root?.state === 'running');
    await cancel({ correlation });
    expect((await answer).result).toMatchObject(cancelled);
  });

  it('of what hangs and heeds nothing — is answered all the same', async () => {
    const hang = { plugin: 'probe', capability: 'hang' };
    const handle = await system.client.request(hang, {}, { timeoutMs: LONG_MS });
    const { correlation } = await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'running');
    await cancel({ correlation });
    expect((await handle.outcome()).result).toMatchObject(cancelled);
  });

  it('of a child — leaves its parent to go on with the fault', async () => {
    const handle = await parentOf('part', 'durable');
    await effects.first((effect) => effect.name === 'part');
    const tree = await system.treeWhere({ request: handle.sequence }, bothOpen);
    const child = tree.roots[0]?.children[0]?.invocation ?? '';
    expect(await cancel({ correlation: tree.correlation, invocation: child })).toEqual({ cancelled: [child] });
    expect((await handle.outcome()).result).toMatchObject(cancelled);
    const after = await system.treeWhere({ correlation: tree.correlation }, ended);
    expect(flattenTree(after).map((node) => node.attempts)).toEqual([1, 1]);
  });

  it('of work that waits in the queue, or for its next attempt — drops it', async () => {
    const flaky = { name: 'never-again', until: 2, retryAfterMs: LONG_MS };
    const handle = await system.client.request({ plugin: 'probe', capability: 'flaky' }, flaky, {
      timeoutMs: 2 * LONG_MS,
    });
    const waiting = await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'waiting');
    await cancel({ correlation: waiting.correlation });
    expect((await handle.outcome()).result).toMatchObject(cancelled);

    await system.kill('probe');
    const queued = await system.client.request(WORK, { name: 'queued', ms: 0 });
    const tree = await system.treeWhere({ request: queued.sequence }, ([root]) => root?.state === 'admitted');
    await cancel({ correlation: tree.correlation });
    expect((await queued.outcome()).result).toMatchObject(cancelled);
    await system.start('probe');
    await (await system.client.request(WORK, { name: 'after', ms: 0 })).outcome();
    expect(effects.read().some((effect) => effect.name === 'queued')).toBe(false);
  });

  it('of a tree — nothing more is admitted into it, and it is no dead letter', async () => {
    const handle = await parentOf('closed', 'sync');
    await effects.first((effect) => effect.name === 'closed');
    const { correlation } = await system.treeWhere({ request: handle.sequence }, bothOpen);
    await cancel({ correlation });
    const { result } = await system.client.call({ plugin: 'probe', capability: 'echo' }, { text: 'x' });
    expect(result.ok).toBe(true);
    await handle.outcome();
    const letters = await ask<{ letters: { correlation: string }[] }>(
      system.client.requester,
      'choreographer',
      'dead-letters',
      {},
    );
    expect(letters.letters.filter((letter) => letter.correlation === correlation)).toEqual([]);
  });

  it('that whoever was asked only wrote down — is carried out by the others', async () => {
    const handle = await parentOf('written', 'durable');
    await effects.first((effect) => effect.name === 'written');
    const { correlation } = await system.treeWhere({ request: handle.sequence }, bothOpen);
    const operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
    await (await CancellationBucket.open(operator, {})).put({ correlation, invocation: undefined });
    await operator.nc.close();
    expect((await handle.outcome()).result).toMatchObject(cancelled);
    await system.treeWhere({ correlation }, ended);
    expect(endOf('written')).toBe(false);
  });

  it('is among the questions that `nats micro info` shows, and so is every other that the protocol has', async () => {
    const text = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
    const documented = [...text.matchAll(/^\*\*`choreographer\.([a-z-]+)`/gm)].map(([, name]) => name);
    const answer = await system.bus.nc.request('$SRV.INFO.choreographer');
    const { endpoints } = answer.json<{ endpoints: readonly { readonly name: string }[] }>();
    const shown = endpoints.map(({ name }) => name);
    expect(shown).toContain('cancel');
    expect(shown).toEqual(expect.arrayContaining(documented));
  });

  it('of what is not known — is not found; of nonsense — is an invalid argument', async () => {
    await expect(cancel({ correlation: 'ab'.repeat(16) })).rejects.toMatchObject({ code: 'not-found' });
    await expect(cancel({ correlation: 'nonsense' })).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});
