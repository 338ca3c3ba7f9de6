/** Very many plugins at once, and one that comes and goes: what the registry says of them is right in the end. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { type Bus, connectBus, Requester, readAnswer, readPlugins } from '@orchestrator/bus';
import { LIMITS, subjects } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';

const CROWD = 1_000;
const FLAPS = 100;
const ECHO = { plugin: 'probe', capability: 'echo' };

function manifestOf(name: string) {
  const capabilities = [{ name: 'echo', description: 'Answers what it gets.', input: true, output: true }];
  return { name, version: '1.0.0', description: 'Is there.', capabilities, uses: [] };
}

describe('the registry', () => {
  const told: string[] = [];
  let system: TestSystem;
  /** Connected as the development user: it may announce any plugin. */
  let author: Bus;
  let requester: Requester;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
    author = await connectBus({ url: system.urlAs('plugin'), name: 'author' });
    requester = new Requester(author);
    system.bus.nc.subscribe('orc.v1.registry.*.*', {
      callback: (_error, msg) => void told.push(msg.subject.split('.').slice(-2).join(' ')),
    });
    await system.bus.nc.flush();
  });

  afterAll(async () => {
    await author?.nc.close();
    await system?.stop();
  });

  async function announce(name: string, instance = name): Promise<unknown> {
    const body = JSON.stringify({ manifest: manifestOf(name), instance });
    return readAnswer(await requester.request(subjects.announce(name), body, { timeoutMs: 60_000 }));
  }

  const beat = (name: string, instance = name, body = ''): void =>
    author.nc.publish(subjects.beat({ plugin: name, version: '1.0.0', instance }), body);
  const installed = () => readPlugins(system.client.requester);
  const heard = (fits: (all: readonly string[]) => boolean) => until(async () => told, fits);

  async function consumersOf(plugin: string): Promise<string[]> {
    const service = await connectBus({ url: system.urlAs('choreographer'), name: 'onlooker' });
    const names: string[] = [];
    for await (const { name } of (await jetstreamManager(service.nc)).consumers.list('ORC_WORK')) names.push(name);
    await service.nc.close();
    return names.filter((name) => name.startsWith(`${plugin}__`));
  }

  it('a thousand plugins that announce themselves at once — all are taken, told and resolved; calls go on', async () => {
    const names = Array.from({ length: CROWD }, (_, n) => `crowd-${n}`);
    const hearts = setInterval(() => {
      for (const name of names) beat(name);
    }, LIMITS.heartbeatMs);
    try {
      const all = Promise.all(names.map((name) => announce(name)));
      expect((await system.client.call(ECHO, { text: 'x' })).result.ok).toBe(true);
      const answers = await all;
      expect(answers).toHaveLength(CROWD);
      for (const answer of answers) expect(answer).toMatchObject({ accepted: true });
      const crowd = await until(
        async () => (await installed()).filter(({ name }) => name.startsWith('crowd-')),
        (plugins) => plugins.length === CROWD && plugins.every(({ instances }) => instances.length === 1),
      );
      expect(crowd.map(({ name }) => name)).toEqual([...names].sort());
      const count = (event: string) => new Set(told.filter((one) => one.startsWith(`${event} crowd-`))).size;
      await heard(() => count('registered') === CROWD && count('ready') === CROWD);
      expect(told.filter((one) => one.startsWith('registered crowd-'))).toHaveLength(CROWD);
    } finally {
      clearInterval(hearts);
    }
    // Nobody answers for them, and they are known.
    const call = async (plugin: string) => (await system.client.call({ plugin, capability: 'echo' }, {})).result;
    const isAway = (result: Awaited<ReturnType<typeof call>>) => !result.ok && result.fault.code === 'unavailable';
    for (const name of ['crowd-0', 'crowd-500', 'crowd-999']) await until(() => call(name), isAway);
    expect((await system.client.call(ECHO, { text: 'x' })).result.ok).toBe(true);
  });

  it('one that comes and goes a hundred times — every time is told, in order, and nothing is left', async () => {
    told.length = 0;
    for (let n = 0; n < FLAPS; n++) {
      expect(await announce('flapping', `i${n}`)).toMatchObject({ accepted: true });
      beat('flapping', `i${n}`, 'leave');
    }
    const times = Array.from({ length: FLAPS }, () => ['ready flapping', 'gone flapping']).flat();
    const ofIt = () => told.filter((one) => one.endsWith(' flapping'));
    await heard(() => ofIt().length > times.length);
    expect(ofIt()).toEqual(['registered flapping', ...times]);
    expect((await installed()).find(({ name }) => name === 'flapping')?.instances).toEqual([]);
    expect(await consumersOf('flapping')).toEqual(['flapping__1_0_0__echo']);
    await announce('flapping', 'last');
    expect((await installed()).find(({ name }) => name === 'flapping')?.instances).toEqual(['last']);
  });

  it('a process that is killed and started again and again — the last one lives, alone', async () => {
    const before = await consumersOf('probe');
    for (let n = 0; n < 5; n++) {
      await system.kill('probe');
      await system.start('probe');
      // NATS may hand a call to the one that was killed, as long as it has not noticed.
      await until(
        async () => (await system.client.call(ECHO, { text: 'x' })).result,
        (result) => result.ok,
      );
    }
    const probe = async () => (await installed()).find(({ name }) => name === 'probe');
    await until(probe, (plugin) => plugin?.instances.length === 1);
    expect(await consumersOf('probe')).toEqual(before);
  });

  it('a clean stop — is told at once; kill -9 — once it has been silent for the stated time', async () => {
    told.length = 0;
    const silence = () => system.log.filter((line) => line.includes('has gone without a word')).length;
    const before = silence();
    await system.processes.get('probe')?.stop();
    await heard((all) => all.includes('gone probe'));
    expect(silence()).toBe(before); // it was not found by its silence
    await system.start('probe');
    told.length = 0;
    await system.kill('probe');
    await heard((all) => all.includes('gone probe'));
    expect(silence()).toBe(before + 1);
  });
});
