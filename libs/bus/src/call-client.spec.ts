import { describe, expect, it, jest } from '@jest/globals';
import type { Msg, MsgHdrs, NatsConnection, PublishOptions, SubscriptionOptions } from '@nats-io/transport-node';
import { HEADERS, invocationIdFromKey, invocationIdFromParent, LIMITS, parseDataRef } from '@orchestrator/protocol';
import fc from 'fast-check';
import { CallClient } from './call-client.js';
import { ConnectionLife } from './connection-life.js';
import { Outbox } from './outbox.js';

const EDIT = { plugin: 'editor', capability: 'copy-edit' };

interface Published {
  readonly subject: string;
  readonly body: string;
  readonly headers: MsgHdrs | undefined;
}

const MAX_PAYLOAD = 1024 * 1024;

/** A server that answers everything at once: stored requests with their acknowledgement, calls with `{"seq":7}`. */
function client() {
  const published: Published[] = [];
  const inboxes = new Map<string, NonNullable<SubscriptionOptions['callback']>>();
  let made = 0;
  const nc = {
    status: () => [],
    isClosed: () => false,
    subscribe(subject: string, options: SubscriptionOptions) {
      if (options.callback) inboxes.set(subject.replace('.*', ''), options.callback);
      return { unsubscribe() {} };
    },
    publish(subject: string, data: string, options: PublishOptions = {}) {
      published.push({ subject, body: Buffer.from(data).toString(), headers: options.headers });
      const reply = options.reply ?? '';
      const text = subject.startsWith('$JS.API.STREAM.INFO') ? '{"config":{}}' : '{"seq":7}';
      const sent = { subject: reply, data: Buffer.from(text), headers: undefined, json: () => JSON.parse(text) };
      const answer = sent as unknown as Msg;
      queueMicrotask(() => inboxes.get(reply.slice(0, reply.lastIndexOf('.')))?.(null, answer));
    },
  } as unknown as NatsConnection;
  return {
    published,
    calls: new CallClient(
      {
        nc,
        life: new ConnectionLife(nc),
        outbox: new Outbox(nc),
        newInbox: () => `_INBOX.${made++}`,
        maxPayload: MAX_PAYLOAD,
        end: () => nc.drain(),
      },
      'shop',
    ),
  };
}

const invalid = expect.objectContaining({ code: 'invalid-argument' });

/** `call` and `request`, which have these bounds in common. */
const ways = ['call', 'request'] as const;

describe.each(ways)('CallClient.%s', (way) => {
  it('sends the arguments as JSON, and none as an empty object', async () => {
    const { published, calls } = client();
    for (const args of [{ text: 'é' }, [1], 'text', 0, false, undefined, null]) await calls[way](EDIT, args);
    expect(published.map(({ body }) => body)).toEqual(['{"text":"é"}', '[1]', '"text"', '0', 'false', '{}', '{}']);
    expect(published[0]?.subject).toBe(`orc.v1.${way}.shop.editor.copy-edit`);
  });

  it('sends arguments up to the limit in the message, and larger ones by reference, stored before it', async () => {
    const { published, calls } = client();
    const fitting = 'é'.repeat((LIMITS.inlineBytes - 2) / 2);
    await calls[way](EDIT, fitting);
    expect(Buffer.byteLength(published[0]?.body ?? '')).toBe(LIMITS.inlineBytes);
    await calls[way](EDIT, `${fitting}x`);
    const [, , ...stored] = published;
    const message = stored.pop();
    expect(message).toMatchObject({ subject: `orc.v1.${way}.shop.editor.copy-edit`, body: '' });
    const ref = parseDataRef(message?.headers?.get(HEADERS.dataRef) ?? '');
    const chunks = stored.filter(({ subject }) => subject === `$O.ORC_OBJECTS.C.${ref?.object}`);
    expect(chunks.map(({ body }) => body).join('')).toBe(JSON.stringify(`${fitting}x`));
    expect(ref).toMatchObject({ bytes: LIMITS.inlineBytes + 1 });
  });

  it('refuses arguments that are larger than an object may be, and sends nothing', async () => {
    const { published, calls } = client();
    const details = { bytes: LIMITS.objectBytes + 1, maxBytes: LIMITS.objectBytes };
    await expect(calls[way](EDIT, 'x'.repeat(LIMITS.objectBytes - 1))).rejects.toMatchObject({
      code: 'invalid-argument',
      details,
    });
    expect(published.filter(({ subject }) => !subject.startsWith('$JS.API'))).toEqual([]);
  });

  it('what JSON cannot hold is an invalid argument, and nothing is sent', async () => {
    const { published, calls } = client();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const args of [circle, 5n, { deep: [5n] }, () => 5, Symbol('s')]) {
      await expect(calls[way](EDIT, args)).rejects.toEqual(invalid);
    }
    expect(published).toEqual([]);
  });

  it('says in headers what the options say', async () => {
    const { published, calls } = client();
    const before = Date.now();
    const parent = { invocation: 'parent-id', token: 'token', deadlineMs: Date.now() + 60_000 };
    await calls[way](EDIT, {}, { range: '^1.2', timeoutMs: 5_000, key: 'order-1', parent });
    const sent = published[0]?.headers;
    expect(sent?.get(HEADERS.version)).toBe('^1.2');
    expect(sent?.get(HEADERS.id)).toBe('order-1');
    expect(sent?.get(HEADERS.context)).toBe('token');
    const deadlineMs = Date.parse(sent?.get(HEADERS.expiryTime) ?? '');
    expect(deadlineMs).toBeGreaterThanOrEqual(before + 5_000);
    expect(deadlineMs).toBeLessThanOrEqual(Date.now() + 5_000);
  });

  it.each([
    ['a range with a line end', { range: '^1\r\norc-context: forged' }],
    ['a key with a line end', { key: 'a\nb' }],
    ['a time that is none', { timeoutMs: Number.NaN }],
    ['a time without end', { timeoutMs: Number.POSITIVE_INFINITY }],
    ['a time that no calendar has', { timeoutMs: 1e18 }],
  ])('%s is an invalid argument, and nothing is sent', async (_what, options) => {
    const { published, calls } = client();
    await expect(calls[way](EDIT, {}, options)).rejects.toEqual(invalid);
    expect(published).toEqual([]);
  });
});

