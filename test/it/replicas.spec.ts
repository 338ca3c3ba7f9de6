/** Two choreographers that share the work, with no leader: what they decide at once, and what is left when one dies. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { flattenTree, HEADERS } from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { storeRaw } from './raw-calls.js';

const ECHO = { plugin: 'probe', capability: 'echo' };
const WORK = { plugin: 'probe', capability: 'work' };
const KEYS = 60;
const CALLS = 300;

describe('two choreographers', () => {
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

  it('given one key with two bodies at once — let one in and refuse the other, whoever gets which', async () => {
    const bodies = (n: number) => ['a', 'b'].map((which) => JSON.stringify({ name: `${n}-${which}`, ms: 0 }));
    const pairs = await Promise.all(
      Array.from({ length: KEYS }, (_, n) => {
        const headers = { [HEADERS.id]: `raced ${n}` };
        return Promise.all(bodies(n).map((body) => storeRaw(system, 'probe.work', body, { headers })));
      }),
    );
    for (const [n, pair] of pairs.entries()) {
      const states = [];
      for (const request of pair) {
        const isOver = (state: string) => state !== 'admitted' && state !== 'running';
        const tree = await system.treeWhere({ request }, (nodes) => nodes.every((node) => isOver(node.state)));
        const [root] = flattenTree(tree);
        states.push(root?.fault?.code ?? root?.state);
        expect(root?.request).toBe(request);
      }
      expect({ n, states: states.sort() }).toEqual({ n, states: ['invalid-argument', 'succeeded'] });
    }
    const ran = effects.read().filter((effect) => effect.what === 'started');
    expect(new Set(ran.map((effect) => effect.name.split('-')[0])).size).toBe(KEYS);
    expect(ran).toHaveLength(KEYS);
  });

  it('given one request again and again — run it once, and every sequence leads to that run', async () => {
    const args = { name: 'repeated', ms: 0 };
    const handles = [await system.client.request(WORK, args, { key: 'again' })];
    const first = await handles[0]?.outcome();
    for (let n = 0; n < 10; n++) handles.push(await system.client.request(WORK, args, { key: 'again' }));
    for (const { sequence } of handles) {
      const tree = await system.treeWhere({ request: sequence }, ([root]) => root?.state === 'succeeded');
      expect(tree.roots.map((root) => root.invocation)).toEqual([first?.invocation]);
    }
    expect(effects.read().filter((effect) => effect.name === 'repeated' && effect.what === 'started')).toHaveLength(1);
  });

  it('asked for their statistics — both tell what they had to drop', async () => {
    const answers: unknown[] = [];
    for await (const msg of await system.bus.nc.requestMany('$SRV.STATS.choreographer', '', { maxMessages: 2 })) {
      answers.push(msg.json());
    }
    const data = {
      callsUnderWay: 0,
      requestsWaiting: 0,
      circuits: { open: 0, opened: 0 },
      dropped: { records: 0, spans: 0 },
    };
    const stats = { name: 'choreographer', endpoints: expect.arrayContaining([expect.objectContaining({ data })]) };
    expect(answers).toEqual([expect.objectContaining(stats), expect.objectContaining(stats)]);
  });

  it('of which one is killed in the middle — every durable request is answered, and every call ends', async () => {
    const requests = Promise.all(
      Array.from({ length: CALLS }, async (_, n) => {
        const handle = await system.client.request(WORK, { name: `durable-${n}`, ms: 5 });
        return (await handle.outcome()).result;
      }),
    );
    const calls = Promise.allSettled(
      Array.from({ length: CALLS }, (_, n) =>
        system.client.call(WORK, { name: `sync-${n}`, ms: 5 }, { timeoutMs: 5_000 }),
      ),
    );
    await effects.first((effect) => /^(durable|sync)-/.test(effect.name));
    await system.kill('choreographer');
    expect(await requests).toEqual(
      Array.from({ length: CALLS }, (_, n) => ({ ok: true, value: { text: `durable-${n}` } })),
    );
    for (const call of await calls) {
      // Those that the victim had taken and not handed on are answered by nobody.
      if (call.status === 'rejected') expect(call.reason).toMatchObject({ code: 'deadline-exceeded' });
      else expect(call.value.result.ok).toBe(true);
    }
    const after = await Promise.all(Array.from({ length: CALLS }, () => system.client.call(ECHO, { text: 'on' })));
    expect(after.every((outcome) => outcome.result.ok)).toBe(true);
  });
});
