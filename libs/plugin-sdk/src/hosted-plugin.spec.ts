import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CallContext } from '@orchestrator/protocol';
import { HostedPlugin, type HostedPluginParts } from './hosted-plugin.js';
import { EmptyDto } from './schema/empty-dto.js';

const NAMED = { plugin: 'editor', version: '1.0.0', capability: 'narrow' };

/** Of a tree of its own. */
function contextOf(invocation: string, deadlineMs: number): CallContext {
  const call = { invocation, correlation: 'tree', mode: 'durable', depth: 1, deadlineMs, ...NAMED };
  return call as Partial<CallContext> as CallContext;
}

describe('HostedPlugin — what has not begun yet', () => {
  let begun: string[];
  let end: () => void;
  let plugin: HostedPlugin;
  let beforeBusy: () => void;

  beforeEach(() => {
    begun = [];
    beforeBusy = () => {};
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    end = resolve;
    const parts = {
      manifest: { name: 'editor', version: '1.0.0', capabilities: [{ name: 'narrow', concurrency: 1 }] },
      large: {
        fits: () => true,
        fetch: async () => ({ bytes: Buffer.from('{}'), giveBack: () => {} }),
        beforeBusy: async () => beforeBusy(),
      },
      capabilities: new Map([
        [
          'narrow',
          {
            options: { name: 'narrow', input: EmptyDto, output: EmptyDto },
            handler: async (_args: unknown, { invocation }: { invocation: string }) => {
              begun.push(invocation);
              await ended;
              return {};
            },
          },
        ],
      ]),
    };
    plugin = new HostedPlugin(parts as unknown as HostedPluginParts);
  });

  const run = (invocation: string, deadlineMs = Date.now() + 60_000) =>
    plugin.run({
      ...{ context: contextOf(invocation, deadlineMs), token: '', attempt: 1 },
      body: { data: Buffer.from('{}'), dataRef: undefined },
    });

  it('durable work that waits until it may run is reached by its cancellation, and is never begun', async () => {
    const first = run('first');
    const second = run('second');
    plugin.cancel('tree', { invocations: ['second'] });
    expect(await second).toMatchObject({ ok: false, fault: { code: 'cancelled' } });
    end();
    expect((await first).ok).toBe(true);
    expect((await run('third')).ok).toBe(true);
    expect(begun).toEqual(['first', 'third']);
  });

  it('durable work that waits until it may run ends at its deadline, and is never begun', async () => {
    const first = run('first');
    expect(await run('second', Date.now() + 5)).toMatchObject({ ok: false, fault: { code: 'deadline-exceeded' } });
    end();
    await first;
    expect(begun).toEqual(['first']);
  });

  it('an invocation is not begun where its cancellation comes while its arguments are read', async () => {
    const body = { data: Buffer.alloc(0), dataRef: { object: 'o'.repeat(16), bytes: 2, sha256: '0'.repeat(64) } };
    const context = contextOf('large', Date.now() + 60_000);
    beforeBusy = () => plugin.cancel('tree', { invocations: 'all' });
    const outcome = await plugin.run({ context, token: '', attempt: 1, body });
    expect(outcome).toMatchObject({ ok: false, fault: { code: 'cancelled' } });
    expect(begun).toEqual([]);
  });
});
