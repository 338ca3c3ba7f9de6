import { describe, expect, it } from '@jest/globals';
import { Catalogue } from './catalogue.js';
import type { JsonSchema } from './json-schema.js';
import type { Manifest, UsedCapability } from './manifest.js';
import { registrationWarnings } from './registration-warnings.js';

function plugin(name: string, version: string, input: JsonSchema, ...uses: UsedCapability[]): Manifest {
  const capabilities = [{ name: 'do', description: 'does', input, output: { type: 'object' } }];
  return { name, version, description: 'does', capabilities, uses };
}

const text = { type: 'object', properties: { text: { type: 'string' } } };
const number = { type: 'object', properties: { text: { type: 'number' } } };
const use = (name: string, more: Partial<UsedCapability> = {}): UsedCapability => ({
  ...{ capability: `${name}.do`, range: '^1.0.0' },
  ...more,
});

function warningsFor(manifest: Manifest, others: readonly Manifest[]) {
  const catalogue = new Catalogue();
  for (const one of [...others, manifest]) catalogue.set(one);
  return registrationWarnings(manifest, catalogue);
}

describe('registrationWarnings', () => {
  const caller = plugin('editor', '1.0.0', true, use('clock'), use('designer', { input: text, output: text }));

  it('what is installed and fits — is fine', () => {
    expect(warningsFor(caller, [plugin('designer', '2.0.0', number), plugin('clock', '1.0.0', number)])).toEqual([]);
    const fitting = plugin('editor', '1.0.0', true, use('designer', { input: text }));
    expect(warningsFor(fitting, [plugin('designer', '1.0.0', text)])).toEqual([]);
  });

  it('a caller — hears of every version in range that does not fit, and where', () => {
    const warnings = warningsFor(caller, [plugin('designer', '1.0.0', text), plugin('designer', '1.1.0', number)]);
    expect(warnings.map(({ pointer, message }) => `${pointer} ${message}`)).toEqual([
      expect.stringMatching(/^\/uses\/1\/output\/properties\/text\/type designer@1\.0\.0 does not fit: output-unfit/),
      expect.stringMatching(/^\/uses\/1\/input\/properties\/text designer@1\.1\.0 does not fit: input-refused/),
      expect.stringMatching(/^\/uses\/1\/output\/properties\/text\/type designer@1\.1\.0 does not fit: output-unfit/),
    ]);
  });

  it('a new version — hears of every caller that it does not fit', () => {
    const warnings = warningsFor(plugin('designer', '1.1.0', number), [caller, plugin('designer', '1.0.0', text)]);
    expect(warnings).toContainEqual({
      pointer: '',
      message: expect.stringMatching(
        /^does not fit editor@1\.0\.0 at \/uses\/1\/input\/properties\/text: input-refused/,
      ),
    });
    expect(warningsFor(plugin('designer', '2.0.0', number), [caller])).toEqual([]);
  });

  it('who closes circles of needs — hears of each, with its path', () => {
    const others = [
      plugin('b', '1.0.0', true, use('c'), use('a')),
      plugin('c', '1.0.0', true, use('a')),
      plugin('d', '1.0.0', true, use('d')),
    ];
    expect(warningsFor(plugin('a', '1.0.0', true, use('d'), use('b'), use('c')), others)).toEqual([
      { pointer: '/uses/1', message: 'these need each other in a circle: a@1.0.0 → b@1.0.0 → a@1.0.0' },
      { pointer: '/uses/2', message: 'these need each other in a circle: a@1.0.0 → c@1.0.0 → a@1.0.0' },
    ]);
  });
});
