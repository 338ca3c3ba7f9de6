/** A plugin whose needs are not met says so at the first call, and works as soon as they are. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readPlugins } from '@orchestrator/bus';
import { shippedPlugins } from '@orchestrator/local';
import type { InstalledPlugin } from '@orchestrator/protocol';
import { startTestSystem, type TestSystem, until } from '@orchestrator/testing';

const COPY_EDIT = { plugin: 'editor', capability: 'copy-edit' };
const NEED = { capability: 'designer.illustrate', range: '^1.0.0' };

describe('a plugin that needs another', () => {
  const told: string[] = [];
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: shippedPlugins() });
    system.bus.nc.subscribe('orc.v1.registry.*.*', {
      callback: (_error, msg) => {
        const [event, plugin] = msg.subject.split('.').slice(-2);
        told.push(
          msg.headers?.get('ce-type') === `orchestrator.registry.${event}` ? `${plugin} ${event}` : 'no CloudEvent',
        );
      },
    });
    await system.bus.nc.flush();
  });

  afterAll(() => system?.stop());

  const call = async () => (await system.client.call(COPY_EDIT, { text: 'It is a apple.' })).result;
  const isOk = (result: Awaited<ReturnType<typeof call>>) => result.ok;

  async function waitingFor(): Promise<InstalledPlugin['waitingFor'] | undefined> {
    const plugins = await readPlugins(system.client.requester);
    return plugins.find(({ name }) => name === 'editor')?.waitingFor;
  }

  it('while that lives — is ready', async () => {
    expect(await waitingFor()).toEqual([]);
    expect(await until(call, isOk)).toMatchObject({ ok: true });
  });

  it('while it does not — calls are refused with what it waits for, and durable requests wait and end well', async () => {
    await system.processes.get('designer')?.stop();
    const refused = await until(call, (result) => !result.ok);
    const fault = { code: 'unavailable', details: { plugin: 'editor', version: '1.0.0', waitingFor: [NEED] } };
    expect(refused).toMatchObject({ ok: false, fault });
    expect(await waitingFor()).toEqual([NEED]);
    const durable = await system.client.request(COPY_EDIT, { text: 'It is a apple.' });
    expect((await durable.outcome()).result.ok).toBe(true);
    await system.start('designer');
    expect(await until(call, isOk)).toMatchObject({ ok: true });
    expect(await waitingFor()).toEqual([]);
  });

  it('that is started while it does not — says itself what it waits for', async () => {
    await system.processes.get('designer')?.stop();
    await until(call, (result) => !result.ok);
    const says = 'Calls are refused until what it needs is there: designer.illustrate ^1.0.0.';
    const said = () => system.log.filter((line) => line.startsWith('editor | ') && line.includes(says)).length;
    await system.processes.get('editor')?.stop();
    const before = said(); // at the first start of all, the designer may have come later
    await system.start('editor');
    expect(said()).toBe(before + 1);
    await system.start('designer');
    expect(await until(call, isOk)).toMatchObject({ ok: true });
  });

  it('what happens — is told as events', async () => {
    const heard = (event: string) =>
      until(
        async () => told,
        (all) => all.includes(event),
      );
    told.length = 0;
    await system.processes.get('designer')?.stop();
    await heard('designer gone');
    await heard('editor waiting');
    await system.start('designer');
    await heard('designer ready');
    await heard('editor ready');
    expect(told).not.toContain('designer registered'); // it was there before, as it is now
  });
});
