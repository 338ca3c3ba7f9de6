/** `--manifest` of a plugin: what the registry will be told, for people and for scripts. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { validateManifest } from '@orchestrator/manifest';
import { startTestSystem, type TestSystem } from '@orchestrator/testing';

const ROOT = resolve(import.meta.dirname, '../..');
const GREETER = resolve(ROOT, 'examples/greeter/dist/main.js');
const MALFORMED = resolve(ROOT, 'test/plugins/dist/malformed.js');
const PROBLEMS = [/^ {2}\/name: /m, /^ {2}\/version: /m, /^ {2}\/uses\/0\/range: /m];

function printManifest(entry: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, '--manifest'], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe('--manifest', () => {
  it('of a good plugin — is JSON and nothing else, as the registry accepts it', () => {
    const { code, stdout, stderr } = printManifest(GREETER);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(validateManifest(JSON.parse(stdout)).manifest).toMatchObject({
      name: 'greeter',
      version: '1.0.0',
      capabilities: [{ name: 'greet' }],
      uses: [{ capability: 'editor.copy-edit', range: '^1.0.0' }],
    });
  });

  it('of a malformed one — is refused with every problem, on standard error', () => {
    const { code, stdout, stderr } = printManifest(MALFORMED);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    for (const problem of PROBLEMS) expect(stderr).toMatch(problem);
  });
});

describe('a malformed plugin that is run', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [] });
  });

  afterAll(() => system?.stop());

  it('ends, and says every problem', async () => {
    const failure = await system.startPlugin({ name: 'malformed', entry: MALFORMED }).catch((error: Error) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining('ended with exit code 1 before it was ready') });
    for (const problem of PROBLEMS) expect((failure as Error).message.replace(/^ {2}/gm, '')).toMatch(problem);
  });
});
