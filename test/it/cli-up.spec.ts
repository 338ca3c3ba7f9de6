/** `up` as a person runs it: what dies is started again, and however `up` ends, nothing of it stays. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { expectPlain, type Running, run, start } from './command.js';
import { allGone, killAll, type SeenProcess, treeOf } from './process-tree.js';

const PORT = '24222';
const AT = ['--nats', `nats://127.0.0.1:${PORT}`];
const CALL = [...AT, 'call', 'editor.copy-edit', '--args', '{"text":"It is a apple."}'];

describe('up', () => {
  let folder: string;
  let tmp: string;
  let running: { readonly ended: Running['ended']; readonly tree: readonly SeenProcess[] }[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'orc-up-'));
    tmp = mkdtempSync(join(folder, 'tmp-'));
    running = [];
  });

  afterEach(async () => {
    for (const { tree } of running) killAll(tree);
    await Promise.all(running.map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  async function up({ byOldNode = true, args = ['--no-jaeger'] } = {}) {
    const command = ['up', '--port', PORT, '--data', join(folder, 'data'), ...args];
    const one = start(command, { env: { TMPDIR: tmp, ORC_JAEGER_URL: '' }, byOldNode });
    await one.says('run a plugin of yours');
    const tree = treeOf(one.pid);
    running.push({ ended: one.ended, tree });
    const find = (words: string) => tree.find(({ command: line }) => line.includes(words)) as SeenProcess;
    return { ...one, tree, find };
  }

  function privateFolders(): string[] {
    return readdirSync(tmp).filter((name) => name.startsWith('orchestrator-nats-'));
  }

  it.each([
    ['Ctrl-C', 'SIGINT', true],
    ['SIGTERM', 'SIGTERM', true],
    ['Ctrl-C with the right Node', 'SIGINT', false],
    ['SIGTERM with the right Node', 'SIGTERM', false],
  ] as const)(
    'then %s — drains, ends with 0 and leaves no process and no folder behind',
    async (_, signal, byOldNode) => {
      const { child, ended, tree } = await up({ byOldNode });
      expect(tree.filter(({ command }) => /dist\/main\.js|store_dir/.test(command))).toHaveLength(5);
      child.kill(signal);
      const { code, stderr } = await ended;
      expect(code).toBe(0);
      expect(stderr).toMatch(/ending …\n$/);
      await allGone(tree);
      expect(privateFolders()).toEqual([]);
      expectPlain(await run([...AT, 'plugins']), 3);
    },
  );

  it('and kill -9 of the one that stands for it — ends in order', async () => {
    const { child, tree, says } = await up();
    child.kill('SIGKILL');
    await says('ending …');
    await allGone(tree);
    expect(privateFolders()).toEqual([]);
  });

  it('and kill -9 — ends all that it had started; the next start removes its passwords', async () => {
    const { ended, pid, tree } = await up();
    process.kill(tree.find(({ parent }) => parent === pid)?.pid ?? 0, 'SIGKILL');
    expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    await allGone(tree);
    const [left] = privateFolders();
    expect(left).toBeDefined();
    await up();
    expect(privateFolders()).toHaveLength(1);
    expect(privateFolders()).not.toContain(left);
  });

  it('and kill -9 of nats-server and of a service — both start again, calls work, Ctrl-C ends all of it in order', async () => {
    const { child, ended, says, tree, find } = await up();
    process.kill(find('store_dir').pid, 'SIGKILL');
    process.kill(find('services/choreographer').pid, 'SIGKILL');
    await Promise.all([says('nats-server runs again'), says('choreographer runs again')]);
    for (;;) {
      const { code, stdout } = await run(CALL); // plugins are back when their next heartbeat is
      if (code !== 0) continue;
      expect(JSON.parse(stdout)).toMatchObject({ text: 'It is an apple.' });
      break;
    }
    const now = treeOf(child.pid ?? 0);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/ending …\n$/);
    await allGone([...tree, ...now]);
  });

  it('and Ctrl-C while nats-server is away — ends with 0 and no complaint', async () => {
    const { child, ended, says, tree, find } = await up();
    process.kill(find('store_dir').pid, 'SIGKILL');
    await says('nats-server has ended by itself');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/ending …\n$/);
    await allGone(tree);
  });

  it('and kill -9 of Jaeger — starts it again at the same address', async () => {
    const { ended, child, says, find, tree } = await up({ args: [] });
    process.kill(find('jaeger.yaml').pid, 'SIGKILL');
    await says('jaeger runs again');
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toContain('Jaeger at http://127.0.0.1:');
    await allGone(tree);
  });
});
