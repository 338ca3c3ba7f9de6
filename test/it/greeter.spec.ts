/** The plugins that the README shows: they are the files in the repository, and they run. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shippedPlugins } from '@orchestrator/local';
import { flattenTree } from '@orchestrator/protocol';
import { startTestSystem, type TestSystem } from '@orchestrator/testing';

const ROOT = resolve(import.meta.dirname, '../..');

describe('the example plugins', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: shippedPlugins() });
    await system.startPlugin({ name: 'greeter', entry: resolve(ROOT, 'examples/greeter/dist/main.js') });
    await system.startPlugin({ name: 'digest', entry: resolve(ROOT, 'examples/simple-plugin/dist/main.js') });
    await system.startPlugin({ name: 'author', entry: resolve(ROOT, 'examples/greeter/dist/author.js') });
  });

  afterAll(() => system?.stop());

  it.each([
    ['greeter/src/main.ts', 'README.md'],
    ['greeter/src/author.ts', 'README.md'],
    ['simple-plugin/src/main.ts', 'docs/plugin-development.md'],
  ])('%s — stands in %s as it is', (file, document) => {
    const source = readFileSync(resolve(ROOT, 'examples', file), 'utf8');
    expect(readFileSync(resolve(ROOT, document), 'utf8')).toContain(source.trim());
  });

  it('the greeter, run as the development user — is installed, callable, and calls another plugin', async () => {
    const outcome = await system.client.call({ plugin: 'greeter', capability: 'greet' }, { name: 'Ada' });
    expect(outcome.result).toMatchObject({ ok: true, value: { greeting: expect.stringContaining('Ada') } });
    const tree = await system.treeWhere({ correlation: outcome.correlation ?? '' }, (nodes) => nodes.length === 2);
    expect(flattenTree(tree).map((node) => `${node.plugin}.${node.capability}`)).toEqual([
      'greeter.greet',
      'editor.copy-edit',
    ]);
  });

  it('the simple plugin — shortens an article in phases, and has its English edited', async () => {
    const input = '# One\n\nThis is a article. It goes on.\n\n## Two\n\nHere is more!\n';
    const outcome = await (await system.client.request({ plugin: 'digest', capability: 'run' }, { input })).outcome();
    expect(outcome.result).toMatchObject({
      ok: true,
      value: {
        data: '## One\n\nThis is an article.\n\n## Two\n\nHere is more!\n',
        metadata: { Editing: { sections: 2 } },
      },
    });
    const empty = await system.client.call({ plugin: 'digest', capability: 'run' }, { input: ' ' });
    expect(empty.result).toMatchObject({ ok: false, fault: { code: 'invalid-argument' } });
  });

  it('the author — streams a story to whoever asks, also to itself', async () => {
    const handle = system.client.stream({ plugin: 'author', capability: 'tell' }, { about: 'tea' });
    const values: unknown[] = [];
    for await (const { value } of handle.chunks()) values.push(value);
    expect(values).toEqual(['This story is about tea.', 'It is short.', 'That was it.']);
    const outcome = await system.client.call({ plugin: 'author', capability: 'read-aloud' }, { about: 'tea' });
    expect(outcome.result).toMatchObject({ ok: true, value: { sentences: 3 } });
  });
});
