/** What has happened to plugins, read by an operator: `orchestrator plugins events`. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectBus, Requester } from '@orchestrator/bus';
import { subjects } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';
import { expectPlain, run, start } from './command.js';

interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: { readonly plugin: string };
}

describe('plugins events', () => {
  let system: TestSystem;
  let at: string[];

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
    at = ['--nats', system.nats.url, 'plugins', 'events'];
  });

  afterAll(() => system?.stop());

  async function events(...words: string[]): Promise<CloudEvent[]> {
    const end = await run([...at, ...words, '--json']);
    expect(end).toMatchObject({ code: 0 });
    return JSON.parse(end.stdout);
  }

  const told = (all: readonly CloudEvent[]) => all.map(({ type, subject }) => `${type.split('.').at(-1)} ${subject}`);

  async function refuse(name: string): Promise<void> {
    const author = await connectBus({ url: system.urlAs('plugin'), name: 'author' });
    await new Requester(author).request(subjects.announce(name), '{"manifest":{},"instance":"i1"}', {
      timeoutMs: 5_000,
    });
    await author.nc.close();
  }

  it('tells what happened, oldest first, as CloudEvents and to people', async () => {
    await system.processes.get('probe')?.stop();
    await refuse('nobody');
    const all = await until(events, (found) => found.length === 4);
    expect(told(all).slice(0, 2)).toEqual(['registered probe@1.0.0', 'ready probe@1.0.0']);
    expect(told(all).slice(2).sort()).toEqual(['gone probe@1.0.0', 'refused nobody']);
    expect(new Set(all.map(({ id }) => id)).size).toBe(4);
    const { stdout } = await run(at);
    expect(stdout).toMatch(/registered {2}probe 1\.0\.0\n.*ready {7}probe 1\.0\.0 {2}1 live\n/);
    expect(stdout).toMatch(/refused {5}nobody {2}invalid-argument: The manifest has/);
  });

  it('of one plugin, and since a time', async () => {
    expect(told(await events('nobody'))).toEqual(['refused nobody']);
    expect(await events('--since', '2999-01-01')).toEqual([]);
    expect(await events('absent')).toEqual([]);
    expectPlain(await run([...at, 'Not A Name']), 2, /not the name of a plugin/);
    expectPlain(await run([...at, '--since', 'once']), 2, /--since/);
  });

  it('--follow — goes on with what happens, and leaves nothing out while NATS is away', async () => {
    const follower = start([...at, '--follow', '--json']);
    await follower.says('orchestrator.registry.refused');
    await system.start('probe');
    await system.processes.get('nats-server')?.stop(); // killed, it may lose what it has stored only just now
    await follower.says('NATS does not answer');
    await system.start('nats-server');
    await follower.says('nothing was left out');
    await refuse('somebody');
    await follower.says('"subject":"somebody"');
    follower.child.kill('SIGINT');
    const { stdout, code } = await follower.ended;
    expect(code).toBe(0);
    const heard: CloudEvent[] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(heard).toEqual(await events());
    expect(told(heard).filter((one) => one === 'ready probe@1.0.0')).toHaveLength(2);
  });
});
