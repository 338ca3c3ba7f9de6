import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Fault } from '@orchestrator/protocol';
import { type ModelEndpoint, startModelEndpoint } from '@orchestrator/testing';
import { type AnthropicOptions, createAnthropicModel } from './anthropic-model.js';
import type { Message, Model, ModelRequest, ReplyDelta } from './model.js';
import { ModelSlots } from './model-slots.js';

const KEY = 'sk-test-0123456789';

const request: ModelRequest = {
  model: 'claude-test',
  maxTokens: 100,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello?' }] }],
};

describe('the Anthropic adapter', () => {
  let endpoint: ModelEndpoint;

  beforeAll(async () => {
    endpoint = await startModelEndpoint();
  });

  afterEach(async () => {
    await endpoint.idle(); // whatever a call ended in, it left no connection open
  });

  afterAll(() => endpoint.close());

  function model(options: Partial<AnthropicOptions> = {}): Model {
    return createAnthropicModel({ apiKey: KEY, baseUrl: endpoint.url, slots: new ModelSlots(8), ...options });
  }

  async function faultOf(call: Promise<unknown>): Promise<Fault> {
    const fault = await call.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!Fault.is(fault)) throw new Error(`no fault but ${String(fault)}`);
    expect(JSON.stringify(fault)).not.toContain(KEY);
    return fault;
  }

  describe('a call that ends well', () => {
    it('streams thinking, text and tool uses, and answers with all of them and what they took', async () => {
      endpoint.script([
        {
          thinking: 'What might they want?',
          text: 'I shall look it up in two places.',
          toolUses: [
            { name: 'search', input: { words: ['tea', 'cup'] } },
            { name: 'list', input: {} },
          ],
          usage: { input_tokens: 7, output_tokens: 40, cache_read_input_tokens: 300, cache_creation_input_tokens: 20 },
        },
      ]);
      const deltas: ReplyDelta[] = [];
      const reply = await model().reply(request, { onDelta: (delta) => deltas.push(delta) });
      expect(reply).toEqual({
        model: 'claude-test',
        content: [
          { type: 'thinking', thinking: 'What might they want?', signature: 'signed 21' },
          { type: 'text', text: 'I shall look it up in two places.' },
          { type: 'tool-use', id: expect.any(String), name: 'search', input: { words: ['tea', 'cup'] } },
          { type: 'tool-use', id: expect.any(String), name: 'list', input: {} },
        ],
        stopReason: 'tool-use',
        usage: { inputTokens: 7, outputTokens: 40, cacheReadTokens: 300, cacheWriteTokens: 20 },
      });
      const told = (type: string) =>
        deltas.flatMap((delta) => (delta.type === type && 'text' in delta ? [delta.text] : []));
      expect(told('text').join('')).toBe('I shall look it up in two places.');
      expect(told('text').length).toBeGreaterThan(1);
      expect(told('thinking').join('')).toBe('What might they want?');
      expect(deltas.filter((delta) => delta.type === 'tool-use')).toHaveLength(2);
    });

    it('has not stalled while something comes, however long it takes in all', async () => {
      endpoint.script([{ text: 'slowly '.repeat(40), everyMs: 100 }]);
      const reply = await model({ maxAttempts: 1, idleTimeoutMs: 2_000 }).reply(request);
      expect(reply.content).toEqual([{ type: 'text', text: 'slowly '.repeat(40) }]);
    });

    it('asks for all that the request says, marks what to cache, and hands back thinking as it was', async () => {
      endpoint.script([{ text: 'ok' }]);
      const messages: Message[] = [
        ...request.messages,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'abc' },
            { type: 'redacted-thinking', data: 'xyz' },
            { type: 'tool-use', id: 't1', name: 'search', input: { a: 1 } },
          ],
        },
        { role: 'user', content: [{ type: 'tool-result', id: 't1', content: 'gone', isError: true }] },
      ];
      await model().reply({
        ...{
          ...request,
          messages,
          system: 'Be brief.',
          temperature: 0.2,
          thinking: { maxTokens: 2048 },
        },
        tools: [{ name: 'search', description: 'Searches.', inputSchema: { type: 'object', properties: {} } }],
      });
      const seen = endpoint.requests.at(-1);
      expect(seen?.headers.authorization).toBe(`Bearer ${KEY}`);
      expect(seen?.body).toEqual({
        model: 'claude-test',
        max_tokens: 100,
        stream: true,
        temperature: 0.2,
        thinking: { type: 'enabled', budget_tokens: 2048 },
        cache_control: { type: 'ephemeral' },
        system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
        tools: [{ name: 'search', description: 'Searches.', input_schema: { type: 'object', properties: {} } }],
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'Hello?' }] },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm.', signature: 'abc' },
              { type: 'redacted_thinking', data: 'xyz' },
              { type: 'tool_use', id: 't1', name: 'search', input: { a: 1 } },
            ],
          },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'gone', is_error: true }] },
        ],
      });
    });

    it('leaves out a tool use that the limit of tokens cut short', async () => {
      endpoint.script([{ text: 'Well', toolUses: [{ name: 'search', input: {} }], stopReason: 'max_tokens' }]);
      const { content, stopReason } = await model().reply(request);
      expect(stopReason).toBe('max-tokens');
      expect(content[0]).toEqual({ type: 'text', text: 'Well' });
    });
  });

  describe('an error of the endpoint', () => {
    it.each([
      [400, 'invalid-argument'],
      [401, 'unauthenticated'],
      [403, 'permission-denied'],
      [404, 'not-found'],
      [413, 'invalid-argument'],
    ] as const)('%i — is %s at once, without the key that it repeats', async (status, code) => {
      endpoint.script([{ status, message: `what is ${KEY}?` }]);
      const before = endpoint.requests.length;
      const fault = await faultOf(model().reply(request));
      expect(fault).toMatchObject({ code, details: { status, requestId: 'req_error' } });
      expect(fault.message).toContain('what is [key]?');
      expect(endpoint.requests.length - before).toBe(1);
    });

    it.each([
      [429, 'exhausted'],
      [500, 'unavailable'],
      [529, 'unavailable'],
    ] as const)('%i — is tried again as often as allowed, then %s', async (status, code) => {
      const error = { status, headers: { 'retry-after-ms': '1' } };
      endpoint.script([error, error, error]);
      const before = endpoint.requests.length;
      expect(await faultOf(model({ maxAttempts: 3 }).reply(request))).toMatchObject({
        code,
        details: { status, retryAfterMs: 1 },
      });
      expect(endpoint.requests.length - before).toBe(3);
    });

    it('429, then an answer — waits as long as retry-after says, and answers', async () => {
      endpoint.script([{ status: 429, headers: { 'retry-after': '0.3' } }, { text: 'now' }]);
      const startedMs = performance.now();
      expect((await model().reply(request)).content).toEqual([{ type: 'text', text: 'now' }]);
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(299);
    });

    it('429 with a limit that is used up — says when it begins anew, and does not wait beyond the longest wait', async () => {
      const reset = new Date(Date.now() + 3_600_000).toISOString();
      const headers = {
        'anthropic-ratelimit-requests-remaining': '5',
        'anthropic-ratelimit-requests-reset': new Date(Date.now() + 9_000_000).toISOString(),
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': reset,
      };
      endpoint.script([{ status: 429, headers }]);
      const fault = await faultOf(model().reply(request));
      expect(fault.code).toBe('exhausted');
      expect(fault.details?.retryAfterMs).toBeGreaterThan(3_500_000);
      expect(fault.details?.retryAfterMs).toBeLessThanOrEqual(3_600_000);
    });

    it('a wait beyond the deadline — is not waited for', async () => {
      endpoint.script([{ status: 529, headers: { 'retry-after': '30' } }]);
      const fault = await faultOf(model().reply(request, { deadlineMs: Date.now() + 20_000 }));
      expect(fault).toMatchObject({ code: 'unavailable', details: { status: 529, retryAfterMs: 30_000 } });
    });

    it('x-should-retry: false — is not tried again', async () => {
      endpoint.script([{ status: 500, headers: { 'x-should-retry': 'false' } }]);
      expect(await faultOf(model().reply(request))).toMatchObject({ code: 'unavailable' });
    });
  });

  describe('a reply that breaks', () => {
    const cases = [
      ['stall', 'stalled'],
      ['cut', 'cut'],
      ['end', 'cut'],
      ['garbage', 'garbage'],
    ] as const;

    /** Only what stalls has to be waited for; what comes before it must not be taken for stalled on a busy machine. */
    const patience = (breaks: string) => ({ idleTimeoutMs: breaks === 'stall' ? 1_000 : 30_000 });

    it.each(cases)('%s — is unavailable, with what was used', async (breaks, reason) => {
      endpoint.script([{ text: 'This will never end', breaks, usage: { input_tokens: 30 } }]);
      const fault = await faultOf(model({ maxAttempts: 1, ...patience(breaks) }).reply(request));
      expect(fault).toMatchObject({ code: 'unavailable', details: { reason, usage: { inputTokens: 30 } } });
    });

    it.each(cases)(
      '%s — is tried again where nobody was told a piece of it, and all is counted',
      async (breaks, _reason) => {
        endpoint.script([{ text: 'This will never end', breaks, usage: { input_tokens: 30 } }, { text: 'whole' }]);
        const reply = await model(patience(breaks)).reply(request);
        expect(reply.content).toEqual([{ type: 'text', text: 'whole' }]);
        expect(reply.usage.inputTokens).toBe(40);
      },
    );

    it('after a piece was told — is not tried again', async () => {
      endpoint.script([{ text: 'This will never end', breaks: 'cut' }, { text: 'whole' }]);
      const told: ReplyDelta[] = [];
      const fault = await faultOf(model().reply(request, { onDelta: (delta) => told.push(delta) }));
      expect(fault.code).toBe('unavailable');
      expect(told).toEqual([{ type: 'text', text: 'This will ne' }]);
    });

    it('at a callback that throws — is what it threw', async () => {
      endpoint.script([{ text: 'This is whole.' }]);
      const onDelta = () => {
        throw new Error('no paper');
      };
      expect(await faultOf(model().reply(request, { onDelta }))).toMatchObject({ code: 'failed', message: 'no paper' });
    });

    it('an error in the middle — is the fault of that error', async () => {
      endpoint.script([{ text: 'This will never end', breaks: 'overloaded' }]);
      const fault = await faultOf(model({ maxAttempts: 1 }).reply(request));
      expect(fault).toMatchObject({ code: 'unavailable', details: { status: 529 } });
    });

    it.each([
      ['silence', 'stalled'],
      ['hang-up', 'connection'],
      ['html', 'garbage'],
    ] as const)('%s instead of an answer — is unavailable', async (mishap, reason) => {
      endpoint.script([mishap]);
      const idleTimeoutMs = mishap === 'silence' ? 100 : 30_000;
      const fault = await faultOf(model({ maxAttempts: 1, idleTimeoutMs }).reply(request));
      expect(fault).toMatchObject({ code: 'unavailable', details: { reason } });
    });

    it('nobody listens — is unavailable', async () => {
      const gone = await startModelEndpoint();
      const { url } = gone;
      await gone.close();
      const fault = await faultOf(model({ baseUrl: url, maxAttempts: 1 }).reply(request));
      expect(fault).toMatchObject({ code: 'unavailable', details: { reason: 'connection' } });
    });
  });

  describe('a call that is ended', () => {
    it.each([
      ['before headers', 'silence'],
      ['in the middle of a reply', { text: 'This will never end', breaks: 'stall' }],
      ['while it waits to be tried again', { status: 529, headers: { 'retry-after': '59' } }],
    ] as const)('%s — ends in the reason, and closes the connection', async (_, reply) => {
      endpoint.script([reply]);
      const reached = endpoint.reached(endpoint.requests.length + 1);
      const cancel = new AbortController();
      const call = faultOf(model().reply(request, { signal: cancel.signal }));
      await reached;
      cancel.abort(new Fault('cancelled', 'Enough.'));
      expect(await call).toMatchObject({ code: 'cancelled', message: 'Enough.' });
    });

    it('by its deadline — is deadline-exceeded', async () => {
      endpoint.script(['silence']);
      const fault = await faultOf(model().reply(request, { deadlineMs: Date.now() + 50 }));
      expect(fault.code).toBe('deadline-exceeded');
    });

    it('before it begins — never reaches the endpoint', async () => {
      const before = endpoint.requests.length;
      const signal = AbortSignal.abort();
      expect((await faultOf(model().reply(request, { signal }))).code).toBe('cancelled');
      expect((await faultOf(model().reply(request, { deadlineMs: 1 }))).code).toBe('deadline-exceeded');
      expect(endpoint.requests.length).toBe(before);
    });
  });

  it('bounds how many calls are under way, and lets one that waits be cancelled', async () => {
    const narrow = await startModelEndpoint(() => ({ text: 'ok' }));
    const slots = new ModelSlots(2);
    const bounded = model({ baseUrl: narrow.url, slots });
    const replies = await Promise.all(Array.from({ length: 10 }, () => bounded.reply(request)));
    expect(replies).toHaveLength(10);
    expect(narrow.mostAtOnce).toBeLessThanOrEqual(2);

    narrow.script(() => 'silence');
    const cancel = new AbortController();
    const stuck = [0, 1].map(() => faultOf(bounded.reply(request, { signal: cancel.signal })));
    await narrow.reached(12);
    const waits = new AbortController();
    const waiting = faultOf(bounded.reply(request, { signal: waits.signal }));
    waits.abort();
    expect((await waiting).code).toBe('cancelled');
    expect(narrow.requests).toHaveLength(12);
    cancel.abort();
    await Promise.all(stuck);
    await narrow.close();
  });
});

describe('createAnthropicModel', () => {
  it('with neither key nor endpoint — says what to set', () => {
    expect(() => createAnthropicModel({ apiKey: ' ' })).toThrow(/ANTHROPIC_API_KEY.*ANTHROPIC_BASE_URL/);
  });

  it('refuses a key and an address that are none, without repeating them', () => {
    expect(() => createAnthropicModel({ apiKey: 'sk-1\nx: y' })).toThrow(/^(?!.*sk-1)/s);
    expect(() => createAnthropicModel({ baseUrl: 'http://me:secret@host' })).toThrow(/^(?!.*secret)/s);
    expect(() => createAnthropicModel({ baseUrl: 'localhost:8080' })).toThrow(/ANTHROPIC_BASE_URL/);
  });
});
