/** The plugin of thirty lines that the README shows: it is the file in the repository, and it runs. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shippedPlugins } from '@orchestrator/local';
import { flattenTree } from '@orchestrator/protocol';
import { startTestSystem, type TestSystem } from '@orchestrator/testing';

const ROOT = resolve(import.meta.dirname, '../..');

describe('the greeter', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: shippedPlugins() });
    await system.startPlugin({ name: 'greeter', entry: resolve(ROOT, 'examples/greeter/dist/main.js') });
  });

  afterAll(() => system?.stop());

  it('stands in the README as it is', () => {
    const source = readFileSync(resolve(ROOT, 'examples/greeter/src/main.ts'), 'utf8');
    expect(readFileSync(resolve(ROOT, 'README.md'), 'utf8')).toContain(source.trim());
  });

  it('run as the development user — is installed, callable, and calls another plugin', async () => {
    const outcome = await system.client.call({ plugin: 'greeter', capability: 'greet' }, { name: 'Ada' });
    expect(outcome.result).toMatchObject({ ok: true, value: { greeting: expect.stringContaining('Ada') } });
    const tree = await system.treeWhere({ correlation: outcome.correlation ?? '' }, (nodes) => nodes.length === 2);
    expect(flattenTree(tree).map((node) => `${node.plugin}.${node.capability}`)).toEqual([
      'greeter.greet',
      'editor.copy-edit',
    ]);
  });
});
