/** A plugin with an agent, in the whole system: what its model asks for is done by other plugins, in the tree and on its budget. */
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { shippedPlugins } from '@orchestrator/local';
import { flattenTree } from '@orchestrator/protocol';
import {
  ASSISTANT,
  type ModelEndpoint,
  PROBE,
  startModelEndpoint,
  startTestSystem,
  type TestSystem,
} from '@orchestrator/testing';

const ASK = { plugin: 'assistant', capability: 'ask' };
const TOOLS = ['designer.*', 'editor.copy-edit'];

interface SentResult {
  readonly is_error: boolean;
  readonly content: string;
}

describe('an agent', () => {
  let endpoint: ModelEndpoint;
  let system: TestSystem;

  beforeAll(async () => {
    endpoint = await startModelEndpoint();
    const env = { ANTHROPIC_BASE_URL: endpoint.url, ANTHROPIC_API_KEY: 'sk-test', ORC_MODEL: 'claude-test' };
    system = await startTestSystem({ plugins: [...shippedPlugins(), PROBE, ASSISTANT], env });
  });

  afterEach(async () => {
    await endpoint.idle();
    expect(endpoint.misses).toEqual([]);
  });

  afterAll(async () => {
    await system?.stop();
    await endpoint.close();
  });

  const ask = (tools: readonly string[], options?: Parameters<TestSystem['client']['call']>[2]) =>
    system.client.call(ASK, { prompt: 'An article on tea, please.', tools }, options);

  function resultsSent(): SentResult[] {
    const messages = endpoint.requests.at(-1)?.body.messages as { content: SentResult[] }[] | undefined;
    return messages?.at(-1)?.content ?? [];
  }

  const both = [
    { name: 'editor__copy-edit', input: { text: 'It is a apple.' } },
    { name: 'designer__illustrate', input: { title: 'Tea', terms: ['leaf', 'cup'] } },
  ];

  it('uses what the editor and the designer offer, at once, as calls of its own invocation', async () => {
    endpoint.script([{ toolUses: both }, { text: 'Here it is.' }]);
    const { correlation, result } = await ask(TOOLS);
    expect(result).toEqual({ ok: true, value: { text: 'Here it is.', turns: 2 } });

    const offered = endpoint.requests[0]?.body.tools as { name: string; input_schema: object }[];
    expect(offered.map(({ name }) => name)).toEqual(['designer__illustrate', 'editor__copy-edit']);
    expect(offered[1]?.input_schema).toMatchObject({ required: ['text'] });
    const [edited, drawn] = resultsSent();
    expect(JSON.parse(edited?.content ?? '')).toMatchObject({ text: 'It is an apple.' });
    expect(JSON.parse(drawn?.content ?? '')).toMatchObject({ svg: expect.stringContaining('<svg') });

    const tree = await system.treeWhere({ correlation }, (nodes) => nodes.every(({ state }) => state === 'succeeded'));
    const called = flattenTree(tree).map(({ plugin, capability, depth, parent }) => ({
      plugin,
      capability,
      depth,
      parent,
    }));
    const root = flattenTree(tree)[0]?.invocation;
    expect(called).toHaveLength(3);
    expect(called).toContainEqual({ plugin: 'editor', capability: 'copy-edit', depth: 2, parent: root });
    expect(called).toContainEqual({ plugin: 'designer', capability: 'illustrate', depth: 2, parent: root });
  });

  it.each([
    ['tokens', { tokens: 1_000 }, { budget: 'tokens', limit: 1_000, used: 1_200 }],
    ['USD', { usd: 2 }, { budget: 'usd', limit: 2, used: 3 }],
  ])(
    'whose %s are spent — is refused before the next model call, by the budget of its tree',
    async (_, limits, details) => {
      const usage = { input_tokens: 500, output_tokens: 100 }; // 1.50 USD
      endpoint.script(() => ({ toolUses: [both[0] as (typeof both)[0]], usage }));
      const before = endpoint.requests.length;
      const { result } = await ask(TOOLS, { limits });
      expect(result).toMatchObject({ ok: false, fault: { code: 'budget-exhausted', details } });
      expect(endpoint.requests.length - before).toBe(2);
    },
  );

  it('whose tools fail — is told how, and goes on', async () => {
    const uses = [
      { name: 'editor__copy-edit', input: { text: 7 } },
      { name: 'probe__echo', input: { text: 'hi' } },
    ];
    endpoint.script([{ toolUses: uses }, { text: 'Then not.' }]);
    const { result } = await ask([...TOOLS, 'probe.echo']);
    expect(result).toMatchObject({ ok: true, value: { text: 'Then not.' } });
    const [invalid, foreign] = resultsSent();
    expect([invalid?.is_error, JSON.parse(invalid?.content ?? '')]).toMatchObject([true, { code: 'invalid-argument' }]);
    expect([foreign?.is_error, JSON.parse(foreign?.content ?? '')]).toMatchObject([
      true,
      { code: 'permission-denied' },
    ]);
  });

  it('as a persona from a file — with the settings of the code, and a model whose price is not known, which is told once', async () => {
    endpoint.script(() => ({ text: 'Chapter 1.' }));
    const asked = { prompt: 'Plan.', tools: [], persona: 'elena-voss' };
    for (const _ of [1, 2]) expect((await system.client.call(ASK, asked)).result).toMatchObject({ ok: true });
    expect(endpoint.requests.at(-1)?.body).toMatchObject({
      model: 'claude-unpriced',
      temperature: 0.1,
      system: [{ text: 'You are Elena Voss. You plan stories.' }],
    });
    expect(system.log.filter((line) => line.includes('The price of claude-unpriced is not known'))).toHaveLength(1);
    const { result } = await system.client.call(ASK, { ...asked, persona: 'elena-vos' });
    expect(result).toMatchObject({ fault: { code: 'not-found', details: { nearest: ['elena-voss'] } } });
  });

  it('that is to use what is not installed — ends before the model is asked', async () => {
    const before = endpoint.requests.length;
    expect((await ask(['painter.paint'])).result).toMatchObject({ ok: false, fault: { code: 'not-found' } });
    expect((await ask(['Painter'])).result).toMatchObject({ ok: false, fault: { code: 'invalid-argument' } });
    expect(endpoint.requests.length).toBe(before);
  });

  it('whose model says nothing — ends at its deadline, and lets go of the model', async () => {
    endpoint.script(['silence']);
    const { result } = await ask(TOOLS, { timeoutMs: 500 });
    expect(result).toMatchObject({ ok: false, fault: { code: 'deadline-exceeded' } });
    await endpoint.idle();
  });

  it('is loaded by the plugins that have one only', () => {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      await import('@orchestrator/plugin-sdk');
      console.log(JSON.stringify(loaded));`;
    const loaded = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
    ) as string[];
    expect(loaded.some((url) => url.includes('plugin-sdk/dist/invocation-context.js'))).toBe(true);
    expect(loaded.filter((url) => /anthropic|libs\/agent|ajv|\/yaml\//.test(url))).toEqual([]);
  });
});
