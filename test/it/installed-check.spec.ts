/** What a manifest asks for and needs, beside what is installed: before it is, by `validate --installed`, and after, by `plugins`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectBus, Requester } from '@orchestrator/bus';
import { subjects } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';
import { run } from './command.js';

const text = (type: string) => ({ type: 'object', properties: { text: { type } }, additionalProperties: false });

describe('a manifest beside what is installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-check-'));
  const file = join(folder, 'newcomer.json');
  const newcomer = {
    ...{ name: 'newcomer', version: '1.1.0', description: 'Comes.' },
    capabilities: [{ name: 'come', description: 'Comes.', input: text('string'), output: true }],
    uses: [{ capability: 'probe.echo', range: '^1.0.0', input: text('number') }],
    grants: ['probe.work', 'start-root'],
  };
  let system: TestSystem;

  beforeAll(async () => {
    writeFileSync(file, JSON.stringify(newcomer));
    system = await startTestSystem({ plugins: [PROBE], env: { ORC_GRANTS: 'newcomer: probe.*' } });
  });

  afterAll(async () => {
    await system?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function announce(manifest: { name: string }): Promise<void> {
    const author = await connectBus({ url: system.urlAs('plugin'), name: 'author' });
    const body = JSON.stringify({ manifest, instance: 'i1' });
    const answer = await new Requester(author).request(subjects.announce(manifest.name), body, { timeoutMs: 10_000 });
    expect(answer.json()).toMatchObject({ accepted: true });
    await author.nc.close();
  }

  it('validate — says what it asks for; --installed also what does not fit, would be refused, and is granted', async () => {
    const alone = await run(['validate', file]);
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining('to grant it probe.work, start-root.') });
    await announce({
      ...newcomer,
      version: '1.0.0',
      capabilities: [{ ...newcomer.capabilities[0], input: true }],
    } as never);
    const checked = await run(['--nats', system.nats.url, 'validate', file, '--installed']);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(
      /It would be refused\.\n✗ refused \/capabilities\/0\/input\/type {2}input-narrowed: /,
    );
    expect(checked.stdout).toMatch(/! warning \/uses\/0\/input\S* {2}probe@1\.0\.0 does not fit: input-refused/);
    expect(checked.stdout).toContain('✓ granted probe.*\n! asks for start-root, which is not granted');
    const json = JSON.parse((await run(['--nats', system.nats.url, 'validate', file, '--installed', '--json'])).stdout);
    expect(json).toMatchObject({ problems: [], asks: newcomer.grants, grants: { missing: ['start-root'] } });
  });

  it('plugins — shows it, and choreographers say what was not granted', async () => {
    const warning = 'newcomer 1.0.0 asks to be granted start-root, and is not';
    await until(
      async () => system.log.join('\n'),
      (log) => log.includes(warning),
    );
    const { stdout } = await run(['--nats', system.nats.url, 'plugins']);
    expect(stdout).toContain('  is granted probe.*\n  asks for start-root, which is not granted');
    expect(stdout).toMatch(/waiting for probe\.echo \^1\.0\.0\n {4}1\.0\.0 does not fit: \/uses\/0\/input/);
  });
});
