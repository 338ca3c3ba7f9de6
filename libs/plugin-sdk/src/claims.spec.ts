import { describe, expect, it } from '@jest/globals';
import type { Requester, StoredPublisher } from '@orchestrator/bus';
import { type CallContext, Fault } from '@orchestrator/protocol';
import { Claims } from './claims.js';

const context = { plugin: 'probe', invocation: 'i', deadlineMs: Number.MAX_SAFE_INTEGER } as CallContext;

/** A stream of claims that loses so many acknowledgements. */
function claimsWith(lost: number) {
  const stored: string[] = [];
  let toLose = lost;
  const publisher = {
    store: async (_subject: string, data: string) => {
      const isFirst = stored.length === 0;
      if (isFirst) stored.push(data);
      if (toLose-- > 0) throw new Fault('unavailable', 'no acknowledgement');
      return isFirst ? { stored: true, sequence: 1 } : { stored: false };
    },
    keepTrying: async (_untilMs: number, work: () => Promise<unknown>) => {
      for (let tries = 0; tries < lost; tries++) await work().catch(() => {});
      return work();
    },
  };
  const requester = { request: async () => ({ data: Buffer.from(stored[0] ?? '') }) };
  return {
    stored,
    of: (instance: string) =>
      new Claims(requester as unknown as Requester, publisher as unknown as StoredPublisher, instance),
  };
}

describe('Claims', () => {
  it('the first — is taken, and says whose it is', async () => {
    const { of, stored } = claimsWith(0);
    expect(await of('a').take(context, 1)).toBe(true);
    expect(JSON.parse(stored[0] ?? '')).toMatchObject({ instance: 'a', attempt: 1 });
  });

  it('whose acknowledgement was lost, once or twice — is recognised by whoever made it', async () => {
    for (const lost of [1, 2]) expect(await claimsWith(lost).of('a').take(context, 1)).toBe(true);
  });

  it('of another, or of an earlier try of the same host — is not', async () => {
    const { of } = claimsWith(0);
    const first = of('a');
    await first.take(context, 1);
    expect(await of('b').take(context, 2)).toBe(false);
    expect(await first.take(context, 2)).toBe(false);
  });
});
