/** What is installed: announced, checked, kept, forgotten when it has gone. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Bus, connectBus, Requester, readAnswer, readPlugins } from '@orchestrator/bus';
import { Fault, type InstalledPlugin, LIMITS, subjects } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';

const FORGET_AFTER_MS = 500;
const ECHO = { plugin: 'probe', capability: 'echo' };

describe('the registry', () => {
  let system: TestSystem;
  /** Connected as the development user: it may announce any plugin. */
  let author: Bus;
  let requester: Requester;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { ORC_FORGET_AFTER_MS: String(FORGET_AFTER_MS) } });
    author = await connectBus({ url: system.urlAs('plugin'), name: 'author' });
    requester = new Requester(author);
  });

  afterAll(async () => {
    await author?.nc.close();
    await system?.stop();
  });

  async function installed(): Promise<InstalledPlugin[]> {
    return readPlugins(system.client.requester);
  }

  async function announce(plugin: string, body: unknown): Promise<unknown> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    try {
      return readAnswer(await requester.request(subjects.announce(plugin), text, { timeoutMs: 30_000 }));
    } catch (error) {
      return Fault.from(error).toJSON();
    }
  }

  it('a bad manifest — is refused, with every problem by JSON pointer, and nothing of it is kept', async () => {
    const manifest = {
      name: 'Bad Name',
      version: 'one',
      description: 'bad',
      capabilities: [{ name: 'x', description: 'x', input: { type: 'nonsense' }, output: true, extra: 1 }],
      uses: [{ capability: 'editor.copy-edit', range: 'whatever' }],
    };
    const fault = await announce('bad', { manifest, instance: 'i1' });
    expect(fault).toMatchObject({ code: 'invalid-argument' });
    const { problems } = (fault as { details: { problems: { pointer: string }[] } }).details;
    expect(problems.map((problem) => problem.pointer).sort()).toEqual([
      '/capabilities/0/extra',
      '/capabilities/0/input/type',
      '/name',
      '/uses/0/range',
      '/version',
    ]);
    expect((await installed()).map((plugin) => plugin.name)).toEqual(['probe']);
  });

  it.each([
    ['no JSON', 'nonsense', 'invalid-argument'],
    ['no manifest', {}, 'invalid-argument'],
  ])('an announcement with %s — is refused', async (_what, body, code) => {
    expect(await announce('bad', body)).toMatchObject({ code });
  });

  it('a manifest in another plugin’s name — is refused', async () => {
    const manifest = {
      name: 'probe',
      version: '9.0.0',
      description: 'not the probe',
      capabilities: [{ name: 'echo', description: 'x', input: true, output: true }],
      uses: [],
    };
    expect(await announce('somebody', { manifest, instance: 'i1' })).toMatchObject({ code: 'permission-denied' });
  });

  it('a plugin that was stopped — has no live instance at once, and is forgotten after the stated time', async () => {
    expect((await installed())[0]?.instances).toHaveLength(1);
    await system.processes.get('probe')?.stop();
    expect((await system.client.call(ECHO, { text: 'x' })).result).toMatchObject({ ok: false });
    await until(installed, (plugins) => plugins.length === 0);
    const call = async () => (await system.client.call(ECHO, { text: 'x' })).result;
    await until(call, (result) => !result.ok && result.fault.code === 'not-found');
    await system.start('probe');
    await until(call, (result) => result.ok);
  });

  it('NATS that is away for longer than plugins may be silent — is not laid at their door', async () => {
    await system.start('probe', 'probe-2');
    await until(installed, (plugins) => plugins[0]?.instances.length === 2);
    const goneWithoutWord = () => system.log.filter((line) => line.includes('has gone without a word'));
    for (const name of ['nats-server', 'probe-2']) await system.kill(name);
    await new Promise((resolve) => setTimeout(resolve, LIMITS.livenessMs + 1_000)); // the silence itself is what is tested
    await system.start('nats-server');
    const asked = () => installed().catch(() => []); // until the registry is back, nobody answers
    await until(asked, (plugins) => plugins[0]?.instances.length === 1);
    expect(goneWithoutWord()).toHaveLength(1); // the one that has really gone, and only once NATS was back
  });

  it('a registry that starts again — knows what was announced, and hears who lives', async () => {
    await system.processes.get('registry')?.stop();
    await system.start('registry');
    const [plugin] = await until(installed, (plugins) => plugins[0]?.instances.length === 1);
    expect(plugin).toMatchObject({ name: 'probe', version: '1.0.0' });
  });

  describe('a version that breaks another', () => {
    const spelling = (version: string, input: object, description = 'spells') => {
      const capabilities = [{ name: 'spell', description, input, output: true }];
      return { name: 'speller', version, description, capabilities, uses: [] };
    };
    const announced = (manifest: { name: string }) => announce(manifest.name, { manifest, instance: 'i1' });
    const any = { type: 'object', properties: { text: { type: ['string', 'null'] } } };
    const some = { type: 'object', properties: { text: { type: 'string' } } };

    it('without a new major — is refused with every place, and not kept; with one it is taken', async () => {
      expect(await announced(spelling('1.0.0', any))).toMatchObject({ accepted: true });
      expect(await announced(spelling('1.1.0', some))).toMatchObject({
        code: 'incompatible-version',
        details: {
          older: '1.0.0',
          problems: [
            { pointer: '/capabilities/0/input/properties/text/type', message: expect.stringMatching(/input-narrowed/) },
          ],
        },
      });
      expect((await installed()).filter(({ name }) => name === 'speller').map(({ version }) => version)).toEqual([
        '1.0.0',
      ]);
      expect(await announced(spelling('1.1.0', any))).toMatchObject({ accepted: true });
      expect(await announced(spelling('2.0.0', some))).toMatchObject({ accepted: true });
    });

    it('another manifest of a version that lives — is refused', async () => {
      expect(await announced(spelling('3.0.0', some))).toMatchObject({ accepted: true });
      expect(await announced(spelling('3.0.0', some, 'spells otherwise'))).toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining('version of its own'),
      });
      expect(await announced(spelling('3.0.0', some))).toMatchObject({ accepted: true });
    });
  });

  describe('a caller that says what it sends', () => {
    const object = (type: string) => ({ type: 'object', properties: { text: { type } }, additionalProperties: false });
    const plugin = (name: string, version: string, input: object, uses: object[] = []) => ({
      manifest: {
        ...{ name, version, description: 'does', uses },
        capabilities: [{ name: 'do', description: 'does', input, output: true }],
      },
      instance: 'i1',
    });
    const use = { capability: 'callee.do', range: '^1.0.0' };
    const warningsOf = (events: unknown[], of: string) =>
      events.find((event) => (event as { plugin: string }).plugin === of) as { warnings?: { pointer: string }[] };

    it('is waiting while no version takes it, says why, and is ready once one does', async () => {
      const events: unknown[] = [];
      const heard = system.bus.nc.subscribe(subjects.registryEvent('registered', '*'), {
        callback: (_error, msg) => void events.push(msg.json()),
      });
      await system.bus.nc.flush();
      const waitingFor = async () => (await installed()).find(({ name }) => name === 'sender')?.waitingFor;
      // Instances that nobody keeps alive are gone after 3 s: what they wait for is told all the same.
      const sender = plugin('sender', '1.0.0', {}, [{ ...use, input: object('string') }]);
      expect(await announce('callee', plugin('callee', '1.0.0', object('number')))).toMatchObject({ accepted: true });
      expect(await announce('sender', sender)).toMatchObject({ accepted: true });
      const pointer = '/uses/0/input/properties/text';
      const problems = [{ pointer, message: expect.stringContaining('input-refused') }];
      expect(await waitingFor()).toEqual([{ ...use, misfits: [{ version: '1.0.0', problems }] }]);
      await until(async () => warningsOf(events, 'sender'), Boolean);
      expect(warningsOf(events, 'sender').warnings).toEqual([
        { pointer, message: expect.stringContaining('callee@1.0.0') },
      ]);
      expect(await announce('callee', plugin('callee', '1.1.0', object('integer')))).toMatchObject({
        code: 'incompatible-version',
      });
      const wider = { ...object('number'), properties: { text: { type: ['number', 'string'] } } };
      expect(await announce('callee', plugin('callee', '1.2.0', wider))).toMatchObject({ accepted: true });
      expect(await waitingFor()).toEqual([]);
      heard.unsubscribe();
    });

    it('hears of circles that it closes, as who starts later', async () => {
      const told = system.log.length;
      await announce('ring-a', plugin('ring-a', '1.0.0', {}, [{ capability: 'ring-b.do', range: '*' }]));
      await announce('ring-b', plugin('ring-b', '1.0.0', {}, [{ capability: 'ring-a.do', range: '*' }]));
      await until(
        async () => system.log.slice(told).join('\n'),
        (log) =>
          log.includes(
            'ring-b 1.0.0: /uses/0: these need each other in a circle: ring-a@1.0.0 → ring-b@1.0.0 → ring-a@1.0.0',
          ),
      );
    });
  });

  it('more capabilities than a stream has consumers by default — are taken all the same', async () => {
    for (const name of ['large', 'larger']) {
      const one = { description: 'one of many', input: true, output: true };
      const capabilities = Array.from({ length: 600 }, (_, n) => ({ name: `c-${n}`, ...one }));
      const manifest = { name, version: '1.0.0', description: 'has many', capabilities, uses: [] };
      expect(await announce(name, { manifest, instance: 'i1' })).toMatchObject({ accepted: true });
    }
  });
});
