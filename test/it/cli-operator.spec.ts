/** `orchestrator runs` and `orchestrator dead`, as an operator or a script uses them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DeadLetter, Run } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { expectPlain, run, start } from './command.js';

const WORK = { plugin: 'probe', capability: 'work' };
const ECHO = { plugin: 'probe', capability: 'echo' };

describe('runs and dead letters at the command line', () => {
  let system: TestSystem;
  let at: string[];

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
    at = ['--nats', system.nats.url];
  });

  afterAll(() => system?.stop());

  const command = (...words: string[]) => run([...at, ...words]);

  async function json<T>(...words: string[]): Promise<T> {
    const end = await command(...words, '--json');
    expect(end).toMatchObject({ code: 0 });
    return JSON.parse(end.stdout);
  }

  async function die(name = 'x') {
    const handle = await system.client.request(WORK, { name, ms: -1 });
    const { correlation = '' } = await handle.outcome();
    await system.treeWhere({ correlation }, ([root]) => root?.state === 'failed');
    return { invocation: handle.invocation, correlation };
  }

  async function succeed() {
    const handle = await system.client.request(ECHO, { text: 'hi' });
    const { correlation = '' } = await handle.outcome();
    await system.treeWhere({ correlation }, ([root]) => root?.state === 'succeeded');
    return { invocation: handle.invocation, correlation };
  }

  it('runs — newest first, narrowed by state, plugin, caller, time and number, for people and as JSON', async () => {
    const [good, bad] = [await succeed(), await die()];
    const all = await json<Run[]>('runs');
    expect(all.slice(0, 2)).toMatchObject([
      { invocation: bad.invocation, state: 'failed', fault: 'invalid-argument', caller: 'tester', ...WORK },
      { invocation: good.invocation, state: 'succeeded', correlation: good.correlation },
    ]);
    expect(await json('runs', '--state', 'succeeded', '--limit', '1')).toMatchObject([{ invocation: good.invocation }]);
    expect(await json('runs', 'list', '--capability', 'work', '--limit', '1')).toEqual([all[0]]);
    for (const none of [
      ['--plugin', 'absent'],
      ['--called-by', 'nobody'],
      ['--until', '1h'],
      ['--since', '2999-01-01'],
    ]) {
      expect(await json('runs', ...none)).toEqual([]);
    }
    const people = await command('runs', '--since', '1h');
    expect(people.stdout).toMatch(/ {2}failed +probe\.work +tester +\d+ ms invalid-argument$/m);
    expect(people.stdout).not.toContain('\u001b[');
    expect((await command('runs', '--plugin', 'absent')).stdout).toBe('No runs.\n');
  });

  it('runs show — by invocation and by correlation: times, attempts, fault and tree', async () => {
    const bad = await die();
    for (const id of [bad.invocation, bad.correlation]) {
      const { code, stdout } = await command('runs', 'show', id);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^probe\.work 1\.0\.0$/m);
      expect(stdout).toMatch(new RegExp(`^invocation +${bad.invocation}$`, 'm'));
      expect(stdout).toMatch(/^fault +invalid-argument: /m);
      expect(stdout).toMatch(/✗ probe\.work 1\.0\.0 {2}depth 1 · durable/);
    }
    expect(await json('runs', 'show', bad.invocation)).toMatchObject({ roots: [{ invocation: bad.invocation }] });
    expectPlain(await command('runs', 'show', 'f'.repeat(32)), 1, 'not-found');
  });

  it('runs follow — tells of each as it comes, goes on after the choreographer was away, and ends with Ctrl-C', async () => {
    const follow = start([...at, 'runs', 'follow', '--json', '--plugin', 'probe']);
    await follow.says('Following');
    const first = await followed(follow);
    await system.processes.get('choreographer')?.stop();
    await follow.says('Nobody answers');
    const away = await system.client.request(ECHO, { text: 'meanwhile' });
    await system.start('choreographer');
    const { correlation } = await away.outcome();
    await follow.says('Answered again');
    const { invocation } = away;
    await follow.says(
      `${JSON.stringify({ invocation, correlation, caller: 'tester', ...ECHO, state: 'succeeded' }).slice(0, -1)},`,
    );
    follow.child.kill('SIGINT');
    const { code, stdout } = await follow.ended;
    expect(code).toBe(0);
    const lines: Run[] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const endsOf = (invocation: string) =>
      lines.filter((line) => line.invocation === invocation && line.state === 'succeeded');
    expect([endsOf(first).length, endsOf(away.invocation).length]).toEqual([1, 1]);
  });

  /** A run that the command has told of: it follows from some moment after it said so. */
  async function followed(follow: ReturnType<typeof start>): Promise<string> {
    for (;;) {
      const { invocation } = await succeed();
      const told = follow.says(`"invocation":"${invocation}"`).then(() => true);
      const later = succeed()
        .then(() => succeed())
        .then(() => false);
      if (await Promise.race([told, later])) return invocation;
    }
  }

  it('dead list and show — with filters, for people and as JSON', async () => {
    const dead = await die('shown');
    const [letter] = await json<DeadLetter[]>('dead', 'list', '--plugin', 'probe', '--code', 'invalid-argument');
    expect(letter).toMatchObject({ invocation: dead.invocation, ...WORK, caller: 'tester' });
    expect(await json('dead', 'list', '--called-by', 'nobody')).toEqual([]);
    const people = await command('dead', 'list', '--since', '1h', '--limit', '1');
    expect(people.stdout).toMatch(new RegExp(`^${dead.invocation} .* probe\\.work +tester +invalid-argument: `));
    const show = await command('dead', 'show', dead.invocation);
    expect(show).toMatchObject({ code: 0 });
    for (const part of ['"name": "shown"', 'invalid-argument', dead.correlation, 'ended attempt 1', 'ce-id']) {
      expect(show.stdout).toContain(part);
    }
    const shown = await json<{ body: string }>('dead', 'show', dead.invocation);
    expect(JSON.parse(Buffer.from(shown.body, 'base64').toString())).toEqual({ name: 'shown', ms: -1 });
  });

  it('dead redrive of one — with other arguments, says how to see its tree; the letter is gone', async () => {
    const dead = await die();
    const end = await command('dead', 'redrive', dead.invocation, '--args', '{"name":"mended","ms":0}');
    expect(end).toMatchObject({ code: 0 });
    expect(end.stdout).toMatch(new RegExp(`^${dead.invocation} is redriven as [0-9a-f-]{36}\n$`));
    expect(end.stderr).toContain(`trace ${dead.correlation}`);
    const { correlation } = dead;
    await system.treeWhere({ correlation }, (nodes) => nodes.at(-1)?.state === 'succeeded');
    expect((await command('trace', correlation)).stdout).toContain(`redrive of ${dead.invocation}`);
    expectPlain(await command('dead', 'redrive', dead.invocation), 1, 'not-found');
  });

  it('dead redrive and discard by filter — all that fit; where nobody can be asked, only with --yes', async () => {
    await command('dead', 'discard', '--all', '--yes');
    const dead = [await die(), await die(), await die()].map((one) => one.invocation).sort();
    for (const verb of ['redrive', 'discard']) {
      expectPlain(await command('dead', verb, '--plugin', 'probe'), 2, '3 dead letters', '--yes');
    }
    const { redriven } = await json<{ redriven: { redriveOf: string; invocation: string }[] }>(
      ...['dead', 'redrive', '--plugin', 'probe', '--yes'],
    );
    expect(redriven.map((one) => one.redriveOf).sort()).toEqual(dead);
    const again = redriven.map((one) => one.invocation).sort();
    for (const invocation of again) await system.treeWhere({ invocation }, (nodes) => nodes.at(-1)?.state === 'failed');
    const { discarded } = await json<{ discarded: string[] }>('dead', 'discard', '--code', 'invalid-argument', '--yes');
    expect(discarded.toSorted()).toEqual(again);
    expect(await json('dead', 'list')).toEqual([]);
    expectPlain(await command('dead', 'discard', '--all', '--yes'), 0, 'No dead letter fits');
    expect((await command('dead', 'list')).stdout).toBe('No dead letters.\n');
  });

  it.each([
    ['runs with a state that is none', ['runs', '--state', 'sad'], /--state/],
    ['runs since no time', ['runs', '--since', 'yesterday'], /--since/],
    ['runs with no limit', ['runs', '--limit', '0'], /--limit/],
    ['runs show of what is no id', ['runs', 'show', 'zz'], /UUID/],
    ['dead list with a fault that is none', ['dead', 'list', '--code', 'sad'], /--code/],
    ['dead list of what is no plugin', ['dead', 'list', '--plugin', 'A B'], /plugin/],
    ['dead redrive of nothing', ['dead', 'redrive'], /one of/],
    ['dead redrive of one and of all', ['dead', 'redrive', 'x', '--all'], /one of/],
    ['dead redrive with arguments that are not JSON', ['dead', 'redrive', 'x', '--args', '{'], /not JSON/],
    ['dead redrive of what is no invocation', ['dead', 'redrive', 'x'], /UUID/],
    ['dead discard of nothing', ['dead', 'discard'], /one of/],
  ])('%s — exit code 2 and a plain message', async (_what, words, message) => {
    expectPlain(await command(...words), 2, message);
  });

  it('--help — names every subcommand and its options', async () => {
    expect((await run(['--help'])).stdout).toMatch(/runs[\s\S]*dead/);
    expect((await run(['runs', '--help'])).stdout).toMatch(/list[\s\S]*show[\s\S]*follow/);
    expect((await run(['dead', '--help'])).stdout).toMatch(/list[\s\S]*show[\s\S]*redrive[\s\S]*discard/);
    expect((await run(['dead', 'redrive', '--help'])).stdout).toMatch(/--args[\s\S]*--yes/);
  });
});
