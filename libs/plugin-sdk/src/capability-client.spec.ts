import { describe, expect, it } from '@jest/globals';
import type { Bus } from '@orchestrator/bus';
import { type CallContext, HEADERS, invocationIdFromParent } from '@orchestrator/protocol';
import { CapabilityClient } from './capability-client.js';
import { Deadline } from './deadline.js';
import { InvocationContext } from './invocation-context.js';
import type { NestedCallOptions } from './nested-calls.js';

const PARENT = '1dea1cc8-709e-82ed-8df8-8697cae580e0';
const ECHO = 'probe.echo';

/** A server that answers everything with `{"seq":7}`, and a plugin's way to it from within one run. */
function run(attempt = 1) {
  const keys: string[] = [];
  const inboxes = new Map<string, (error: null, msg: unknown) => void>();
  let made = 0;
  const publish = (
    _subject: string,
    _data: unknown,
    options: { reply: string; headers: { get(n: string): string } },
  ) => {
    keys.push(options.headers.get(HEADERS.id));
    const inbox = options.reply.slice(0, options.reply.lastIndexOf('.'));
    const answer = { subject: options.reply, data: Buffer.from('{"seq":7}'), headers: undefined };
    queueMicrotask(() => inboxes.get(inbox)?.(null, answer));
  };
  const nc = {
    publish,
    isClosed: () => false,
    subscribe: (subject: string, { callback }: { callback: (error: null, msg: unknown) => void }) =>
      inboxes.set(subject.replace('.*', ''), callback),
  };
  const bus = {
    nc,
    outbox: { send: publish },
    life: {
      whenUp: (act: () => void) => {
        act();
        return () => {};
      },
    },
    newInbox: () => `_INBOX.${made++}`,
    maxPayload: 1024 * 1024,
  } as unknown as Bus;
  const client = new CapabilityClient();
  client.attach(bus, 'editor', new Map());
  const call = { invocation: PARENT, deadlineMs: Date.now() + 60_000 } as CallContext;
  const deadline = new Deadline(call.deadlineMs, 'spec');
  deadline.clear();
  const context = new InvocationContext({
    context: call,
    token: 't',
    attempt,
    deadline,
    client,
    publishProgress: () => {},
    reportSpending: async () => {},
    openAgent: async () => {
      throw new Error('no agent is asked for here');
    },
    openJournal: () => {
      throw new Error('no step is taken here');
    },
    output: undefined,
  });
  const echo = (options?: NestedCallOptions) => context.call(ECHO, {}, options);
  const request = (options?: NestedCallOptions) => context.request(ECHO, {}, options);
  return { keys, context, echo, request };
}

const invalid = expect.objectContaining({ code: 'invalid-argument' });

describe('CapabilityClient — the keys of nested calls', () => {
  it('that a plugin chooses — never name the same as an ordinal, or as a call of the other kind', async () => {
    const { keys, echo, request } = run();
    const handles = [await request(), await request({ key: '0' }), await request({ key: '#0' })];
    await echo({ key: '0' });
    await echo({ key: '1' });
    await echo();
    expect(new Set(handles.map((handle) => handle.invocation)).size).toBe(3);
    expect(keys).toEqual(['#0', '=0', '=#0', '1=0', '1=1', '1#1']);
    expect(handles[1]?.invocation).toBe(invocationIdFromParent(PARENT, 'probe', 'echo', '=0'));
  });

  it('of a later attempt — are the same where durable, and others where synchronous', async () => {
    const [first, second] = [run(1), run(2)];
    for (const { request, echo } of [first, second]) {
      await request();
      await request({ key: 'k' });
      await echo({ key: 'k' });
      await echo();
    }
    expect(first.keys).toEqual(['#0', '=k', '1=k', '1#1']);
    expect(second.keys).toEqual(['#0', '=k', '2=k', '2#1']);
  });

  it('used twice — one durable request; a second synchronous call is refused, at the same time or later', async () => {
    const { keys, context, echo, request } = run();
    const [one, two] = [await request({ key: 'k' }), await request({ key: 'k' })];
    expect(two.invocation).toBe(one.invocation);
    const both = await Promise.allSettled([echo({ key: 'k' }), echo({ key: ' k ' })]);
    expect(both.map((each) => each.status)).toEqual(['fulfilled', 'rejected']);
    await expect(echo({ key: 'k' })).rejects.toEqual(invalid);
    await context.call('probe.other', {}, { key: 'k' });
    expect(keys).toEqual(['=k', '=k', '1=k', '1=k']);
  });

  it.each(['', ' \t '])('%j — is no key', async (key) => {
    const { keys, echo, request } = run();
    await expect(echo({ key })).rejects.toEqual(invalid);
    await expect(request({ key })).rejects.toEqual(invalid);
    expect(keys).toEqual([]);
  });
});
