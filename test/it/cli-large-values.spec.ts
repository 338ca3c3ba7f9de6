/** Values that are too large for a message, at the command line. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CallTree, type DeadLetterDetail, LIMITS } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { expectPlain, run } from './command.js';

const REFERENCE = /\/objects\/[0-9a-f]{32}\?size=\d+&sha256=[0-9a-f]{64}/;

describe('large values at the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-large-'));
  let system: TestSystem;
  let at: string[];

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
    at = ['--nats', system.nats.url];
  });

  afterAll(async () => {
    await system?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const command = (...words: string[]) => run([...at, ...words]);

  /** A file with the arguments of `probe.echo`, of so many bytes. */
  function argumentsOf(bytes: number, letter = 'x'): string {
    const file = join(folder, `${letter}-${bytes}.json`);
    writeFileSync(file, JSON.stringify({ text: letter.repeat(bytes - '{"text":""}'.length) }));
    expect(statSync(file).size).toBe(bytes);
    return file;
  }

  it.each([['--timeout', '60'], ['--durable']])(
    'call %s %s — sends a file of 64 MiB, and prints as much',
    async (...how) => {
      const file = argumentsOf(LIMITS.objectBytes);
      const { code, stdout, stderr } = await command('call', 'probe.echo', '--args', file, '--json', ...how);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { result, correlation } = JSON.parse(stdout);
      expect(result.text.length).toBe(LIMITS.objectBytes - '{"text":""}'.length);
      await system.treeWhere({ correlation }, ([root]) => root?.state === 'succeeded' && root.resultAt !== undefined);
      const tree = await command('trace', correlation);
      expect(tree.stdout).toMatch(new RegExp(`^ +arguments {2}${REFERENCE.source}$`, 'm'));
      expect(tree.stdout).toMatch(new RegExp(`^ +result {2}${REFERENCE.source}$`, 'm'));
      const shown: CallTree = JSON.parse((await command('trace', correlation, '--json')).stdout);
      expect(shown.roots[0]).toMatchObject({ argsAt: expect.stringContaining(`size=${LIMITS.objectBytes}&`) });
    },
  );

  it('call — refuses a file that is larger than the limit, and says what that is', async () => {
    const end = await command('call', 'probe.echo', '--args', argumentsOf(LIMITS.objectBytes + 1));
    expectPlain(end, 2, /the limit is 67108864/);
  });

  it('objects — put prints a reference, for which get prints the same bytes', async () => {
    const file = argumentsOf(700_000, 'y');
    const put = await command('objects', 'put', file);
    expect(put.stdout).toMatch(new RegExp(`^${REFERENCE.source}\n$`));
    const get = await command('objects', 'get', put.stdout.trim());
    expect(get).toMatchObject({
      code: 0,
      stdout: JSON.stringify({ text: 'y'.repeat(700_000 - '{"text":""}'.length) }),
    });
    expectPlain(await command('objects', 'get', put.stdout.trim().replace('size=7', 'size=8')), 1, /object store/);
    expectPlain(await command('objects', 'get', 'x'), 2, /ce-dataref is/);
    expectPlain(await command('objects', 'put', join(folder, 'absent')), 2, /no such file/);
  });

  it('dead — show says where the arguments are, and redrive takes others as large', async () => {
    const handle = await system.client.request({ plugin: 'probe', capability: 'work' }, { name: 'z'.repeat(600_000) });
    expect((await handle.outcome()).result.ok).toBe(false);
    const { invocation } = handle;
    const { stdout } = await command('dead', 'show', invocation);
    expect(stdout).toMatch(/\(6\d{5} bytes in the object store: npx orchestrator objects get '\/objects\//);
    const letter: DeadLetterDetail = JSON.parse((await command('dead', 'show', invocation, '--json')).stdout);
    expect(letter).not.toHaveProperty('body');
    const file = join(folder, 'work.json');
    writeFileSync(file, JSON.stringify({ name: 'w'.repeat(600_000), ms: 0 }));
    expect(await command('dead', 'redrive', invocation, '--args', file)).toMatchObject({ code: 0 });
    await system.treeWhere({ correlation: letter.correlation }, (all) =>
      all.some((one) => one.redriveOf === invocation && one.state === 'succeeded'),
    );
  });
});
