import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { flattenTree, HEADERS, patterns, subjects } from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const ECHO = { plugin: 'probe', capability: 'echo' };
const WORK = { plugin: 'probe', capability: 'work' };
const CALL = { plugin: 'probe', capability: 'call' };

describe('durable requests', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file } });
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  it('a bare stored publish with no headers — is run, its result stored, its tree found by the sequence', async () => {
    const subject = subjects.request({ caller: 'someone', ...ECHO });
    const stored = new Promise<string>((resolve) =>
      system.bus.nc.subscribe(patterns.resultsStoredFor('someone'), {
        max: 1,
        callback: (_e, msg) => resolve(msg.string()),
      }),
    );
    await system.bus.nc.flush();
    const ack = await jetstream(system.bus.nc).publish(subject, '{"text":"hi"}');
    expect(JSON.parse(await stored)).toEqual({ text: 'hi' });

    const tree = await system.treeWhere({ request: ack.seq }, ([root]) => root?.state === 'succeeded');
    expect(tree.roots).toHaveLength(1);
    expect(tree.roots[0]).toMatchObject({ caller: 'someone', plugin: 'probe', mode: 'durable', depth: 1, attempts: 1 });
  });

  it('a ce-id that the caller chose — finds the tree', async () => {
    const handle = await system.client.request(ECHO, { text: 'found' }, { key: 'order 4711' });
    await handle.outcome();
    const tree = await system.treeWhere({ key: 'order 4711' }, ([root]) => root?.state === 'succeeded');
    expect(tree.roots[0]?.invocation).toBe(handle.invocation);
  });

  it('a stored result — is a CloudEvent of its invocation', async () => {
    const handle = await system.client.request(ECHO, { text: 'event' });
    const outcome = await handle.outcome();
    const address = { caller: 'tester', plugin: 'probe', invocation: handle.invocation };
    const stored = await system.client.requester.request(
      `$JS.API.DIRECT.GET.ORC_RESULTS.${subjects.result(address)}`,
      '',
      { timeoutMs: 5_000 },
    );
    const header = (name: string) => stored.headers?.get(name);
    expect(header(HEADERS.specVersion)).toBe('1.0');
    expect(header(HEADERS.id)).toBe(handle.invocation);
    expect(header(HEADERS.type)).toBe('orc.v1.result');
    expect(header(HEADERS.subject)).toBe('probe.echo');
    expect(header(HEADERS.correlationId)).toBe(outcome.correlation);
    expect(header(HEADERS.context)).toBe('');
  });

  it('the same key and body twice — one invocation, one run, one result', async () => {
    const args = { name: 'once', ms: 0 };
    const first = await system.client.request(WORK, args, { key: 'same' });
    const one = await first.outcome();
    const second = await system.client.request(WORK, args, { key: 'same' });
    const two = await second.outcome();
    expect(second.invocation).toBe(first.invocation);
    expect(two).toEqual(one);
    // A request that came later is through: so the second one had its chance to run.
    await (await system.client.request(ECHO, { text: 'after' })).outcome();
    expect(effects.read().filter((e) => e.name === 'once' && e.what === 'started')).toHaveLength(1);
  });

  it('a durable child — has an id derived from its parent, and hangs below it in the tree', async () => {
    const args = { capability: 'probe.echo', argsJson: '{"text":"child"}', mode: 'durable' };
    const handle = await system.client.request(CALL, args);
    const outcome = await handle.outcome();
    expect(outcome.result).toMatchObject({ ok: true });
    const answer = JSON.parse((outcome.result as { value: { json: string } }).value.json);
    expect(answer.result).toEqual({ text: 'child' });

    const tree = await system.treeWhere(
      { correlation: outcome.correlation ?? '' },
      (nodes) => nodes.length === 2 && nodes.every((node) => node.state === 'succeeded'),
    );
    const [root, child] = flattenTree(tree);
    expect(root?.invocation).toBe(handle.invocation);
    expect(child).toMatchObject({
      invocation: answer.invocation,
      parent: handle.invocation,
      mode: 'durable',
      depth: 2,
    });
  });

  it('a synchronous child of durable work — is in the history by the time of its parent’s result', async () => {
    const args = { capability: 'probe.echo', argsJson: '{"text":"child"}' };
    const outcome = await (await system.client.request(CALL, args)).outcome();
    const tree = await system.treeWhere({ correlation: outcome.correlation ?? '' }, (nodes) => nodes.length > 0);
    expect(flattenTree(tree).map((node) => `${node.plugin}.${node.capability}`)).toEqual(['probe.call', 'probe.echo']);
  });

  it('a request for a plugin that is not there at the moment — waits, and is run when it comes', async () => {
    await system.processes.get('probe')?.stop();
    const handle = await system.client.request(ECHO, { text: 'patience' });
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.state === 'admitted');
    await system.start('probe');
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: 'patience' } });
  });

  it('a request past its deadline with nobody to run it — ends in deadline-exceeded, and its work is taken out', async () => {
    await system.processes.get('probe')?.stop();
    const handle = await system.client.request(ECHO, { text: 'too late' }, { timeoutMs: 300 });
    const outcome = await handle.outcome();
    expect(outcome.result).toMatchObject({ ok: false, fault: { code: 'deadline-exceeded' } });
    await system.treeWhere({ request: handle.sequence }, ([root]) => root?.fault?.code === 'deadline-exceeded');
    await system.start('probe');
    expect((await (await system.client.request(ECHO, { text: 'on time' })).outcome()).result.ok).toBe(true);
  });

  it('progress — reaches whoever listens for the caller', async () => {
    const heard = new Promise<unknown>((resolve) =>
      system.bus.nc.subscribe(patterns.progressFor('tester'), { max: 1, callback: (_e, msg) => resolve(msg.json()) }),
    );
    await system.bus.nc.flush();
    await (await system.client.request(WORK, { name: 'progressing', ms: 0 })).outcome();
    expect(await heard).toEqual({ percent: 1, message: 'progressing' });
  });
});
