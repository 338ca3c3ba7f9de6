import { describe, expect, it } from '@jest/globals';
import type { Delivery, OutgoingHeaders } from '@orchestrator/bus';
import { setAside } from './set-aside.js';

/** As it goes over the wire. */
function textOf(headers: unknown): string {
  return Buffer.from((headers as OutgoingHeaders | undefined)?.encode() ?? []).toString();
}

/** What is stored when a request is set aside that may wait for so long. */
async function storedOf(untilMs: number) {
  const stored: { readonly subject: string; readonly at: string | undefined }[] = [];
  const publisher = {
    store: async (subject: string, _data: Uint8Array | string, headers?: unknown) => {
      stored.push({ subject, at: /Nats-Schedule: (.*)\r/.exec(textOf(headers))?.[1] });
      return { stored: true, sequence: 7 } as const;
    },
  };
  let isAcknowledged = false;
  const delivery: Delivery = {
    ...{ subject: 'orc.v1.queued.3.shop.editor.copy-edit', data: Buffer.from('{}'), headers: undefined },
    ...{ unreadable: undefined, sequence: 5, storedAt: '1', deliveries: 1 },
    ...{ ack: () => (isAcknowledged = true), renew: () => {}, giveBack: () => {} },
  };
  expect(await setAside(publisher, delivery, untilMs)).toBe(true);
  expect(isAcknowledged).toBe(true);
  return stored;
}

const ASIDE = { subject: 'orc.v1.aside.3.shop.editor.copy-edit', at: undefined };

describe('setAside', () => {
  it('a request that may wait until then — has a timer', async () => {
    const timer = { subject: 'orc.v1.timer.wait.7', at: '@at 2030-01-01T00:00:00.000Z' };
    expect(await storedOf(Date.UTC(2030, 0))).toEqual([ASIDE, timer]);
  });

  it.each([Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER])(
    'a request that may wait for longer than any date (%d) — is stored once, and has none',
    async (untilMs) => expect(await storedOf(untilMs)).toEqual([ASIDE]),
  );
});
