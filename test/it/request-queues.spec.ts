/** Where requests wait until there is room for their work: in partitions of their callers, and before that in one queue for all. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { type Bus, connectBus } from '@orchestrator/bus';
import { flattenTree, LIMITS, STREAMS } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { storeRaw } from './raw-calls.js';

const REQUESTS = STREAMS.requests.name;
const OLD = 'choreographer';

describe('the queues of requests', () => {
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

  const consumers = async () => {
    const jsm = await jetstreamManager(operator.nc);
    const names: string[] = [];
    for await (const { name } of jsm.consumers.list(REQUESTS)) names.push(name);
    return names.sort();
  };
  const partitions = Array.from({ length: LIMITS.requestPartitions }, (_, n) => `choreographer-${n}`)
    .concat(OLD)
    .sort();

  it('are one for each partition of the callers, and one for what has none', async () => {
    expect(await consumers()).toEqual(partitions);
  });

  it('of a version that had one for all — are emptied, delivered or not, and its consumer takes only what has no partition', async () => {
    const jsm = await jetstreamManager(operator.nc);
    await system.processes.get('choreographer')?.stop();
    await jsm.streams.delete(REQUESTS);
    const { description, subjects } = STREAMS.requests;
    await jsm.streams.add({
      name: REQUESTS,
      description,
      subjects: [...subjects],
      retention: 'workqueue',
      allow_direct: true,
    });
    await jsm.consumers.add(REQUESTS, { durable_name: OLD, ack_policy: 'explicit', ack_wait: 1e9 });
    const stored: number[] = [];
    for (const caller of ['one', 'two', 'three']) {
      stored.push(await storeRaw(system, 'probe.echo', JSON.stringify({ text: caller }), { caller }));
    }
    const inbox = operator.newInbox();
    const taken = new Promise((resolve) =>
      operator.nc.subscribe(inbox, { callback: (_error, msg) => resolve(msg.string()) }),
    );
    operator.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${REQUESTS}.${OLD}`, '1', { reply: inbox });
    expect(await taken).toBe('{"text":"one"}'); // and it is never acknowledged

    await system.start('choreographer');
    stored.push(await storeRaw(system, 'probe.echo', '{"text":"four"}', { caller: 'four' }));
    for (const request of stored) {
      const tree = await system.treeWhere({ request }, ([root]) => root?.state === 'succeeded');
      expect(flattenTree(tree)).toHaveLength(1);
    }
    expect(await consumers()).toEqual(partitions);
    const { config } = await jsm.consumers.info(REQUESTS, OLD);
    expect(config.filter_subject).toBe('orc.v1.request.>');
    expect(system.log.filter((line) => line.includes('WARN'))).toEqual([]);
  });

  it.each([
    'orc.v1.request.*.probe.echo',
    'orc.v1.request.tester.>.echo',
    'orc.v1.request.tester.probe.*',
    'orc.v1.request.tester.probe.a\x7fb',
  ])('take a request to %s as well, which no queue takes', async (subject) => {
    const inbox = system.bus.newInbox();
    const stored = new Promise<number>((resolve) =>
      system.bus.nc.subscribe(inbox, { max: 1, callback: (_error, msg) => resolve(msg.json<{ seq: number }>().seq) }),
    );
    await system.bus.nc.flush();
    // By hand: a client would not publish to a wildcard.
    const { hostname, port } = new URL(system.nats.url);
    const socket = connect(Number(port), hostname);
    socket.write(`CONNECT {"verbose":false}\r\nPUB ${subject} ${inbox} 2\r\n{}\r\n`);
    const tree = await system.treeWhere({ request: await stored }, ([root]) => root?.state === 'refused');
    expect(tree.roots[0]?.fault?.code).toBe('invalid-argument');
    socket.destroy();
  });
});
