import { describe, expect, it } from '@jest/globals';
import type { Requester } from '@orchestrator/bus';
import { Fault, type InstalledPlugin } from '@orchestrator/protocol';
import { CapabilityTools } from './capability-tools.js';

function installed(
  name: string,
  version: string,
  capabilities: readonly string[],
  instances = ['i1'],
): InstalledPlugin {
  return {
    ...{ name, version, instances, description: `The ${name}.`, uses: [], lastSeenMs: 0, waitingFor: [] },
    capabilities: capabilities.map((capability) => ({
      name: capability,
      description: `${capability} of ${version}`,
      input: { type: 'object', title: version },
      output: { type: 'object' },
    })),
  };
}

const PLUGINS = [
  installed('designer', '2.0.0', ['illustrate', 'crop']),
  installed('editor', '2.0.0', ['copy-edit']),
  installed('editor', '1.5.0', ['copy-edit'], []),
  installed('editor', '1.4.0', ['copy-edit', 'review']),
];

/** A registry that has these plugins installed, and may be away. */
class Registry {
  isAway = false;
  readonly questions: unknown[] = [];
  readonly requester = {
    request: async (_subject: string, body: string) => {
      if (this.isAway) throw new Fault('unavailable', 'away');
      const question = JSON.parse(body) as { names?: string[] };
      this.questions.push(question);
      const plugins = PLUGINS.filter(({ name }) => question.names?.includes(name) ?? true);
      return { data: Buffer.from(JSON.stringify({ plugins })), headers: undefined };
    },
  } as unknown as Requester;
}

describe('CapabilityTools', () => {
  const call = async (capability: string, args: object) => ({ capability, args });
  const tools = (registry: Registry, uses = new Map<string, string>(), freshMs?: number) =>
    new CapabilityTools(registry.requester, uses, freshMs);
  const names = async (patterns: string[], self = 'me.work') =>
    (await tools(new Registry()).named(patterns, self, call)).map(({ name }) => name);

  it('are what the patterns name, in the order of their names, and never the capability that has the agent', async () => {
    expect(await names(['editor.copy-edit', 'designer.*'])).toEqual([
      'designer__crop',
      'designer__illustrate',
      'editor__copy-edit',
    ]);
    expect(await names(['designer.*', 'designer.crop'])).toEqual(['designer__crop', 'designer__illustrate']);
    expect(await names(['*'], 'editor.review')).toHaveLength(3);
    expect(await names([])).toEqual([]);
  });

  it.each(['editor', 'editor.', '.x', '*.x', 'a.b.c', 'Editor.x', 'editor.copy*', ''])(
    '"%s" — is no pattern',
    async (pattern) => {
      await expect(names([pattern])).rejects.toMatchObject({ code: 'invalid-argument' });
    },
  );

  it('take what the version takes that will be called: the highest live one in the range of the uses', async () => {
    const [any] = await tools(new Registry()).named(['editor.copy-edit'], 'me.work', call);
    expect(any).toMatchObject({ description: 'copy-edit of 2.0.0', inputSchema: { title: '2.0.0' } });
    const uses = new Map([['editor.copy-edit', '^1.0.0']]);
    const [old] = await tools(new Registry(), uses).named(['editor.copy-edit'], 'me.work', call);
    expect(old).toMatchObject({ description: 'copy-edit of 1.4.0' });
    expect(await old?.call({ text: 'hi' }, undefined)).toEqual({
      capability: 'editor.copy-edit',
      args: { text: 'hi' },
    });
  });

  it('ask the registry for the plugins that are named, once while that is fresh', async () => {
    const registry = new Registry();
    const fresh = tools(registry);
    for (const _ of [1, 2]) await fresh.named(['editor.*', 'designer.crop'], 'me.work', call);
    expect(registry.questions).toEqual([{ names: ['editor', 'designer'] }]);
    await fresh.named(['*'], 'me.work', call);
    expect(registry.questions).toHaveLength(2);
  });

  it('that were installed since the last reading — are found; one that is not installed is a fault', async () => {
    const registry = new Registry();
    const fresh = tools(registry);
    await expect(fresh.named(['painter.paint'], 'me.work', call)).rejects.toMatchObject({ code: 'not-found' });
    const painter = installed('painter', '1.0.0', ['paint']);
    PLUGINS.push(painter);
    try {
      expect(await fresh.named(['painter.paint'], 'me.work', call)).toHaveLength(1);
    } finally {
      PLUGINS.pop();
    }
  });

  it('are those of the last reading while the registry is away; without one that is a fault', async () => {
    const registry = new Registry();
    const stale = tools(registry, new Map(), 0);
    expect(await stale.named(['designer.*'], 'me.work', call)).toHaveLength(2);
    registry.isAway = true;
    for (const _ of [1, 2]) expect(await stale.named(['designer.*'], 'me.work', call)).toHaveLength(2);
    await expect(stale.named(['editor.*'], 'me.work', call)).rejects.toMatchObject({ code: 'unavailable' });
    registry.isAway = false;
    expect(await stale.named(['editor.*'], 'me.work', call)).toHaveLength(2);
  });
});
