import { describe, expect, it } from '@jest/globals';
import { asStoredManifest } from './stored-manifest.js';

const capability = { name: 'copy-edit', description: 'edits', input: true, output: { type: 'object' } };
const uses = [{ capability: 'designer.illustrate', range: '^1.0.0' }];
const manifest = { name: 'editor', version: '1.0.0', description: 'edits', capabilities: [capability], uses };

describe('asStoredManifest', () => {
  it('what was stored — is that, and fields of a newer registry are let be', () => {
    expect(asStoredManifest('editor', '1.0.0', manifest)).toEqual(manifest);
    const newer = { ...manifest, colour: 'red', capabilities: [{ ...capability, weight: 1 }] };
    expect(asStoredManifest('editor', '1.0.0', newer)).toEqual(newer);
  });

  it.each([
    ['nothing', undefined, 'must be object'],
    ['a list', [], 'must be object'],
    ['no capabilities', { ...manifest, capabilities: undefined }, 'capabilities'],
    ['the wrong type', { ...manifest, capabilities: [{ ...capability, input: 5 }] }, '/capabilities/0/input'],
    ['a need that is none', { ...manifest, uses: [{ capability: '?', range: '*' }] }, '/uses/0/capability'],
    ['a range that is none', { ...manifest, uses: [{ capability: 'a.b', range: 'x y' }] }, '/uses/0/range'],
    ['another version', { ...manifest, version: '1.0.1' }, 'editor 1.0.1'],
    ['another plugin', { ...manifest, name: 'designer' }, 'designer 1.0.0'],
  ])('%s — is refused with what is wrong', (_what, value, reason) => {
    const read = () => asStoredManifest('editor', '1.0.0', value);
    expect(read).toThrow(expect.objectContaining({ code: 'internal', message: expect.stringContaining(reason) }));
  });
});