describe('CallClient.call', () => {
  it.each([
    ['the default', undefined, {}, 30_000],
    ['what the client was made with', { defaultTimeoutMs: 2_000 }, {}, 2_000],
    ['what the call says', { defaultTimeoutMs: 2_000 }, { timeoutMs: 60_000 }, 60_000],
    ['the time that is left to the invocation above', { defaultTimeoutMs: 2_000 }, { leftMs: 45_000 }, 45_000],
  ])('with nobody answering — ends a little after %s, in a typed fault', async (_what, options, call, afterMs) => {
    jest.useFakeTimers();
    try {
      const nc = { status: () => [], isClosed: () => false, subscribe() {}, publish() {} } as unknown as NatsConnection;
      const calls = new CallClient(
        {
          nc,
          life: new ConnectionLife(nc),
          outbox: new Outbox(nc),
          newInbox: () => '_INBOX.0',
          maxPayload: MAX_PAYLOAD,
          end: () => nc.drain(),
        },
        'shop',
        options,
      );
      const { leftMs, ...rest } = { leftMs: undefined, ...call };
      const parent = leftMs && { invocation: 'i', token: 't', deadlineMs: Date.now() + leftMs };
      const codes: string[] = [];
      calls.call(EDIT, {}, { ...rest, ...(parent && { parent }) }).catch((fault) => codes.push(fault.code));
      await jest.advanceTimersByTimeAsync(afterMs + 400);
      expect(codes).toEqual([]);
      await jest.advanceTimersByTimeAsync(200);
      expect(codes).toEqual(['deadline-exceeded']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('with nothing to say sends no headers', async () => {
    const { published, calls } = client();
    await calls.call(EDIT, {});
    expect(published[0]?.headers).toBeUndefined();
  });
});

describe('CallClient.request', () => {
  it('answers with the sequence, and with the id that the choreographer derives from the key', async () => {
    const { published, calls } = client();
    const handle = await calls.request(EDIT, {}, { key: 'order-1' });
    expect(handle.sequence).toBe(7);
    expect(handle.invocation).toBe(invocationIdFromKey('shop', 'editor', 'copy-edit', 'order-1'));
    const parent = { invocation: 'parent-id', token: 'a token', deadlineMs: Date.now() + 60_000 };
    const nested = await calls.request(EDIT, {}, { key: 'order-1', parent });
    expect(nested.invocation).toBe(invocationIdFromParent('parent-id', 'editor', 'copy-edit', 'order-1'));
    expect(published).toHaveLength(2);
  });

  it('without a key makes one of its own, each time another', async () => {
    const { published, calls } = client();
    const handles = [await calls.request(EDIT, {}), await calls.request(EDIT, {})];
    expect(handles[0]?.invocation).not.toBe(handles[1]?.invocation);
    for (const [at, { headers }] of published.entries()) {
      const key = headers?.get(HEADERS.id) ?? '';
      expect(handles[at]?.invocation).toBe(invocationIdFromKey('shop', 'editor', 'copy-edit', key));
    }
  });

  it('the id is derived from the key as it arrives: NATS trims header values', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 20 }), async (key) => {
        const { published, calls } = client();
        fc.pre(key.trim() !== '');
        const handle = await calls.request(EDIT, {}, { key });
        const arrived = published[0]?.headers?.get(HEADERS.id).trim() ?? '';
        expect(arrived).toBe(key.trim());
        expect(handle.invocation).toBe(invocationIdFromKey('shop', 'editor', 'copy-edit', arrived));
      }),
    );
  });

  it.each([
    ['an empty key', { key: '' }],
    ['a key of nothing but space', { key: ' \t ' }],
    ['too long a key', { key: 'k'.repeat(LIMITS.keyLength + 1) }],
    ['a key with a control character', { key: 'a\u0000b' }],
    ['too long a range', { range: '1'.repeat(257) }],
  ])('%s is refused here: the refusal of the system could not be awaited', async (_what, options) => {
    const { published, calls } = client();
    await expect(calls.request(EDIT, {}, options)).rejects.toEqual(invalid);
    expect(published).toEqual([]);
  });
});
