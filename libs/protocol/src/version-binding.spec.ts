import { describe, expect, it } from '@jest/globals';
import { ContextSigner } from './context-signature.js';
import { isBindingOf, type VersionBinding } from './version-binding.js';

const BINDING: VersionBinding = {
  correlation: 'ab'.repeat(16),
  onBehalfOf: 'shop',
  plugin: 'editor',
  version: '2.0.0-rc.1',
};
const signer = new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 1) }]);
const refused = expect.objectContaining({ code: 'unauthenticated' });

describe('a version binding', () => {
  it('is what was signed, and of that tree and plugin alone', () => {
    const token = signer.signBinding(BINDING);
    expect(signer.verifyBinding(token)).toEqual(BINDING);
    expect(isBindingOf(token, BINDING)).toBe(true);
    for (const other of [{ correlation: 'cd'.repeat(16) }, { onBehalfOf: 'sho' }, { plugin: 'edit' }]) {
      expect(isBindingOf(token, { ...BINDING, ...other })).toBe(false);
    }
  });

  it('is nothing that anybody else wrote, nor anything else that is signed', () => {
    const token = signer.signBinding(BINDING);
    const others = new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 2) }]);
    const ask = { caller: 'shop', plugin: 'editor', capability: 'copy-edit' };
    const redrive = signer.signRedrive({ of: 'bound-1', ask, parent: undefined });
    for (const text of ['', '2.0.0', token.replace('2.0.0', '1.0.0'), others.signBinding(BINDING), redrive]) {
      expect(() => signer.verifyBinding(text)).toThrow(refused);
    }
    expect(() => signer.verify(token)).toThrow(refused);
    expect(() => signer.verifyRedrive(token)).toThrow(refused);
    expect(() => signer.verifyBinding(signer.signBinding({ ...BINDING, version: 'latest' }))).toThrow(refused);
  });
});
