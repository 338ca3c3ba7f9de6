/** A plugin whose needs are not met says so at the first call, and works as soon as they are. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask } from '@orchestrator/bus';
import { shippedPlugins } from '@orchestrator/local';
import type { InstalledPlugin } from '@orchestrator/protocol';
import { startTestSystem, type TestSystem, until } from '@orchestrator/testing';

const COPY_EDIT = { plugin: 'editor', capability: 'copy-edit' };
const NEED = { capability: 'designer.illustrate', range: '^1.0.0' };

describe('a plugin that needs another', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: shippedPlugins() });
  });

  afterAll(() => system?.stop());

  const call = async () => (await system.client.call(COPY_EDIT, { text: 'It is a apple.' })).result;
  const isOk = (result: Awaited<ReturnType<typeof call>>) => result.ok;

  async function waitingFor(): Promise<InstalledPlugin['waitingFor'] | undefined> {
    const { plugins } = await ask<{ plugins: InstalledPlugin[] }>(system.client.requester, 'registry', 'plugins');
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
});
