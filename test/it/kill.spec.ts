/** What must survive kill -9 of a process in the middle of a run. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CallClient } from '@orchestrator/bus';
import { flattenTree } from '@orchestrator/protocol';
import { EffectLog, MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const WORK = { plugin: 'probe', capability: 'work' };
const LEASE_MS = 1_500;

describe('what goes on and on, and kill -9', () => {
  let effects: EffectLog;
  let system: TestSystem;

  beforeEach(async () => {
    effects = new EffectLog();
    const env = { PROBE_EFFECTS: effects.file, ORC_LEASE_MS: String(LEASE_MS) };
    system = await startTestSystem({ plugins: [PROBE, MIRROR], env });
  });

  afterEach(async () => {
    await system?.stop();
    effects.remove();
  });

  function started(name: string) {
    return effects.read().filter((effect) => effect.name === name && effect.what === 'started');
  }

  it('work that takes longer than the lease — is renewed, and runs once', async () => {
    const handle = await system.client.request(WORK, { name: 'long', ms: 3 * LEASE_MS });
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'long' } });
    expect(started('long')).toHaveLength(1);
  });

  it('of the choreographer while a plugin works — the result arrives, once, and the history is whole', async () => {
    const handle = await system.client.request(WORK, { name: 'survivor', ms: 1_000 });
    await effects.first((effect) => effect.name === 'survivor');
    await system.kill('choreographer');
    await effects.first((effect) => effect.name === 'survivor' && effect.what === 'ended');
    await system.start('choreographer');
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'survivor' } });
    const tree = await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'succeeded');
    expect(flattenTree(tree)).toHaveLength(1);
    expect(started('survivor')).toHaveLength(1);
  });

  it('of the choreographer, with requests stored while it is away — all are answered when it is back', async () => {
    await system.kill('choreographer');
    const handles = await Promise.all(
      Array.from({ length: 20 }, (_, n) => system.client.request(WORK, { name: `waiting-${n}`, ms: 0 })),
    );
    await system.start('choreographer');
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome()));
    expect(outcomes.map((outcome) => outcome.result)).toEqual(
      handles.map((_, n) => ({ ok: true, value: { text: `waiting-${n}` } })),
    );
  });

  it('of the plugin in the middle of a run — another run brings the result, once, as the second attempt', async () => {
    const handle = await system.client.request(WORK, { name: 'again', ms: 500 });
    await effects.first((effect) => effect.name === 'again');
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'running' && root.attempts === 1);
    await system.kill('probe');
    await system.start('probe');
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'again' } });
    const tree = await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'succeeded');
    expect(tree.roots[0]?.attempts).toBe(2);
    expect(started('again').map((effect) => effect.attempt)).toEqual([1, 2]);
  });

  it('of the plugin, with another instance alive — that one takes over', async () => {
    await system.start('probe', 'probe-2');
    const handle = await system.client.request(WORK, { name: 'handed-over', ms: 500 });
    const first = await effects.first((effect) => effect.name === 'handed-over');
    const victim = system.processes.get('probe')?.pid === first.pid ? 'probe' : 'probe-2';
    await system.kill(victim);
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'handed-over' } });
    expect(new Set(started('handed-over').map((effect) => effect.pid)).size).toBe(2);
  });

  it('of the parent’s plugin while a durable child works — the second run finds the child again', async () => {
    const child = { capability: 'mirror.work', argsJson: '{"name":"child","ms":1500}', mode: 'durable' };
    const handle = await system.client.request({ plugin: 'probe', capability: 'call' }, child);
    await effects.first((effect) => effect.name === 'child');
    await system.kill('probe');
    await system.start('probe');
    const outcome = await handle.outcome();
    expect(outcome.result).toMatchObject({ ok: true });
    expect(started('child')).toHaveLength(1);
    const tree = await system.treeWhere({ request: handle.sequence }, (nodes) =>
      nodes.every((node) => node.state === 'succeeded'),
    );
    expect(flattenTree(tree).map((node) => `${node.plugin}.${node.capability}`)).toEqual(['probe.call', 'mirror.work']);
  });

  it('of everything but NATS — the history of durable calls is rebuilt, also from nothing', async () => {
    const handle = await system.client.request(WORK, { name: 'remembered', ms: 0 });
    await handle.outcome();
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'succeeded');
    await Promise.all(['probe', 'choreographer', 'registry'].map((name) => system.kill(name)));
    await system.forgetProjection();
    await Promise.all(['registry', 'choreographer'].map((name) => system.start(name)));
    const tree = await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'succeeded');
    expect(tree.roots[0]).toMatchObject({ invocation: handle.invocation, attempts: 1 });
  });

  it('of the registry — no call is stopped, and a plugin that starts meanwhile is accepted when it is back', async () => {
    await system.kill('registry');
    const echo = { plugin: 'probe', capability: 'echo' };
    expect((await system.client.call(echo, { text: 'still' })).result).toMatchObject({ ok: true });
    const late = system.start('probe', 'probe-2');
    await system.start('registry');
    await late;
    expect((await system.client.call(echo, { text: 'there' })).result).toMatchObject({ ok: true });
  });

  it('of the choreographer, and none other there — a call with no timeout of its own is unavailable at once', async () => {
    await system.kill('choreographer');
    const echo = { plugin: 'probe', capability: 'echo' };
    const call = () => system.client.call(echo, { text: 'x' }).catch((fault) => fault.code);
    // The first may reach NATS before NATS has noticed the kill.
    expect([await call(), await call()]).toContain('unavailable');
  });

  it('a choreographer that stands still — a call with no timeout of its own ends after the default, in a typed fault', async () => {
    const echo = { plugin: 'probe', capability: 'echo' };
    const impatient = new CallClient(system.bus, 'tester', { defaultTimeoutMs: 100 });
    const choreographer = system.processes.get('choreographer');
    choreographer?.kill('SIGSTOP');
    try {
      await expect(impatient.call(echo, { text: 'x' })).rejects.toMatchObject({ code: 'deadline-exceeded' });
    } finally {
      choreographer?.kill('SIGCONT');
    }
    expect((await system.client.call(echo, { text: 'moves' })).result).toMatchObject({ ok: true });
  });

  it('of nats-server — everything resumes by itself, and a stored request is answered', async () => {
    await system.kill('choreographer');
    const handle = await system.client.request(WORK, { name: 'through', ms: 0 });
    await system.kill('nats-server');
    await system.start('nats-server');
    await system.start('choreographer');
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'through' } });
  });
});
