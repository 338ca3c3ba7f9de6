import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fault } from '@orchestrator/protocol';
import { type ModelEndpoint, startModelEndpoint } from '@orchestrator/testing';
import { Agent, type AgentOptions, type Budget, type ModelSpending } from './agent.js';
import { createAnthropicModel } from './anthropic-model.js';
import type { ReplyDelta } from './model.js';
import { Personas } from './persona.js';
import type { Tool } from './tool.js';

const USAGE = { input_tokens: 1_000, output_tokens: 200 };
const PRICES = { 'claude-test': { input: 3, output: 15 } };

function tool(name: string, call: Tool['call']): Tool {
  return { name, description: `It does ${name}.`, inputSchema: { type: 'object' }, call };
}

async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const fault = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!Fault.is(fault)) throw new Error(`no fault but ${String(fault)}`);
  return fault;
}

describe('an agent', () => {
  let endpoint: ModelEndpoint;

  beforeAll(async () => {
    endpoint = await startModelEndpoint();
  });

  afterAll(() => endpoint.close());

  function agent(options: Partial<AgentOptions> = {}): Agent {
    const via = createAnthropicModel({ baseUrl: endpoint.url, maxAttempts: 1, idleTimeoutMs: 5_000 });
    return new Agent({ via, model: 'claude-test', ...options });
  }

  const seen = (index: number) => endpoint.requests.at(index)?.body as Record<string, unknown>;

  describe('that completes', () => {
    it('answers, streams to a callback, and keeps a conversation', async () => {
      endpoint.script([{ text: 'It is tea.' }, { text: 'Green.', usage: USAGE }]);
      const deltas: ReplyDelta[] = [];
      const conversation = agent({ system: 'Be brief.' }).conversation();
      const first = await conversation.send('What is it?', { onDelta: (delta) => deltas.push(delta) });
      expect(first).toMatchObject({ text: 'It is tea.', stopReason: 'end', turns: 1 });
      expect(deltas.map((delta) => 'text' in delta && delta.text).join('')).toBe('It is tea.');
      expect(await conversation.send('Which?')).toMatchObject({ text: 'Green.', usage: { inputTokens: 1_000 } });
      expect(seen(-1)).toMatchObject({ system: [{ text: 'Be brief.' }] });
      expect(seen(-1).messages).toMatchObject([
        { role: 'user', content: [{ text: 'What is it?' }] },
        { role: 'assistant', content: [{ text: 'It is tea.' }] },
        { role: 'user', content: [{ text: 'Which?' }] },
      ]);
    });

    it('as a persona — with its prompt and settings, which those of the call replace', async () => {
      endpoint.script(() => ({ text: 'ok' }));
      const voss = { name: 'elena-voss', prompt: 'You are Elena.', model: 'claude-big', temperature: 0.9 };
      const author = agent({ personas: new Personas([voss]), temperature: 0.1, maxTokens: 50 });
      await author.completeWithPersona('elena-voss', 'Plan.');
      expect(seen(-1)).toMatchObject({ model: 'claude-big', temperature: 0.9, max_tokens: 50 });
      expect(seen(-1).system).toMatchObject([{ text: 'You are Elena.' }]);
      await author.completeWithPersona(voss, 'Plan.', { temperature: 0 });
      expect(seen(-1)).toMatchObject({ model: 'claude-big', temperature: 0 });
    });

    it('as a persona that is not there — is not-found, with those that may have been meant', async () => {
      const author = agent({ personas: new Personas([{ name: 'elena-voss', prompt: 'You are Elena.' }]) });
      expect(await faultOf(author.completeWithPersona('elena-vos', 'Plan.'))).toMatchObject({
        code: 'not-found',
        details: { nearest: ['elena-voss'] },
      });
    });

    it('a prompt that fails — leaves the conversation as it was', async () => {
      endpoint.script([{ status: 400 }, { text: 'ok' }]);
      const conversation = agent().conversation();
      expect((await faultOf(conversation.send('One?'))).code).toBe('invalid-argument');
      await conversation.send('Two?');
      expect(seen(-1).messages).toEqual([expect.objectContaining({ content: [{ type: 'text', text: 'Two?' }] })]);
    });

    it('a refusal — is permission-denied; an answer that is cut short says so', async () => {
      endpoint.script([
        { text: 'No.', stopReason: 'refusal' },
        { text: 'It is a lo', stopReason: 'max_tokens' },
      ]);
      expect(await faultOf(agent().complete('?'))).toMatchObject({ code: 'permission-denied' });
      expect(await agent().complete('?')).toMatchObject({ text: 'It is a lo', stopReason: 'max-tokens' });
    });
  });

  describe('with tools', () => {
    it('calls all tools of a reply at once, hands a fault to the model, and goes on until it answers', async () => {
      const bothRun = Promise.withResolvers<void>();
      let running = 0;
      const meet = async (): Promise<void> => {
        if (++running === 2) bothRun.resolve();
        await bothRun.promise; // neither ends before the other has begun
      };
      const search = tool('search', async (input) => {
        await meet();
        return { found: input.word };
      });
      const draw = tool('draw', async () => {
        await meet();
        throw new Fault('exhausted', 'No ink.', { retryAfterMs: 5 });
      });
      endpoint.script([
        {
          thinking: 'Both.',
          toolUses: [
            { name: 'search', input: { word: 'tea' } },
            { name: 'draw', input: {} },
            { name: 'serch', input: {} },
          ],
        },
        { text: 'There is tea.' },
      ]);
      const answer = await agent({ tools: [search, draw] }).complete('What is there?');
      expect(answer).toMatchObject({ text: 'There is tea.', turns: 2, usage: { inputTokens: 20 } });
      const [, assistant, results] = seen(-1).messages as { content: { id: string; content: string }[] }[];
      expect(assistant?.content[0]).toMatchObject({ type: 'thinking', thinking: 'Both.', signature: 'signed 5' });
      expect(results?.content).toMatchObject([
        { type: 'tool_result', tool_use_id: assistant?.content[1]?.id, content: '{"found":"tea"}', is_error: false },
        { is_error: true, content: '{"code":"exhausted","message":"No ink.","details":{"retryAfterMs":5}}' },
        { is_error: true, content: expect.stringContaining('"nearest":["search"]') },
      ]);
    });

    it('ends a model that never answers, after as many replies as allowed', async () => {
      endpoint.script(() => ({ toolUses: [{ name: 'search', input: {} }] }));
      const before = endpoint.requests.length;
      const search = tool('search', async () => 'nothing');
      expect(await faultOf(agent({ tools: [search], maxTurns: 3 }).complete('?'))).toMatchObject({
        code: 'budget-exhausted',
        details: { budget: 'turns', limit: 3 },
      });
      expect(endpoint.requests.length - before).toBe(3);
    });

    it('ends when it is cancelled during a tool, which is told', async () => {
      endpoint.script([{ toolUses: [{ name: 'search', input: {} }] }]);
      const cancel = new AbortController();
      const search = tool('search', (_input, signal) => {
        const ended = new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
        cancel.abort(new Fault('cancelled', 'Enough.'));
        return ended;
      });
      expect(await faultOf(agent({ tools: [search], signal: cancel.signal }).complete('?'))).toMatchObject({
        code: 'cancelled',
      });
    });
  });

  describe('that answers by a schema', () => {
    const schema = { type: 'object', properties: { sorts: { type: 'integer' } }, required: ['sorts'] };
    const wrong = { toolUses: [{ name: 'answer', input: { sorts: 'two' } }] };
    const right = { toolUses: [{ name: 'answer', input: { sorts: 2 } }] };

    it('has the model use the tool whose input is the answer', async () => {
      endpoint.script([right]);
      const { value } = await agent().completeFor<{ sorts: number }>('How many sorts?', schema);
      expect(value.sorts).toBe(2);
      expect(seen(-1)).toMatchObject({
        tools: [{ name: 'answer', input_schema: schema }],
        messages: [{ content: [{ text: 'How many sorts?' }, { text: expect.stringContaining('tool answer') }] }],
      });
    });

    it('takes any JSON value, not only objects', async () => {
      endpoint.script([{ toolUses: [{ name: 'answer', input: { value: ['green', 'black'] } }] }]);
      const list = { type: 'array', items: { $ref: '#/$defs/sort' }, $defs: { sort: { type: 'string' } } };
      expect((await agent().completeFor('Which sorts?', list)).value).toEqual(['green', 'black']);
    });

    it('tells the model once what is wrong', async () => {
      endpoint.script([wrong, right]);
      expect(await agent().completeFor('How many sorts?', schema)).toMatchObject({ value: { sorts: 2 }, turns: 2 });
      expect(JSON.stringify(seen(-1).messages)).toContain('/sorts must be integer');
    });

    it('still wrong the second time — is failed, with the problems', async () => {
      endpoint.script([wrong, wrong, right]);
      expect(await faultOf(agent().completeFor('How many sorts?', schema))).toMatchObject({
        code: 'failed',
        details: { problems: ['/sorts must be integer'] },
      });
    });

    it('uses other tools first, and asks a model that forgets to answer by the schema', async () => {
      endpoint.script([{ toolUses: [{ name: 'search', input: {} }] }, { text: 'There are two.' }, right]);
      const search = tool('search', async () => ['green', 'black']);
      const conversation = agent({ tools: [search] }).conversation();
      expect(await conversation.sendFor('How many?', schema)).toMatchObject({ value: { sorts: 2 }, turns: 3 });
      expect(seen(-1)).not.toHaveProperty('tool_choice'); // which is refused where the model thinks
      endpoint.script([{ text: 'Yes.' }]);
      await conversation.send('Sure?');
      expect(seen(-1).tools).toHaveLength(1);
    });

    it('a schema that is none — is refused before the model is asked', async () => {
      const before = endpoint.requests.length;
      const fault = await faultOf(agent().completeFor('?', { type: 'objekt' }));
      expect(fault.code).toBe('invalid-argument');
      expect(endpoint.requests.length).toBe(before);
    });
  });

  describe('that lives on a budget', () => {
    class Purse implements Budget {
      readonly spent: ModelSpending[] = [];
      constructor(readonly tokens: number) {}
      async check(): Promise<void> {
        const used = this.spent.reduce((sum, { tokens }) => sum + tokens, 0);
        if (used >= this.tokens) throw new Fault('budget-exhausted', 'Spent.');
      }
      async spend(spending: ModelSpending): Promise<void> {
        this.spent.push(spending);
        await this.check(); // as a choreographer does, which counts all the same
      }
    }

    it('reports each model call with its price, and is refused before the next one when the budget is spent', async () => {
      endpoint.script(() => ({ toolUses: [{ name: 'search', input: {} }], usage: USAGE }));
      const purse = new Purse(2_400);
      const before = endpoint.requests.length;
      const searcher = agent({ tools: [tool('search', async () => 'no')], budget: purse, prices: PRICES });
      expect((await faultOf(searcher.complete('?'))).code).toBe('budget-exhausted');
      expect(endpoint.requests.length - before).toBe(2);
      expect(purse.spent).toEqual([
        { model: 'claude-test', tokens: 1_200, usd: expect.closeTo(0.006, 9) },
        { model: 'claude-test', tokens: 1_200, usd: expect.closeTo(0.006, 9) },
      ]);
    });

    it('gets an answer that has spent the last of it', async () => {
      endpoint.script([{ text: 'Done.', usage: USAGE }]);
      expect(await agent({ budget: new Purse(1_200) }).complete('?')).toMatchObject({ text: 'Done.' });
    });

    it('counts the tokens of a model without a price, and says that it has none', async () => {
      endpoint.script([{ text: 'Done.', usage: USAGE }]);
      const purse = new Purse(10_000);
      const one = agent({ budget: purse, prices: PRICES });
      await one.complete('?', { model: 'claude-new' });
      expect(purse.spent).toEqual([{ model: 'claude-new', tokens: 1_200, usd: undefined }]);
      expect(one.spent).toMatchObject({ usd: 0, unpricedModels: ['claude-new'], usage: { inputTokens: 1_000 } });
    });

    it('counts what a call used that failed', async () => {
      endpoint.script([{ text: 'This will never end', breaks: 'cut', usage: USAGE }]);
      const purse = new Purse(10_000);
      expect((await faultOf(agent({ budget: purse }).complete('?'))).code).toBe('unavailable');
      expect(purse.spent).toMatchObject([{ tokens: 1_001 }]);
    });
  });
});
