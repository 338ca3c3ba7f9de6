import { describe, expect, it } from '@jest/globals';
import { type CallContext, encodeContext } from './call-context.js';
import { ContextSigner } from './context-signature.js';
import { decodeRedrive, encodeRedrive, type Redrive } from './redrive.js';

const CONTEXT: CallContext = {
  correlation: '0af7651916cd43dd8448eb211c80319c',
  invocation: '01234567-89ab-8cde-8f01-23456789abcd',
  parent: undefined,
  mode: 'durable',
  durableTree: true,
  depth: 1,
  maxDepth: 16,
  admittedAtMs: 1_700_000_000_000,
  deadlineMs: Number.MAX_SAFE_INTEGER,
  caller: 'shop',
  onBehalfOf: 'shop',
  plugin: 'editor',
  version: '1.0.0',
  capability: 'copy-edit',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  remoteSpan: undefined,
  sampled: true,
  attempt: 1,
  maxAttempts: 3,
  bounds: {
    reentry: 0,
    width: 100,
    budgets: [{ id: 's8f0123456789abcd', calls: 1_000, tokens: undefined, microUsd: undefined }],
  },
  ancestry: ['editor.copy-edit'],
};
const ROOT: Redrive = {
  of: '11111111-89ab-8cde-8f01-23456789abcd',
  ask: { caller: 'editor', plugin: 'designer', capability: 'illustrate' },
  parent: undefined,
};
const signer = new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 1) }]);
const other = new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 2) }]);
const unauthenticated = expect.objectContaining({ code: 'unauthenticated' });

describe('a redrive', () => {
  it.each([
    ['of a root', ROOT],
    ['of a nested request', { ...ROOT, parent: CONTEXT }],
  ])('%s — is read as it was written, signed or not', (_what, redrive) => {
    expect(decodeRedrive(encodeRedrive(redrive))).toEqual(redrive);
    expect(signer.verifyRedrive(signer.signRedrive(redrive))).toEqual(redrive);
  });

  it('signed with another key, or altered — is refused', () => {
    expect(() => signer.verifyRedrive(other.signRedrive(ROOT))).toThrow(unauthenticated);
    const altered = signer.signRedrive(ROOT).replace('|editor|', '|boss|');
    expect(() => signer.verifyRedrive(altered)).toThrow(unauthenticated);
  });

  it('is no call context, and a call context is no redrive', () => {
    expect(() => signer.verify(signer.signRedrive({ ...ROOT, parent: CONTEXT }))).toThrow(unauthenticated);
    expect(() => signer.verifyRedrive(signer.sign(CONTEXT))).toThrow(unauthenticated);
  });

  it.each([
    '',
    'redrive-1',
    'redrive-1|a|b|c|d',
    'redrive-1||b|c|d|',
    `redrive-0|a|b|c|d|`,
    `redrive-1|a|b|c|d|x`,
    encodeContext(CONTEXT),
  ])('that is none, %j — is refused', (text) => {
    expect(() => decodeRedrive(text)).toThrow(unauthenticated);
  });
});
