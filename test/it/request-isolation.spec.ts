/** One caller's flood of durable requests leaves room to others, and to what running work asks for. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type Bus, connectBus } from '@orchestrator/bus';
import { flattenTree, STREAMS } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const CALL = { plugin: 'probe', capability: 'call' };
const ECHO = { plugin: 'probe', capability: 'echo' };

describe('requests of running work', () => {
  let system: TestSystem;
  let operator: Bus;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
  });

  afterAll(async () => {
    await operator?.nc.close();
    await system?.stop();
  });

  const nested = () =>
    system.client.call(CALL, { capability: 'probe.echo', argsJson: '{"text":"nested"}', mode: 'durable' });

  it('are stored, and done, though roots have filled their stream', async () => {
    const jsm = await jetstreamManager(operator.nc);
    await jsm.streams.update(STREAMS.requests.name, { max_bytes: 1 });
    await expect(system.client.request(ECHO, { text: 'root' })).rejects.toMatchObject({ code: 'exhausted' });
    const { result, correlation } = await nested();
    expect(result).toMatchObject({ ok: true, value: { json: expect.stringContaining('"text":"nested"') } });
    const tree = await system.treeWhere({ correlation }, (nodes) => nodes.length === 2);
    expect(flattenTree(tree).map(({ mode, request }) => [mode, request])).toEqual([
      ['sync', undefined],
      ['durable', undefined],
    ]);
    await jsm.streams.update(STREAMS.requests.name, { max_bytes: STREAMS.requests.maxBytes });
  });

  it('are refused where there is no running work: nobody has a root in their room', async () => {
    const plugin = await connectBus({ url: system.urlAs('plugin'), name: 'host' });
    await jetstream(plugin.nc).publish('orc.v1.nested.outsider.probe.echo', '{"text":"root"}');
    const jsm = await jetstreamManager(operator.nc);
    let messages = 1;
    while (messages > 0) messages = (await jsm.streams.info(STREAMS.nested.name)).state.messages;
    const letter = await jsm.streams.getMessage(STREAMS.dead.name, { last_by_subj: 'orc.v1.dead.probe.echo.*' });
    expect(letter?.header?.get('orc-fault')).toBe('permission-denied');
    await plugin.nc.close();
  });

  it('cannot be sent by who is no plugin: NATS does not let them', async () => {
    await expect(jetstream(system.bus.nc).publish('orc.v1.nested.me.probe.echo', '{}')).rejects.toThrow();
  });
});
