import { describe, expect, it } from '@jest/globals';
import { type CallContext, ContextSigner, HEADERS, receiptFromToken } from '@orchestrator/protocol';
import { originOf } from './letter-origin.js';

const DEAD = '01234567-89ab-8cde-8f01-23456789abcd';
const PARENT = '11111111-89ab-8cde-8f01-23456789abcd';
const TRACE = 'b'.repeat(32);
const signer = new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 1) }]);

function contextWith(changes: Partial<CallContext> = {}): CallContext {
  return {
    correlation: 'a'.repeat(32),
    invocation: DEAD,
    parent: undefined,
    mode: 'durable',
    durableTree: true,
    depth: 1,
    maxDepth: 16,
    admittedAtMs: 1_000,
    deadlineMs: 61_000,
    caller: 'shop',
    onBehalfOf: 'shop',
    plugin: 'editor',
    version: '1.2.3',
    capability: 'copy-edit',
    traceId: 'a'.repeat(32),
    remoteSpan: undefined,
    sampled: true,
    attempt: 2,
    maxAttempts: 3,
    bounds: {
      reentry: 0,
      width: 100,
      budgets: [{ id: 's8f0123456789abcd', calls: 1_000, tokens: undefined, microUsd: undefined }],
    },
    ancestry: ['editor.copy-edit'],
    ...changes,
  };
}

function letterWith(headers: Record<string, string>) {
  const lookup = new Map(Object.entries(headers));
  return {
    ...{ invocation: DEAD, plugin: 'editor', capability: 'copy-edit', correlation: 'c'.repeat(32), atMs: 5_000 },
    stored: { headers: { get: (name: string) => lookup.get(name) ?? '' } },
  };
}

const receiptOf = (context: CallContext) => ({ [HEADERS.receipt]: receiptFromToken(signer.sign(context)) });
const unproven = expect.objectContaining({ code: 'unauthenticated' });

describe('originOf', () => {
  it('admitted work — is that of its receipt, whatever else the letter says', () => {
    const origin = originOf(letterWith({ ...receiptOf(contextWith()), [HEADERS.caller]: 'boss' }), signer);
    expect(origin).toEqual({
      ask: { caller: 'shop', plugin: 'editor', capability: 'copy-edit' },
      parent: undefined,
      correlation: 'a'.repeat(32),
      traceparent: undefined,
      range: '^1.2.3',
      attempts: '3',
      limits: 'depth=16,calls=1000,width=100,reentry=0',
      sticky: false,
      allowedMs: 60_000,
      endsByMs: 76_000,
    });
  });

  it('a root whose caller had a trace of its own — keeps it', () => {
    const context = contextWith({ traceId: TRACE, remoteSpan: '1'.repeat(16), sampled: false });
    expect(originOf(letterWith(receiptOf(context)), signer).traceparent).toBe(`00-${TRACE}-${'1'.repeat(16)}-00`);
  });

  it('of a tree that uses one version of each plugin — keeps to that, as a root and as a part', () => {
    const sticky = { sticky: true } as const;
    expect(originOf(letterWith(receiptOf(contextWith(sticky))), signer).sticky).toBe(true);
    const nested = contextWith({
      ...sticky,
      parent: PARENT,
      caller: 'site',
      ancestry: ['site.publish', 'editor.copy-edit'],
    });
    expect(originOf(letterWith(receiptOf(nested)), signer).parent?.sticky).toBe(true);
    const ask = { caller: 'shop', plugin: 'editor', capability: 'copy-edit' };
    const proof = { [HEADERS.redrive]: signer.signRedrive({ of: DEAD, ask, parent: undefined }) };
    expect(originOf(letterWith({ ...proof, [HEADERS.sticky]: 'true' }), signer).sticky).toBe(true);
  });

  it('nested work — has a parent with its ancestors, its depth and its bounds', () => {
    const ancestry = ['shop.sell', 'site.publish', 'editor.copy-edit'];
    const nested = contextWith({ parent: PARENT, caller: 'site', depth: 3, maxDepth: 4, ancestry });
    expect(originOf(letterWith(receiptOf(nested)), signer).parent).toMatchObject({
      invocation: PARENT,
      plugin: 'site',
      capability: 'publish',
      depth: 2,
      maxDepth: 4,
      onBehalfOf: 'shop',
      ancestry: ['shop.sell', 'site.publish'],
    });
  });

  it('a refused request — is that of its proof, with what its caller had said', () => {
    const ask = { caller: 'shop', plugin: 'editor', capability: 'copy-edit' };
    const letter = letterWith({
      [HEADERS.redrive]: signer.signRedrive({ of: DEAD, ask, parent: undefined }),
      [HEADERS.limits]: 'calls=7',
      [HEADERS.attempts]: '2',
      [HEADERS.allowedMs]: '2500',
      [HEADERS.version]: '^2.0.0',
      [HEADERS.traceparent]: 'as it came',
    });
    expect(originOf(letter, signer)).toEqual({
      ...{ ask, parent: undefined, correlation: 'c'.repeat(32), traceparent: 'as it came' },
      ...{ range: '^2.0.0', attempts: '2', limits: 'calls=7', sticky: false, allowedMs: 2_500, endsByMs: 20_000 },
    });
  });

  it.each([
    ['without proof', {}],
    ['with a receipt of other work', receiptOf(contextWith({ invocation: PARENT }))],
    ['with a receipt of another plugin', receiptOf(contextWith({ plugin: 'designer' }))],
    ['with a token in place of a receipt', { [HEADERS.receipt]: signer.sign(contextWith()) }],
    [
      'with a proof of another letter',
      {
        [HEADERS.redrive]: signer.signRedrive({
          of: PARENT,
          ask: { caller: 'shop', plugin: 'editor', capability: 'copy-edit' },
          parent: undefined,
        }),
      },
    ],
  ])('a letter %s — is of nobody', (_what, headers) => {
    expect(() => originOf(letterWith(headers as Record<string, string>), signer)).toThrow(unproven);
  });
});
