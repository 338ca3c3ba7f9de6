/** kill -9 of the registry: who calls and who runs does not notice, and who starts meanwhile waits, and says so. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readPlugins } from '@orchestrator/bus';
import { MIRROR, PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';

const ECHO = { plugin: 'probe', capability: 'echo' };

describe('a registry that is killed', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
  });

  afterAll(() => system?.stop());

  /** Calls one after the other until told to stop; answers how many there were, and which did not end well. */
  function keepCalling() {
    let isOver = false;
    const failed: unknown[] = [];
    const done = (async () => {
      let count = 0;
      for (; !isOver; count++) {
        const { result } = await system.client.call(ECHO, { text: 'x' });
        if (!result.ok) failed.push(result.fault);
      }
      return { count, failed };
    })();
    return {
      stop: () => {
        isOver = true;
        return done;
      },
    };
  }

  const instances = async (name: string) => {
    const plugins = await readPlugins(system.client.requester).catch(() => []); // until it is back, nobody answers
    return plugins.find((one) => one.name === name)?.instances ?? [];
  };

  it('and comes back — no call fails, no plugin that runs says a word, and the catalogue is whole', async () => {
    const before = await instances('probe');
    const calls = keepCalling();
    const words = () => system.log.filter((line) => line.startsWith('probe |'));
    const said = words();
    await system.kill('registry');
    const durable = await system.client.request(ECHO, { text: 'stored' });
    expect((await durable.outcome()).result).toEqual({ ok: true, value: { text: 'stored' } });
    expect((await calls.stop()).failed).toEqual([]);
    await system.kill('choreographer');
    await system.start('choreographer'); // it finds the catalogue without a registry
    const more = keepCalling();
    await system.start('registry');
    expect(
      await until(
        () => instances('probe'),
        (ids) => ids.length > 0,
      ),
    ).toEqual(before);
    const { count, failed } = await more.stop();
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(0);
    expect(words()).toEqual(said);
  });

  it('while a plugin starts — that waits, says so, and is accepted by the next one', async () => {
    await system.kill('registry');
    const calls = keepCalling();
    const late = system.startPlugin(MIRROR);
    const saying = 'The registry does not answer yet; waiting for it.';
    await until(
      async () => system.log,
      (lines) => lines.some((line) => line.startsWith('mirror |') && line.includes(saying)),
    );
    const away = { code: 'not-found' };
    expect((await system.client.call({ plugin: 'mirror', capability: 'echo' }, { text: 'x' })).result).toMatchObject({
      ok: false,
      fault: away,
    });
    await system.start('registry');
    await late;
    expect((await system.client.call({ plugin: 'mirror', capability: 'echo' }, { text: 'x' })).result.ok).toBe(true);
    expect((await calls.stop()).failed).toEqual([]);
  });
});
