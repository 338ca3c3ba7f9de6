import { describe, expect, it } from '@jest/globals';
import { Catalogue } from './catalogue.js';
import type { JsonSchema } from './json-schema.js';
import type { Manifest, UsedCapability } from './manifest.js';
import { missingNeeds } from './readiness.js';

function plugin(name: string, version: string, ...uses: UsedCapability[]): Manifest {
  const capabilities = [{ name: 'do', description: 'does', input: true, output: true }];
  return { name, version, description: 'does', capabilities, uses };
}

const need = { capability: 'designer.do', range: '^1.0.0' };
const editor = plugin('editor', '1.0.0', need, { capability: 'tech.do', range: '*', optional: true });

describe('missingNeeds', () => {
  const missing = (installed: readonly Manifest[], live: readonly string[]) => {
    const catalogue = new Catalogue();
    for (const one of installed) catalogue.set(one);
    return missingNeeds(editor, catalogue, (name, version) => live.includes(`${name}@${version}`));
  };

  it('a need — is met by a live instance of a version in range, and by nothing else', () => {
    const all = [plugin('designer', '1.1.0'), plugin('designer', '2.0.0')];
    expect(missing([], [])).toEqual([need]);
    expect(missing(all, ['designer@2.0.0'])).toEqual([need]);
    expect(missing(all, ['designer@1.1.0'])).toEqual([]);
  });

  it('one that it can do without — is never missing', () => {
    expect(missing([plugin('designer', '1.0.0')], ['designer@1.0.0'])).toEqual([]);
  });

  it('two that need each other — are ready when both live', () => {
    const designer = plugin('designer', '1.0.0', { capability: 'editor.do', range: '*' });
    expect(missing([designer, editor], ['designer@1.0.0'])).toEqual([]);
  });

  describe('that says what it sends', () => {
    const text = { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false };
    const taking = (version: string, input: JsonSchema): Manifest => {
      const capabilities = [{ name: 'do', description: 'does', input, output: true }];
      return { name: 'designer', version, description: 'does', capabilities, uses: [] };
    };
    const misfit = {
      version: '1.1.0',
      problems: [{ pointer: '/uses/1/input/properties/text', message: expect.stringContaining('input-refused') }],
    };
    const waitingFor = (caller: Manifest, installed: readonly Manifest[]) => {
      const catalogue = new Catalogue();
      for (const one of installed) catalogue.set(one);
      return missingNeeds(caller, catalogue, () => true);
    };
    const other = { capability: 'tech.do', range: '*', optional: true };
    const caller = plugin('editor', '1.0.0', other, { ...need, input: text });
    const number = { type: 'object', properties: { text: { type: 'number' } } };

    it('a version that does not take it — does not meet the need, and why is told', () => {
      expect(waitingFor(caller, [taking('1.1.0', number)])).toEqual([{ ...need, misfits: [misfit] }]);
      expect(waitingFor(caller, [taking('1.1.0', number), taking('1.0.0', text)])).toEqual([]);
      expect(waitingFor(caller, [])).toEqual([need]);
    });

    it('one that it can do without — is not waited for', () => {
      const optional = plugin('editor', '1.0.0', { ...need, input: text, optional: true });
      expect(waitingFor(optional, [taking('1.1.0', number)])).toEqual([]);
    });
  });
});
