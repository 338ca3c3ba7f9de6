/** Trees as large, and chains as deep, as an operator allows them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { flattenTree, HEADERS } from '@orchestrator/protocol';
import { MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { callRaw } from './raw-calls.js';

const env = {
  ...{ ORC_MAX_CALLS: '20000', ORC_MAX_DEPTH: '100', ORC_MAX_REENTRY: '50' },
  // All the leaves are called at once.
  ...{ ORC_MAX_CALLS_PER_INSTANCE: '20000', ORC_MAX_CALLS_PER_CALLER: '20000' },
};

describe('trees beyond the default bounds', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE, MIRROR], env });
  });

  afterAll(() => system?.stop());

  it('10,101 invocations below one durable root — all run, and stand in the tree', async () => {
    const leaf = JSON.stringify({ text: 'leaf' });
    const branch = JSON.stringify({ capability: 'probe.echo', argsJson: leaf, times: 100 });
    const args = { capability: 'mirror.fan', argsJson: branch, times: 100 };
    const handle = await system.client.request({ plugin: 'probe', capability: 'fan' }, args);
    const { result, correlation = '' } = await handle.outcome();
    if (!result.ok) throw result.fault;
    const branches = JSON.parse((result.value as { json: string }).json) as { json: string }[];
    const leaves = branches.flatMap(({ json }) => JSON.parse(json) as object[]);
    expect(leaves).toHaveLength(10_000);
    expect(leaves.every((one) => 'text' in one)).toBe(true);
    const tree = await system.treeWhere({ correlation }, ([root]) => root?.state === 'succeeded');
    const nodes = flattenTree(tree);
    expect(nodes).toHaveLength(10_101);
    expect(nodes.every((node) => node.state === 'succeeded')).toBe(true);
  }, 120_000);

  it('a chain of depth 100 — comes to its end; one link more is refused', async () => {
    const chain = (links: number) => {
      const rest = Array.from({ length: links - 1 }, (_, n) => `${n % 2 === 0 ? 'mirror' : 'probe'}.relay`);
      const headers = { [HEADERS.limits]: 'depth=100,reentry=50' };
      return callRaw(system, 'probe.relay', JSON.stringify({ rest }), { headers });
    };
    expect((await chain(100)).body).toEqual({ json: '"end"' });
    expect((await chain(101)).fault).toBe('depth-exceeded');
  });
});
