/** The circuit before a capability that fails: it opens, lets one call through, and closes; everybody can see it. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask } from '@orchestrator/bus';
import { type CircuitList, flattenTree } from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { run } from './command.js';
import { callRaw, type RawAnswer } from './raw-calls.js';

const OPEN_MS = 1_500;
const MIN_CALLS = 10;

describe('a circuit', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    const circuit = { ORC_CIRCUIT_OPEN_MS: String(OPEN_MS), ORC_CIRCUIT_MIN_CALLS: String(MIN_CALLS) };
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file, ...circuit } });
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  /** It fails unless it is to succeed at the first attempt. */
  const flaky = (name: string, isGood: boolean) =>
    callRaw(system, 'probe.flaky', JSON.stringify({ name, until: isGood ? 1 : 99 }));

  /** Calls that fail, one after the other, until one is refused. Answers all. */
  const failUntilOpen = async (): Promise<RawAnswer[]> => {
    const answers: RawAnswer[] = [];
    while (answers.at(-1)?.fault !== 'unavailable') answers.push(await flaky('bad', false));
    return answers;
  };
  const circuits = async () => (await ask<CircuitList>(system.client.requester, 'choreographer', 'circuits')).circuits;
  const statistics = async () => {
    const { endpoints } = (await system.bus.nc.request('$SRV.STATS.choreographer')).json<{
      endpoints: { data: object }[];
    }>();
    return endpoints[0]?.data;
  };
  const changesOf = async ({ correlation }: RawAnswer, fits: string) => {
    const tree = await system.treeWhere(
      { correlation },
      ([root]) => root?.circuit.some(({ state }) => state === fits) ?? false,
    );
    return flattenTree(tree)[0]?.circuit.map(({ state }) => state);
  };

  it('opens for what fails too often, and is seen in answers, statistics, history and commands; others go on', async () => {
    const answers = await failUntilOpen();
    const refused = answers.at(-1) as RawAnswer;
    expect(answers.length).toBeGreaterThanOrEqual(MIN_CALLS);
    expect(answers.slice(0, -1).map(({ fault }) => fault)).toEqual(answers.slice(0, -1).map(() => 'failed'));
    const target = { plugin: 'probe', version: '1.0.0', capability: 'flaky' };
    expect(refused.body).toMatchObject({
      code: 'unavailable',
      details: { ...target, circuit: 'open', retryAfterMs: expect.any(Number) },
    });
    expect(await circuits()).toEqual([
      expect.objectContaining({ ...target, state: 'open', replica: expect.any(String) }),
    ]);
    expect(await statistics()).toMatchObject({ circuits: { open: 1, opened: 1 } });
    const { stdout } = await run(['--nats', system.nats.url, 'plugins']);
    expect(stdout).toMatch(/flaky .*circuit open/);
    expect((await callRaw(system, 'probe.echo', '{"text":"hi"}')).body).toEqual({ text: 'hi' });
    const changes: string[] = [];
    while (changes.length === 0) {
      for (const { correlation } of answers) {
        const [root] = (await system.treeWhere({ correlation }, (nodes) => nodes.length === 1)).roots;
        changes.push(...(root?.circuit.map(({ state }) => state) ?? []));
      }
    }
    expect(changes).toEqual(['open']);
  });

  it('lets one call through when its time is over, and closes when that succeeds', async () => {
    let answer = await flaky('good', true);
    while (answer.fault === 'unavailable') {
      const { details } = answer.body as { details: { retryAfterMs: number } };
      await setTimeout(details.retryAfterMs); // as it was told to
      answer = await flaky('good', true);
    }
    expect(answer.body).toEqual({ text: 'attempt 1' });
    expect(await changesOf(answer, 'closed')).toEqual(['half-open', 'closed']);
    expect(await circuits()).toEqual([]);
    expect((await flaky('good', true)).fault).toBe('');
    expect(effects.read().filter(({ name }) => name === 'good')).toHaveLength(2);
  });

  it('of one choreographer is told by all', async () => {
    await system.start('choreographer', 'choreographer-2');
    await failUntilOpen();
    const replicas = async () => (await circuits()).map(({ replica }) => replica);
    let told: string[][] = [];
    while (told.length < 10 || told.some((one) => one.length === 0)) {
      told = [...told, await replicas()].slice(-10); // whichever answers
    }
    await system.processes.get('choreographer-2')?.stop();
  });

  it('keeps durable requests waiting until it lets one through, and they are all done', async () => {
    await failUntilOpen();
    const target = { plugin: 'probe', capability: 'flaky' };
    const handles = await Promise.all(
      [1, 2, 3].map((n) => system.client.request(target, { name: `kept-${n}`, until: 1 })),
    );
    let seen = await statistics();
    while (!(seen as { requestsWaiting: number }).requestsWaiting) seen = await statistics();
    expect(seen).toMatchObject({ requestsWaiting: 3, circuits: { open: 1 } });
    expect(effects.read().filter(({ name }) => name.startsWith('kept'))).toEqual([]);
    const outcomes = await Promise.all(handles.map((handle) => handle.outcome()));
    expect(outcomes.map(({ result }) => result)).toEqual(
      outcomes.map(() => ({ ok: true, value: { text: 'attempt 1' } })),
    );
    expect(await circuits()).toEqual([]);
  });
});
