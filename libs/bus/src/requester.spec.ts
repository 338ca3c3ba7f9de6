import { describe, expect, it } from '@jest/globals';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Bus } from './connection.js';
import { ConnectionLife } from './connection-life.js';
import { Requester } from './requester.js';

/** A connection of which the test says when NATS goes and comes, and what is held until then. */
function connection() {
  const published: string[] = [];
  let answer: (error: null, msg: Msg) => void = () => {};
  const { promise: isBack, resolve: comeBack } = Promise.withResolvers<void>();
  const nc = {
    async *status() {
      yield { type: 'disconnect' };
      await isBack;
      yield { type: 'reconnect' };
    },
    subscribe: (_inbox: string, { callback }: { callback: typeof answer }) => {
      answer = callback;
    },
    publish: (subject: string, _data: unknown, { reply }: { reply: string }) => {
      published.push(subject);
      answer(null, { subject: reply } as Msg);
    },
  } as unknown as NatsConnection;
  const life = new ConnectionLife(nc);
  const held = new Set<object>();
  const counted = {
    whenUp(act: () => void) {
      const one = {};
      held.add(one);
      const withdraw = life.whenUp(act);
      return () => {
        held.delete(one);
        withdraw();
      };
    },
  };
  const bus = { nc, life: counted, newInbox: () => '_INBOX.spec' } as unknown as Bus;
  return { requester: new Requester(bus), life, published, held, comeBack };
}

describe('Requester — while NATS is away', () => {
  it('what nobody waits for any more is held no longer, and is not sent when NATS is back', async () => {
    const { requester, life, published, held, comeBack } = connection();
    await new Promise(setImmediate); // the first status has come
    const abort = new AbortController();
    const late = [1, 2, 3].map((n) => requester.request(`late.${n}`, '', { timeoutMs: 1 }));
    const aborted = requester.request('aborted', '', { timeoutMs: 60_000, signal: abort.signal });
    const wanted = requester.request('wanted', '', { timeoutMs: 60_000 });
    expect(held.size).toBe(5);
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'cancelled' });
    for (const one of late) await expect(one).rejects.toMatchObject({ code: 'deadline-exceeded' });
    expect(held.size).toBe(1);
    const isUp = new Promise<void>((resolve) => life.onBack(resolve));
    comeBack();
    await isUp;
    await wanted;
    expect(published).toEqual(['wanted']);
  });
});

describe('ConnectionLife.whenUp', () => {
  it('acts at once while NATS is there, and when it is back unless it was withdrawn', async () => {
    const acts: string[] = [];
    const { life, comeBack } = connection();
    life.whenUp(() => acts.push('at once'));
    await new Promise(setImmediate); // the first status has come
    const withdraw = life.whenUp(() => acts.push('withdrawn'));
    life.whenUp(() => acts.push('held'));
    withdraw();
    expect(acts).toEqual(['at once']);
    const isUp = new Promise<void>((resolve) => life.onBack(resolve));
    comeBack();
    await isUp;
    expect(acts).toEqual(['at once', 'held']);
  });
});
