import { describe, expect, it } from '@jest/globals';
import type { Msg } from '@nats-io/transport-node';
import fc from 'fast-check';
import { deliveryFromMsg } from './deliveries.js';

function connection() {
  const published: (readonly [string, string])[] = [];
  const send = (subject: string, data: string | Uint8Array) => {
    published.push([subject, String(data)]);
  };
  return { outbox: { send }, published };
}

function message(reply: string | undefined): Msg {
  return { subject: 'orc.v1.work.a.1_0_0.b.i', reply, data: new Uint8Array([1, 2]), headers: undefined } as Msg;
}

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const facts = fc.record({
  stream: token,
  consumer: token,
  deliveries: fc.integer({ min: 1, max: 1_000 }),
  sequence: fc.integer({ min: 1 }),
  consumerSequence: fc.integer({ min: 1 }),
  storedAt: fc.stringMatching(/^1[0-9]{18}$/),
  pending: fc.nat(),
});

describe('deliveryFromMsg', () => {
  it('reads an acknowledgement subject of 9 tokens, and one with domain and account', () => {
    fc.assert(
      fc.property(facts, token, token, fc.option(token, { nil: undefined }), (f, domain, account, last) => {
        const end = [f.stream, f.consumer, f.deliveries, f.sequence, f.consumerSequence, f.storedAt, f.pending];
        const short = ['$JS', 'ACK', ...end].join('.');
        const long = ['$JS', 'ACK', domain, account, ...end, ...(last === undefined ? [] : [last])].join('.');
        expect(short.split('.')).toHaveLength(9);
        for (const reply of [short, long]) {
          expect(deliveryFromMsg(connection().outbox, message(reply))).toMatchObject({
            subject: 'orc.v1.work.a.1_0_0.b.i',
            data: new Uint8Array([1, 2]),
            deliveries: f.deliveries,
            sequence: f.sequence,
            storedAt: f.storedAt,
          });
        }
      }),
    );
  });

  it('keeps the stored time to the nanosecond', () => {
    const reply = '$JS.ACK.ORC_WORK.c.1.5.5.1700000000123456789.0';
    expect(deliveryFromMsg(connection().outbox, message(reply))?.storedAt).toBe('1700000000123456789');
  });

  it.each([undefined, '', '_INBOX.a.1', '$JS.API.STREAM.INFO.X', 'x.$JS.ACK.a.b.1.1.1.1.0'])(
    'a message with the reply subject %s is no delivery',
    (reply) => {
      expect(deliveryFromMsg(connection().outbox, message(reply))).toBeUndefined();
    },
  );

  it('ack, renew and giveBack each say their word to the delivery’s own subject', () => {
    const reply = '$JS.ACK.ORC_WORK.c.1.5.5.1700000000123456789.0';
    const { outbox, published } = connection();
    const delivery = deliveryFromMsg(outbox, message(reply));
    expect(published).toEqual([]);
    delivery?.renew();
    delivery?.giveBack();
    delivery?.ack();
    expect(published).toEqual([
      [reply, '+WPI'],
      [reply, '-NAK'],
      [reply, '+ACK'],
    ]);
  });

  it('has no headers, and says why, where the block cannot be read', () => {
    const broken = {
      ...message('$JS.ACK.S.c.1.2.3.1767225600000000000.0'),
      get headers(): never {
        throw new TypeError('é is no name');
      },
    };
    const delivery = deliveryFromMsg(connection().outbox, broken as unknown as Msg);
    expect(delivery).toMatchObject({ headers: undefined, unreadable: { code: 'invalid-argument' }, sequence: 2 });
  });
});
