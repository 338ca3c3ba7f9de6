/** Versions of a plugin side by side: which one runs a call is the caller's range to say, then the operator's, then the highest. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VersionShares } from '@orchestrator/manifest';
import { HEADERS, randomId, readContextToken } from '@orchestrator/protocol';
import { MIRROR, PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';
import { run } from './command.js';
import { callRaw, type RawAnswer, storeRaw } from './raw-calls.js';

const VERSIONS = 'mirror: 1.0.0; probe: 2.0.0 30%, 1.0.0 70%; designer: 7.0.0';
const CORRELATIONS = 40;
/** Open, it stays so until the end. */
const CIRCUIT = { ORC_CIRCUIT_MIN_CALLS: '5', ORC_CIRCUIT_OPEN_MS: '600000' };
const CHOREOGRAPHERS = 2;

describe('versions of a plugin that the operator has pinned, or weighs', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE, MIRROR], env: { ORC_VERSIONS: VERSIONS, ...CIRCUIT } });
    await Promise.all([
      system.start('choreographer', 'choreographer-2'),
      system.startPlugin({ ...PROBE, name: 'probe-2' }, { PROBE_VERSION: '2.0.0' }),
      system.startPlugin({ ...PROBE, name: 'probe-3' }, { PROBE_VERSION: '3.0.0' }),
      system.startPlugin({ ...MIRROR, name: 'mirror-1.1' }, { PROBE_VERSION: '1.1.0' }),
    ]);
  });

  afterAll(() => system?.stop());

  /** The version that ran it, of a capability that gives its context away. */
  const versionOf = ({ body }: RawAnswer) => readContextToken((body as { text: string }).text).version;
  const call = (plugin: string, headers: Record<string, string> = {}) =>
    callRaw(system, `${plugin}.token`, '{}', { headers });
  const version = async (plugin: string, range = '') => versionOf(await call(plugin, { [HEADERS.version]: range }));

  it('a pinned one is taken, though a higher one lives, by all whose range allows it', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => version('mirror')));
    expect(new Set(all)).toEqual(new Set(['1.0.0']));
    expect(await version('mirror', '^1.0.0')).toBe('1.0.0');
    expect(await version('mirror', '^1.1.0')).toBe('1.1.0');
    expect(await version('probe', '^3.0.0')).toBe('3.0.0');
  });

  it('a durable request gets the pinned one, too', async () => {
    const request = await storeRaw(system, 'mirror.echo', '{"text":"hi"}');
    const tree = await system.treeWhere({ request }, ([root]) => root?.state === 'succeeded');
    expect(tree.roots[0]?.version).toBe('1.0.0');
  });

  it('of weighed ones each correlation gets one, whichever choreographer decides, and so do nested calls', async () => {
    const shares = VersionShares.parse(VERSIONS);
    const seen = new Set<string>();
    const nested = { capability: 'probe.token', argsJson: '{}' };
    for (let n = 0; n < CORRELATIONS; n++) {
      const correlation = randomId();
      const headers = { [HEADERS.correlationId]: correlation };
      const expected = shares.orderFor('probe', correlation)?.[0] ?? '';
      const roots = await Promise.all(Array.from({ length: 3 }, () => call('probe', headers)));
      const outer = await callRaw(system, 'mirror.call', JSON.stringify(nested), { headers });
      const inner = JSON.parse((outer.body as { json: string }).json) as { text: string };
      const ran = [...roots.map(versionOf), readContextToken(inner.text).version];
      expect(ran).toEqual(ran.map(() => expected));
      seen.add(expected);
    }
    expect(seen).toEqual(new Set(['1.0.0', '2.0.0']));
  });

  it('are shown to operators', async () => {
    const { stdout, stderr } = await run(['--nats', system.nats.url, 'plugins']);
    expect(stdout).toMatch(/^mirror 1\.0\.0 {2}1 live {2}pinned/m);
    expect(stdout).toMatch(/^mirror 1\.1\.0 {2}1 live {2}Behaves/m);
    expect(stdout).toMatch(/^probe 2\.0\.0 {2}1 live {2}canary, 30 %/m);
    expect(stderr).toContain('ORC_VERSIONS names designer 7.0.0, which is not installed.');
    const json = await run(['--nats', system.nats.url, 'plugins', '--json']);
    const listed = JSON.parse(json.stdout) as { name: string; version: string; percent?: number }[];
    expect(listed.map((one) => [one.name, one.version, one.percent])).toEqual([
      ['mirror', '1.1.0', 0],
      ['mirror', '1.0.0', 100],
      ['probe', '3.0.0', 0],
      ['probe', '2.0.0', 30],
      ['probe', '1.0.0', 70],
    ]);
  });

  it('what is in no version that a caller accepts is refused with what is there, and what of it lives', async () => {
    const answer = await call('mirror', { [HEADERS.version]: '^5.0.0' });
    const available = ['1.1.0', '1.0.0'];
    expect(answer.body).toMatchObject({ code: 'incompatible-version', details: { available, live: available } });
  });

  it('when one is not there, its calls go to the others, and come back with it', async () => {
    await system.processes.get('probe-2')?.stop();
    const all = await until(
      () => Promise.all(Array.from({ length: 30 }, () => version('probe'))),
      (versions) => !versions.includes('2.0.0'),
    );
    expect(new Set(all)).toEqual(new Set(['1.0.0']));
    await system.processes.get('mirror')?.stop();
    expect(
      await until(
        () => version('mirror').catch(() => ''),
        (found) => found === '1.1.0',
      ),
    ).toBe('1.1.0');
    await system.start('mirror');
    expect(
      await until(
        () => version('mirror'),
        (found) => found === '1.0.0',
      ),
    ).toBe('1.0.0');
  });

  it('one that fails too often is passed by, also by durable requests that wait for it, once another one is there', async () => {
    const third = (version: string) =>
      system.startPlugin({ ...PROBE, name: `third-${version}` }, { PROBE_NAME: 'third', PROBE_VERSION: version });
    const flaky = (until: number) => callRaw(system, 'third.flaky', JSON.stringify({ name: 'third', until }));
    const waiting = async () => {
      const stats = await system.bus.nc.requestMany('$SRV.STATS.choreographer', '', { maxMessages: CHOREOGRAPHERS });
      const counts: number[] = [];
      for await (const msg of stats) {
        counts.push(
          msg.json<{ endpoints: { data: { requestsWaiting: number } }[] }>().endpoints[0]?.data.requestsWaiting ?? 0,
        );
      }
      return counts.reduce((sum, count) => sum + count, 0);
    };
    await third('1.1.0');
    await until(
      () => flaky(1),
      ({ fault }) => fault === '',
    );
    let refused = 0; // of each choreographer, many in a row
    while (refused < 20) refused = (await flaky(99)).fault === 'unavailable' ? refused + 1 : 0;
    const request = await storeRaw(system, 'third.flaky', '{"name":"third","until":1}');
    expect(await until(waiting, (count) => count > 0)).toBe(1);
    await third('1.0.0');
    const tree = await system.treeWhere({ request }, ([root]) => root?.state === 'succeeded');
    expect(tree.roots[0]?.version).toBe('1.0.0');
    const answer = await flaky(1);
    expect(answer).toMatchObject({ fault: '', body: { text: 'attempt 1' } });
    const called = await system.treeWhere({ correlation: answer.correlation }, (nodes) => nodes.length === 1);
    expect(called.roots[0]?.version).toBe('1.0.0');
  });
});
