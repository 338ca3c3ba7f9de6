/** Requests that wait to be admitted: who asks sees them, and can cancel them, wherever they wait. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask } from '@orchestrator/bus';
import type { WaitingPage, WaitingRun } from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { expectPlain, run } from './command.js';
import { storeRaw } from './raw-calls.js';

const BEFORE = 130;
/** Twice what the capability runs at once. */
const PLACED = 4;

describe('requests that wait for room', () => {
  const effects = new EffectLog();
  let system: TestSystem;
  let requests: number[];

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file } });
    requests = [];
    for (let n = 0; n < BEFORE; n++) {
      requests.push(await storeRaw(system, 'probe.narrow', `{"name":"waits-${n}","ms":120000}`, { caller: 'patient' }));
    }
    let page = await waiting();
    while (page.length !== BEFORE - PLACED) page = await waiting();
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  const waiting = async (filter: object = {}): Promise<WaitingRun[]> => {
    const { requester } = system.client;
    return [...(await ask<WaitingPage>(requester, 'choreographer', 'waiting', { filter, limit: 200 })).waiting];
  };
  const byRequest = async (request: number | undefined) =>
    (await waiting()).find((one) => one.request === request) as WaitingRun;
  const isCancelled = (one: WaitingRun) =>
    system.treeWhere({ request: one.request }, ([root]) => {
      return root?.invocation === one.invocation && root.fault?.code === 'cancelled';
    });

  it('are listed with what they wait for and since when, those that are kept and those that are set aside', async () => {
    const last = await byRequest(requests.at(-1));
    expect(last).toEqual({
      ...{ caller: 'patient', plugin: 'probe', capability: 'narrow', reason: 'room', request: requests.at(-1) },
      ...{ invocation: expect.any(String), correlation: expect.any(String), sinceMs: expect.any(Number) },
    });
    expect((await waiting()).map(({ request }) => request)).toEqual(expect.arrayContaining(requests.slice(PLACED)));
    expect(await waiting({ invocation: last.invocation })).toEqual([last]);
    expect(await waiting({ caller: 'nobody' })).toEqual([]);
    const { stdout } = await run(['--nats', system.nats.url, 'runs', '--called-by', 'patient', '--limit', '200']);
    expect(stdout).toMatch(new RegExp(`${last.invocation}.*waiting .*probe.narrow.*for room`));
    const shown = await run(['--nats', system.nats.url, 'runs', 'show', last.invocation]);
    expect(shown.stdout).toMatch(/waiting .*probe.narrow.*for room/);
    const page = await ask<WaitingPage>(system.client.requester, 'choreographer', 'waiting', { limit: 3 });
    const after = await ask<WaitingPage>(system.client.requester, 'choreographer', 'waiting', { after: page.next });
    expect(page.waiting).toHaveLength(3);
    expect(after.waiting.map(({ request }) => request)).not.toContain(page.waiting[0]?.request);
  });

  it.each([
    ['by its correlation, that a choreographer keeps', PLACED + 2, 'correlation'],
    ['by its invocation, that is set aside', BEFORE - 2, 'invocation'],
  ] as const)('are cancelled one by one: %s', async (_which, nth, by) => {
    const one = await byRequest(requests[nth]);
    const { stdout } = await run(['--nats', system.nats.url, 'runs', 'cancel', one[by]]);
    expect(stdout).toBe('Cancelled 1 invocation.\n');
    await isCancelled(one);
    expect(await waiting({ invocation: one.invocation })).toEqual([]);
    expect(effects.read().map(({ name }) => name)).not.toContain(`waits-${nth}`);
  });

  it('that nobody has made cannot be cancelled: a mistyped id is told', async () => {
    expectPlain(await run(['--nats', system.nats.url, 'runs', 'cancel', 'ab'.repeat(16)]), 1, 'not-found');
  });
});
