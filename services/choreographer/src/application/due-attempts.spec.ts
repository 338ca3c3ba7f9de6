import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Delivery, type Msg, headers as newHeaders, type OutgoingHeaders } from '@orchestrator/bus';
import { type CallContext, ContextSigner, Fault, HEADERS, LIMITS, subjects } from '@orchestrator/protocol';
import { onDueAttempt } from './due-attempts.js';

const INVOCATION = '01234567-89ab-8cde-8f01-23456789abcd';
const signer = new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 1) }]);
const rotatedAway = new ContextSigner([{ id: 'k0', secret: Buffer.alloc(32, 2) }]);

/** As it goes over the wire. */
function textOf(headers: unknown): string {
  return Buffer.from((headers as OutgoingHeaders | undefined)?.encode() ?? []).toString();
}

function contextUntil(deadlineMs: number): CallContext {
  return {
    ...{ correlation: 'a'.repeat(32), invocation: INVOCATION, parent: undefined, mode: 'durable', durableTree: true },
    ...{ depth: 1, maxDepth: 16, admittedAtMs: 1_000, deadlineMs, caller: 'shop', onBehalfOf: 'shop' },
    ...{ plugin: 'editor', version: '1.2.3', capability: 'copy-edit', traceId: 'a'.repeat(32) },
    ...{ remoteSpan: undefined, sampled: true, attempt: 2, maxAttempts: 3, ancestry: ['editor.copy-edit'] },
    bounds: {
      ...{ reentry: 0, width: 100 },
      budgets: [{ id: 's8f0123456789abcd', calls: 1_000, tokens: undefined, microUsd: undefined }],
    },
  };
}

describe('onDueAttempt', () => {
  let done: string[];
  let stored: { readonly subject: string; readonly body: string; readonly headers: string }[];

  beforeEach(() => {
    done = [];
    stored = [];
  });

  const nothingStored = { headers: { code: 404 } } as unknown as Msg;
  const parts = {
    requester: { request: async () => nothingStored },
    publisher: {
      maxBytes: 1024 * 1024,
      store: async (subject: string, data: Uint8Array | string, headers?: unknown) => {
        stored.push({ subject, body: Buffer.from(data).toString(), headers: textOf(headers) });
        done.push(subject.split('.')[2] ?? '');
        return { stored: true, sequence: 1 } as const;
      },
    },
    gate: { contextOf: (token: string) => signer.verify(token) },
    history: { endedByChoreographer: async () => void done.push('recorded') },
    onPlaced: () => void done.push('placed'),
    onError: () => void done.push('error'),
  };

  function delivery(token: string, deliveries = 1): Delivery {
    const headers = newHeaders();
    headers.set(HEADERS.context, token);
    return {
      subject: subjects.due('retry', INVOCATION),
      data: Buffer.from('{"text":"as sent"}'),
      headers,
      ...{ unreadable: undefined, sequence: 7, storedAt: '1', deliveries },
      ...{ ack: () => void done.push('ack'), renew: () => {}, giveBack: () => {} },
    };
  }

  it('before its deadline — is placed again, and then acknowledged', async () => {
    await onDueAttempt(parts, delivery(signer.sign(contextUntil(Date.now() + 60_000))));
    expect(done).toEqual(['placed', 'work', 'ack']);
  });

  it('past its deadline — its letter has arguments and a proof that verifies, then comes the result, and then it is acknowledged', async () => {
    const context = contextUntil(Date.now() - 1);
    await onDueAttempt(parts, delivery(signer.sign(context)));
    expect(done).toEqual(['dead', 'result', 'recorded', 'ack']);
    const [letter, result] = stored;
    expect(letter?.body).toBe('{"text":"as sent"}');
    expect(signer.verifyReceipt(/orc-receipt: (.*)\r/.exec(letter?.headers ?? '')?.[1] ?? '')).toEqual(context);
    expect(JSON.parse(result?.body ?? '')).toMatchObject({ code: 'deadline-exceeded' });
  });

  it('with a token that no key verifies — comes again for a while, as replicas may get their keys one after another, and is then given up', async () => {
    const token = rotatedAway.sign(contextUntil(Date.now() + 60_000));
    await expect(onDueAttempt(parts, delivery(token, LIMITS.deliveries))).rejects.toBeInstanceOf(Fault);
    expect(done).toEqual([]);
    await onDueAttempt(parts, delivery(token, LIMITS.deliveries + 1));
    expect(done).toEqual(['error', 'ack']);
  });
});
