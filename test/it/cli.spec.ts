/** The command as a person or a script uses it: a process with arguments, output and an exit code. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CallClient } from '@orchestrator/bus';
import { shippedPlugins } from '@orchestrator/local';
import type { CallTree } from '@orchestrator/protocol';
import { startTestSystem, type TestSystem } from '@orchestrator/testing';
import { expectPlain, run, start } from './command.js';
import { allGone, treeOf } from './process-tree.js';

const ARTICLE = '# Tea\n\nIt is a apple  that we utilize for the the tea.\n';

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-cli-'));
  const article = join(folder, 'tea.md');
  const out = join(folder, 'out');

  beforeAll(() => writeFileSync(article, ARTICLE));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe('beside a running system', () => {
    let system: TestSystem;
    let at: string[];

    beforeAll(async () => {
      system = await startTestSystem({ plugins: shippedPlugins() });
      at = ['--nats', system.nats.url];
    });

    afterAll(() => system?.stop());

    it('manifest — of an installed plugin is the one that its code prints', async () => {
      const entry = shippedPlugins().find(({ name }) => name === 'editor')?.entry ?? '';
      const [installed, built] = [await run([...at, 'manifest', 'editor']), await run(['manifest', entry])];
      expect(installed).toMatchObject({ code: 0, stdout: built.stdout });
      expect(await run([...at, 'manifest', 'editor@9.9.9'])).toMatchObject({ code: 1 });
      expect(await run(['manifest', article])).toMatchObject({ code: 2 });
    });

    it('validate and diff — say what is wrong at its line, and what breaks callers', async () => {
      const { stdout } = await run([...at, 'manifest', 'editor']);
      const [good, bad, other] = [join(folder, 'good.json'), join(folder, 'bad.yaml'), join(folder, 'other.json')];
      writeFileSync(good, stdout);
      writeFileSync(bad, 'name: editor\nversion: one\ndescription: Edits.\ncapabilities: []\nuses: []\n');
      writeFileSync(other, stdout.replace('"name": "copy-edit"', '"name": "edit"').replace('1.0.0', '1.1.0'));
      expect(await run(['validate', good])).toMatchObject({ code: 0, stdout: expect.stringContaining('It is good.') });
      const wrong = await run(['validate', bad]);
      expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining(`${bad}:2:1 /version  expected`) });
      expect(await run([...at, 'diff', 'editor@1.0.0', good])).toMatchObject({ code: 0 });
      const broken = await run([...at, 'diff', 'editor', other, '--json']);
      expect(broken.code).toBe(1);
      expect(JSON.parse(broken.stdout)).toMatchObject({
        ...{ older: '1.0.0', newer: '1.1.0', allowed: false },
        changes: [{ breaking: true, rule: 'capability-removed' }, { rule: 'capability-added' }],
      });
      expect(await run(['diff', good, bad])).toMatchObject({ code: 2 });
    });

    it('plugins graph and impact — show who needs whom, in every form', async () => {
      const text = await run([...at, 'plugins', 'graph']);
      expect(text).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('→ designer.illustrate ^1.0.0  designer@1.0.0'),
      });
      expect(JSON.parse((await run([...at, 'plugins', 'graph', '--format', 'json'])).stdout)).toMatchObject({
        cycles: [],
      });
      expect((await run([...at, 'plugins', 'graph', '--format', 'mermaid'])).stdout).toMatch(/^flowchart LR\n/);
      expect((await run([...at, 'plugins', 'graph', '--format', 'svg'])).stdout).toMatch(/^<svg .*<\/svg>\n$/s);
      const impact = await run([...at, 'plugins', 'impact', 'designer@1', '--json']);
      expect(JSON.parse(impact.stdout)).toMatchObject({ impacts: [{ id: 'editor@1.0.0', distance: 1 }] });
      expect(await run([...at, 'plugins', 'impact', 'designer@9'])).toMatchObject({ code: 1 });
      expect(await run([...at, 'plugins', 'impact', 'designer@x@y'])).toMatchObject({ code: 2 });
    });

    it('plugins search — finds by words, by what is taken and by what comes of it', async () => {
      const names = async (...args: string[]) => {
        const { stdout } = await run([...at, 'plugins', 'search', ...args, '--json']);
        return (JSON.parse(stdout) as { capabilities: { capability: string }[] }).capabilities.map(
          (one) => one.capability,
        );
      };
      expect(await names('illustrations')).toEqual(['designer.illustrate']);
      expect(await names('editor.copy-edit')).toEqual(['editor.copy-edit']);
      expect(await names('--name', 'copy-edit')).toEqual(['editor.copy-edit']);
      expect(await names('--name', 'copy')).toEqual([]);
      expect(await names('--accepts', '{"text":5}')).toEqual([]);
      expect(await names('--tag', 'prose', '--accepts', '{"text":"tea"}')).toContain('editor.copy-edit');
      expect(await names('--produces', '{"required":["svg"]}')).toEqual(['designer.illustrate']);
      expect(await run([...at, 'plugins', 'search', 'tea'])).toMatchObject({
        code: 0,
        stdout: 'No capability fits.\n',
      });
      expect(await run([...at, 'plugins', 'search', '--produces', '{"type":"tea"}'])).toMatchObject({ code: 2 });
    });

    it('plugins — lists what is installed, for people and as JSON', async () => {
      const people = await run([...at, 'plugins']);
      expect(people).toMatchObject({ code: 0 });
      expect(people.stdout).toMatch(/editor 1\.0\.0 {2}1 live/);
      expect(people.stdout).not.toContain('\u001b[');
      const json = JSON.parse((await run([...at, 'plugins', '--json'])).stdout);
      expect(json.map((plugin: { name: string }) => plugin.name).sort()).toEqual(['designer', 'editor']);
    });

    it('call — takes arguments as JSON, from a file and from standard input', async () => {
      const args = JSON.stringify({ text: ARTICLE });
      const file = join(folder, 'args.json');
      writeFileSync(file, args);
      for (const [source, input] of [[args], [file], ['-', args]] as const) {
        const end = await run([...at, 'call', 'editor.copy-edit', '--args', source ?? '', '--json'], {}, input);
        expect(end).toMatchObject({ code: 0 });
        expect(JSON.parse(end.stdout).result.text).toContain('an apple');
      }
    });

    it('call --durable, then trace — by correlation, by request and by id show the same tree', async () => {
      const call = ['call', 'editor.copy-edit', '--args', '{"text":"Tea."}', '--durable', '--id', 'cli-1'];
      const { correlation } = JSON.parse((await run([...at, ...call, '--json'])).stdout);
      await system.treeWhere({ correlation }, ([root]) => root?.state === 'succeeded');
      const trees = await Promise.all(
        [[correlation], ['--id', 'cli-1'], ['--request', '1']].map(async (how) =>
          JSON.parse((await run([...at, 'trace', ...how, '--json'])).stdout),
        ),
      );
      expect(trees[0].roots[0]).toMatchObject({
        plugin: 'editor',
        capability: 'copy-edit',
        caller: 'cli',
        key: 'cli-1',
      });
      expect(trees[1]).toEqual({ trees: [trees[0]], more: false });
      expect(trees[2]).toEqual(trees[0]);
      const people = await run([...at, 'trace', correlation]);
      expect(people.stdout).toMatch(/✓ editor\.copy-edit 1\.0\.0 {2}depth 1 · durable · 1 attempt/);
    });

    it('trace of one ce-id of two callers — shows both trees; --caller shows one, also beside a refused request', async () => {
      const [alice, bob] = ['alice', 'bob'].map((caller) => new CallClient(system.bus, caller));
      const edit = { plugin: 'editor', capability: 'copy-edit' };
      const key = 'order-17';
      for (const client of [alice, bob]) await (await client?.request(edit, { text: 'Tea.' }, { key }))?.outcome();
      const refused = await alice?.request(edit, { text: 'Other.' }, { key });
      await system.treeWhere({ request: refused?.sequence ?? 0 }, ([root]) => root?.state === 'refused');
      const trace = async (...more: string[]) => (await run([...at, 'trace', '--id', key, ...more])).stdout;
      const tops = (text: string) => text.split('\n').filter((line) => /^(alice|bob|└─ .)/.test(line.slice(0, 5)));
      expect(tops(await trace()).map((line) => line.slice(0, 5).trim())).toEqual([
        'alice',
        '└─ ✓',
        'bob',
        '└─ ✓',
        'alice',
        '└─ ✗',
      ]);
      expect(tops(await trace('--caller', 'bob'))).toHaveLength(2);
      const ofAlice = JSON.parse(await trace('--caller', 'alice', '--json'));
      expect(ofAlice.trees.map((tree: CallTree) => tree.roots[0]?.state)).toEqual(['succeeded', 'refused']);
      expectPlain(await run([...at, 'trace', '--id', key, '--caller', 'nobody']), 1, 'not-found');
    });

    it('call — says how to see its tree, at the same server', async () => {
      const end = await run([...at, 'call', 'editor.copy-edit', '--args', '{"text":"Tea."}']);
      const [, words] = /^Call tree: npx orchestrator (.*)$/m.exec(end.stderr) ?? [];
      const { correlation } = JSON.parse((await run([...(words?.split(' ') ?? []), '--json'])).stdout);
      expect(words).toBe(`--nats ${system.nats.url} trace ${correlation}`);
    });

    it('call --durable, then Ctrl-C — exit code 130; the request stays', async () => {
      await system.processes.get('editor')?.stop();
      const call = start([...at, 'call', 'editor.copy-edit', '--args', '{"text":"Tea."}', '--durable']);
      await call.says('Stored as request');
      call.child.kill('SIGINT');
      const end = await call.ended;
      expectPlain(end, 130, 'Interrupted');
      await system.start('editor');
      const request = Number(/Stored as request (\d+)/.exec(end.stderr)?.[1]);
      await system.treeWhere({ request }, ([root]) => root?.state === 'succeeded');
    });

    it('call that ends in a fault — exit code 1, every wrong field named', async () => {
      const end = await run([...at, 'call', 'editor.copy-edit', '--args', '{"text":1,"more":true}']);
      expectPlain(end, 1, 'invalid-argument', '/text', '/more');
    });

    it('trace of what is not there — exit code 1 and a plain message', async () => {
      expectPlain(await run([...at, 'trace', 'f'.repeat(32)]), 1, 'not-found');
    });
  });

  it.each([
    ['an unknown command', ['fly'], /unknown command/],
    ['a missing option', ['call', 'editor.copy-edit'], /--args/],
    ['arguments that are not JSON', ['call', 'editor.copy-edit', '--args', '{"text":'], /not JSON/],
    ['an arguments file that is not there', ['call', 'editor.copy-edit', '--args', 'nowhere.json'], /no such file/],
    ['a missing article', ['demo', '--article', 'nowhere.md'], /no such file/],
    ['a folder as article', ['demo', '--article', '.'], /folder/],
    ['a file as folder for the outputs', ['demo', '--out', article], /Cannot write to .* is a file/],
    ['a capability without plugin', ['call', 'editor', '--args', '{}'], /plugin\.capability/],
    ['a caller that is no name', ['--caller', 'X Y', 'plugins'], /lower case letters, digits and inner hyphens/],
    ['an address that is none', ['--nats', 'nats://', 'plugins'], /not a NATS address/],
    ['--no-wait for what is not stored', ['call', 'editor.copy-edit', '--args', '{}', '--no-wait'], /--durable/],
    ['a correlation that is none', ['trace', 'zz'], /32 hex digits/],
    ['a sequence that is none', ['trace', '--request', 'abc'], /--request/],
    ['a sequence that is below 1', ['trace', '--request', '0'], /--request/],
    ['two ways to find a tree', ['trace', 'f'.repeat(32), '--id', 'x'], /one of/],
    ['a file as data folder', ['up', '--data', article], /Cannot write to .* is a file/],
    ['a port that is none', ['up', '--port', 'http'], /--port/],
  ])('%s — exit code 2 and a plain message', async (_what, args, message) => {
    expectPlain(await run(args), 2, message);
  });

  it('started with a Node that is too old — input, output and exit code are those of the right one', async () => {
    const old = await start(['call', 'editor.copy-edit', '--args', '-'], { input: 'no JSON', byOldNode: true }).ended;
    expectPlain(old, 2, /Standard input is not JSON/);
    expect(await start(['--version'], { byOldNode: true }).ended).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  it('--help — exit code 0, names every command', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of ['up', 'demo', 'plugins', 'call', 'trace']) expect(stdout).toContain(command);
  });

  it('no NATS at the address — exit code 3, and what to do', async () => {
    expectPlain(await run(['--nats', 'nats://127.0.0.1:1', 'plugins']), 3, 'npx orchestrator up');
  });

  it('a port in use — exit code 3, names the port', async () => {
    const server = createServer();
    const port = await new Promise<number>((done) => {
      server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port));
    });
    const end = await run(['up', '--no-jaeger', '--port', `${port}`, '--data', join(folder, 'data')]);
    server.close();
    expectPlain(end, 3, String(port), 'in use');
  });

  it('no nats-server to be had — exit code 3, names every way to get one', async () => {
    const nothing = { PATH: folder, ORC_TOOLS_DIR: join(folder, 'no-tools') };
    const demo = await run(['demo', '--article', article], nothing);
    expectPlain(demo, 3, 'nats-server', 'PATH', 'go install', /docker/i);
    expect(demo.stderr).not.toContain('export ORC_NATS_URL'); // it needs users of its own, so this is no way for it
    const up = await run(['up', '--no-jaeger', '--data', join(folder, 'data')], nothing);
    expectPlain(up, 3, 'export ORC_NATS_URL');
  });

  it('demo — edits the article, has it illustrated, prints the tree and where the outputs lie', async () => {
    const end = await run(['demo', '--article', article, '--out', out], { ORC_JAEGER_URL: '' });
    expect(end).toMatchObject({ code: 0 });
    expect(end.stdout).toMatch(/✓ editor\.prepare-article.*\n {3}└─ ✓ designer\.illustrate/);
    expect(end.stdout).toMatch(/correlation [0-9a-f]{32}\ntrace {7}[0-9a-f]{32}/);
    const files = ['article.md', 'edits.json', 'illustration.svg'].map((name) => join(out, 'tea', name));
    expect(files.map((file) => existsSync(file))).toEqual([true, true, true]);
    expect(readFileSync(files[0] ?? '', 'utf8')).toMatch(/# Tea\n\n!\[.*\]\(illustration\.svg\)\n\nIt is an apple/);
    expect(end.stdout).toContain('ends with this demo');
    expect(end.stdout).not.toMatch(/http:\/\/127/); // no link to what is gone by now
  });

  it.each([
    ['a web page', '<title>Jaeger UI</title>', 'trace', false],
    ['none', '<p>a binary that was not compiled with the UI assets.</p>', 'api/traces', true],
  ])('demo beside a Jaeger with %s — says where the trace is to be seen', async (_, page, path, hasHint) => {
    const jaeger = createHttpServer((request, response) => {
      const trace = JSON.stringify({ data: [{ spans: [1, 2] }] });
      response.end(request.url === '/' ? page : trace);
    });
    const url = await new Promise<string>((done) => {
      jaeger.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${(jaeger.address() as AddressInfo).port}`));
    });
    const env = { ORC_JAEGER_URL: url, OTEL_EXPORTER_OTLP_ENDPOINT: url };
    const { code, stdout } = await run(['demo', '--article', article, '--out', out], env);
    jaeger.close();
    expect(code).toBe(0);
    const [, trace] = /\ntrace {7}([0-9a-f]{32})/.exec(stdout) ?? [];
    expect(stdout).toContain(`${url}/${path}/${trace} `);
    expect(stdout).toContain('2 of 2 invocations');
    expect(stdout.includes('put a released jaeger on PATH')).toBe(hasHint);
  });

  it('demo, then Ctrl-C half way — exit code 130, nothing left behind', async () => {
    const demo = start(['demo', '--article', article, '--out', join(folder, 'never')]);
    await demo.says('starting plugins');
    const tree = treeOf(demo.pid);
    demo.child.kill('SIGINT');
    expectPlain(await demo.ended, 130, 'Interrupted');
    await allGone(tree);
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });
});
