/** Call trees whose caller wants one version of each plugin get that: through two choreographers, through kills, and when redriven. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask } from '@orchestrator/bus';
import {
  flattenTree,
  HEADERS,
  type InvocationNode,
  type RedriveAnswer,
  randomId,
  readContextToken,
} from '@orchestrator/protocol';
import { EffectLog, MIRROR, PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';
import { run } from './command.js';
import { callRaw, type RawAnswer, storeRaw } from './raw-calls.js';

const PAIRS = 40;
const CHILDREN = 40;
const CHOREOGRAPHERS = ['choreographer', 'choreographer-2'];

describe('a call tree that uses one version of each plugin', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE, MIRROR], env: { PROBE_EFFECTS: effects.file } });
    await Promise.all([
      system.start('choreographer', 'choreographer-2'),
      system.startPlugin({ ...PROBE, name: 'probe-1.1' }, { PROBE_VERSION: '1.1.0' }),
    ]);
    await until(
      async () => versionOf(await call('probe', { correlation: randomId(), sticky: false })),
      (version) => version === '1.1.0',
    );
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  interface Asked {
    readonly correlation?: string;
    readonly sticky?: boolean;
    readonly range?: string;
    /** The token of the mirror's invocation that calls. */
    readonly within?: string;
  }

  const headersOf = ({ correlation = '', sticky = true, range = '', within = '' }: Asked) => ({
    [HEADERS.correlationId]: correlation,
    [HEADERS.version]: range,
    [HEADERS.context]: within,
    ...(sticky && { [HEADERS.sticky]: 'true' }),
  });

  /** Has a capability called that gives its context away. */
  const call = (plugin: string, asked: Asked): Promise<RawAnswer> =>
    callRaw(system, `${plugin}.token`, '{}', {
      caller: asked.within ? 'mirror' : 'tester',
      headers: headersOf(asked),
    });
  const tokenOf = ({ body }: RawAnswer) => (body as { text: string }).text;
  const versionOf = (answer: RawAnswer) => {
    expect(answer.fault).toBe('');
    return readContextToken(tokenOf(answer)).version;
  };

  /** A tree in which the mirror is at work, and has called the older version of the probe. */
  async function boundTree(): Promise<{ correlation: string; within: string }> {
    const correlation = randomId();
    const within = tokenOf(await call('mirror', { correlation }));
    expect(versionOf(await call('probe', { within, sticky: false, range: '1.0.0' }))).toBe('1.0.0');
    return { correlation, within };
  }

  it('holds to what was chosen first, wherever in the tree it calls, whichever choreographer decides', async () => {
    const { correlation, within } = await boundTree();
    const asked = [{ within, sticky: false }, { correlation }, { within, range: '^1.0.0' }];
    for (let n = 0; n < 10; n++) {
      const answers = await Promise.all(asked.map((one) => call('probe', one)));
      expect(answers.map(versionOf)).toEqual(['1.0.0', '1.0.0', '1.0.0']);
    }
    expect(versionOf(await call('probe', { correlation, sticky: false }))).toBe('1.1.0');
    expect(versionOf(await call('probe', { correlation: randomId() }))).toBe('1.1.0');
    expect(versionOf(await call('probe', {}))).toBe('1.1.0');
  });

  it('of calls that race on two choreographers and want different versions — one kind wins, and the other is told', async () => {
    const seen = new Set<string>();
    for (let n = 0; n < PAIRS; n++) {
      const correlation = randomId();
      const ranges = n % 2 === 0 ? ['^1.1.0', '1.0.0', '*', '*'] : ['1.0.0', '^1.1.0', '*', '*'];
      const answers = await Promise.all(ranges.map((range) => call('probe', { correlation, range })));
      const ran = new Set(answers.filter(({ fault }) => fault === '').map(versionOf));
      expect(ran.size).toBe(1);
      const [bound = ''] = ran;
      seen.add(bound);
      const refused = answers.filter(({ fault }) => fault !== '');
      expect(refused).toHaveLength(1);
      expect(refused[0]?.body).toMatchObject({
        code: 'incompatible-version',
        message: expect.stringContaining(`The call tree is bound to probe ${bound}, which is not in the range`),
        details: { bound, available: ['1.1.0', '1.0.0'] },
      });
    }
    expect(seen.size).toBe(2);
  });

  it('says what it is bound to when that is not there any more; durable work waits for it', async () => {
    const newer = await system.startPlugin({ ...PROBE, name: 'probe-1.2' }, { PROBE_VERSION: '1.2.0' });
    const correlation = randomId();
    const bind = () => call('probe', { correlation, range: '1.2.0' });
    await until(bind, ({ fault }) => fault === '');
    await newer.stop();
    const isGone = ({ fault }: RawAnswer) => fault === 'unavailable';
    for (let n = 0; n < 10; n++) {
      expect((await until(() => call('probe', { correlation }), isGone)).body).toMatchObject({
        message: 'No instance of probe 1.2.0, to which the call tree is bound, is running.',
        details: { plugin: 'probe', bound: '1.2.0' },
      });
    }
    const request = await storeRaw(system, 'probe.echo', '{"text":"hi"}', { headers: headersOf({ correlation }) });
    const isPlaced = (nodes: readonly { readonly request?: number | undefined }[]) =>
      nodes.some((node) => node.request === request);
    const placed = flattenTree(await system.treeWhere({ correlation }, isPlaced)).find(
      (one) => one.request === request,
    );
    expect(placed).toMatchObject({ version: '1.2.0', state: 'admitted' });
    const again = await system.startPlugin({ ...PROBE, name: 'probe-1.2' }, { PROBE_VERSION: '1.2.0' });
    await system.treeWhere({ request }, (nodes) => nodes.some((n) => n.request === request && n.state === 'succeeded'));
    await again.stop();
    const isBack = (answer: RawAnswer) => answer.fault === '' && versionOf(answer) === '1.1.0';
    await until(() => call('probe', {}), isBack);
  });

  it('goes on as it was when every choreographer is killed in the middle of it', async () => {
    const { correlation, within } = await boundTree();
    await Promise.all(CHOREOGRAPHERS.map((name) => system.kill(name)));
    await Promise.all(CHOREOGRAPHERS.map((name) => system.start('choreographer', name)));
    for (const asked of [{ within, sticky: false }, { correlation }, { within, sticky: false }]) {
      const answer = await until(
        () => call('probe', asked),
        ({ fault }) => fault !== 'unavailable',
      );
      expect(versionOf(answer)).toBe('1.0.0');
    }
    expect(versionOf(await call('probe', {}))).toBe('1.1.0');
  });

  it('durable, with a choreographer killed meanwhile — all of its children run on one version', async () => {
    const correlation = randomId();
    const bound = await call('probe', { correlation, range: '1.0.0' });
    expect(versionOf(bound)).toBe('1.0.0');
    const fan = { capability: 'probe.work', argsJson: '{"name":"#","ms":20}', times: CHILDREN, mode: 'durable' };
    const headers = headersOf({ correlation });
    const request = await storeRaw(system, 'mirror.fan', JSON.stringify(fan), { headers });
    await until(
      async () => effects.read(),
      (all) => all.length > 0,
    );
    await system.kill('choreographer-2');
    await system.start('choreographer', 'choreographer-2');
    const childrenOf = (nodes: readonly InvocationNode[]) => nodes.filter(({ capability }) => capability === 'work');
    const isDone = ({ state }: InvocationNode) => state === 'succeeded';
    // What was placed by a choreographer that did not live to tell is told by the next one.
    const tree = await system.treeWhere(
      { request },
      (nodes) =>
        nodes.some((node) => node.request === request && isDone(node)) && childrenOf(nodes).length === CHILDREN,
    );
    const children = childrenOf(flattenTree(tree));
    expect(children.every(isDone)).toBe(true);
    expect(children.map(({ version }) => version)).toEqual(Array.from({ length: CHILDREN }, () => '1.0.0'));
  });

  it('is redriven with the versions that it is bound to, unless an operator names others', async () => {
    const { correlation } = await boundTree();
    const redrive = async (invocation: string, range?: string) => {
      const args = { capability: 'probe.token', argsJson: '{}' };
      const question = { invocation, args, ...(range && { range }) };
      const answered = () =>
        ask<RedriveAnswer>(system.client.requester, 'choreographer', 'redrive', question).catch(() => undefined);
      const { redriven } = (await until(answered, (answer) => answer !== undefined)) ?? { redriven: [] };
      const isEnded = ({ invocation: id, endedAtMs }: { invocation: string; endedAtMs?: number | undefined }) =>
        id === redriven[0]?.invocation && endedAtMs !== undefined;
      const tree = await system.treeWhere({ correlation }, (nodes) => nodes.some(isEnded));
      return flattenTree(tree).find(isEnded);
    };
    const die = async () => {
      const request = await storeRaw(system, 'probe.call', '{"bad":1}', { headers: headersOf({ correlation }) });
      const isDead = (node: { request?: number | undefined; state: string }) =>
        node.request === request && node.state === 'failed';
      const tree = await system.treeWhere({ correlation }, (nodes) => nodes.some(isDead));
      const dead = flattenTree(tree).find(isDead);
      expect(dead?.version).toBe('1.0.0');
      return dead?.invocation ?? '';
    };
    expect(await redrive(await die())).toMatchObject({ plugin: 'probe', version: '1.0.0' });
    expect(await redrive(await die(), '1.1.0')).toMatchObject({ plugin: 'probe', version: '1.1.0' });
  });

  it('is not misled by what NATS itself can be made to publish', async () => {
    const correlation = randomId();
    // NATS answers on whatever reply subject a message to a stream names.
    system.bus.nc.publish('orc.v1.request.tester.probe.echo', '{"text":"hi"}', {
      reply: `orc.v1.bound.${correlation}.tester.probe`,
    });
    await system.bus.nc.flush();
    expect(versionOf(await call('probe', { correlation, range: '1.0.0' }))).toBe('1.0.0');
    expect(versionOf(await call('probe', { correlation }))).toBe('1.0.0');
  });

  it('is asked for by the command, too', async () => {
    const args = JSON.stringify({ capability: 'probe.token', argsJson: '{}' });
    const { stdout } = await run(['--nats', system.nats.url, 'call', 'mirror.call', '--args', args, '--sticky']);
    const { json } = JSON.parse(stdout) as { json: string };
    expect(readContextToken((JSON.parse(json) as { text: string }).text).sticky).toBe(true);
  });
});
