/** Where requests wait until there is room for their work: in partitions of their callers, and before that in one queue for all. */
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
  const partitions = Array.from({ length: LIMITS.requestPartitions }, (_, n) => [
    `choreographer-${n}`,
    `choreographer-aside-${n}`,
  ])
    .flat()
    .sort();

  it('are two for each partition of the callers, one for those that are set aside', async () => {
    expect(await consumers()).toEqual(partitions);
  });

  it('of a version that had one for all — are emptied, delivered or not, and give way', async () => {
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
    let left = await consumers();
    while (left.includes(OLD)) left = await consumers();
    expect(left).toEqual(partitions);
    expect(system.log.filter((line) => line.includes('WARN'))).toEqual([]);
  });
});
