import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import semver from 'semver';
import { Catalogue, type Resolution } from './catalogue.js';
import type { JsonSchema } from './json-schema.js';
import { type Manifest } from './manifest.js';

function manifest(name: string, version: string, capabilities: readonly string[]): Manifest {
  return {
    name,
    version,
    description: '',
    capabilities: capabilities.map((capability) => ({
      name: capability,
      description: `${capability} of ${version}`,
      input: true,
      output: true,
    })),
    uses: [],
  };
}

function catalogueOf(...manifests: readonly Manifest[]): Catalogue {
  const catalogue = new Catalogue();
  for (const each of manifests) catalogue.set(each);
  return catalogue;
}

const all = () => true;
const none = () => false;
const versionOf = (found: Resolution) => (found.ok ? found.version : found.fault.code);

describe('Catalogue', () => {
  const editors = [
    manifest('editor', '1.0.0', ['copy-edit', 'spell']),
    manifest('editor', '1.4.0', ['copy-edit']),
    manifest('editor', '1.10.0', ['copy-edit']),
    manifest('editor', '2.0.0-rc.1', ['copy-edit']),
  ];

  it.each([
    [undefined, '1.10.0'],
    ['*', '1.10.0'],
    ['^1.0.0', '1.10.0'],
    ['<1.10.0', '1.4.0'],
    ['1.0.0', '1.0.0'],
    ['^2.0.0-rc.0', '2.0.0-rc.1'],
    ['^2.0.0', 'incompatible-version'],
    ['latest', 'invalid-argument'],
    [`^1.0.0${' '.repeat(300)}`, 'invalid-argument'],
  ])('resolves the range %p to %s', (range, expected) => {
    const query = { plugin: 'editor', capability: 'copy-edit', range, isLive: all };
    const catalogue = catalogueOf(...editors);
    expect(versionOf(catalogue.resolve(query))).toBe(expected);
    expect(versionOf(catalogue.resolve(query))).toBe(expected);
  });

  it('gives the capability as that version describes it', () => {
    const found = catalogueOf(...editors).resolve({
      plugin: 'editor',
      capability: 'copy-edit',
      range: '~1.4',
      isLive: all,
    });
    expect(found).toEqual({ ok: true, version: '1.4.0', live: true, capability: editors[1]?.capabilities[0] });
  });

  it('prefers a version that lives, and says so when none does', () => {
    const catalogue = catalogueOf(...editors);
    const query = { plugin: 'editor', capability: 'copy-edit', range: '^1.0.0' };
    const old = catalogue.resolve({ ...query, isLive: (_, version) => version === '1.0.0' });
    expect(old).toMatchObject({ version: '1.0.0', live: true });
    expect(catalogue.resolve({ ...query, isLive: none })).toMatchObject({ version: '1.10.0', live: false });
    expect(catalogue.resolve({ ...query, isLive: all })).toMatchObject({ version: '1.10.0', live: true });
  });

  it('looks among the versions that have the capability', () => {
    const catalogue = catalogueOf(...editors);
    expect(versionOf(catalogue.resolve({ plugin: 'editor', capability: 'spell', isLive: all }))).toBe('1.0.0');
    const newer = catalogue.resolve({ plugin: 'editor', capability: 'spell', range: '^1.4.0', isLive: all });
    expect(newer).toMatchObject({ ok: false, fault: { details: { available: ['1.0.0'] } } });
  });

  it('lists what is available when nothing is in range', () => {
    const found = catalogueOf(...editors).resolve({
      plugin: 'editor',
      capability: 'copy-edit',
      range: '^3.0.0',
      isLive: all,
    });
    expect(found).toMatchObject({
      ok: false,
      fault: {
        code: 'incompatible-version',
        message:
          'No version of editor.copy-edit is in the range "^3.0.0". Available: 2.0.0-rc.1, 1.10.0, 1.4.0, 1.0.0.',
        details: { available: ['2.0.0-rc.1', '1.10.0', '1.4.0', '1.0.0'] },
      },
    });
  });

  it('says which of what is available lives, and which only waits, at that moment', () => {
    const catalogue = catalogueOf(...editors);
    const query = { plugin: 'editor', capability: 'copy-edit', range: '^3.0.0' };
    const isLive = (_: string, version: string) => version !== '1.0.0';
    const isReady = (_: string, version: string) => version !== '1.4.0';
    expect(catalogue.resolve({ ...query, isLive, isReady })).toMatchObject({
      fault: {
        message: expect.stringContaining('Available: 2.0.0-rc.1, 1.10.0, 1.4.0 (waiting), 1.0.0 (gone).'),
        details: {
          available: ['2.0.0-rc.1', '1.10.0', '1.4.0', '1.0.0'],
          live: ['2.0.0-rc.1', '1.10.0'],
          waiting: ['1.4.0'],
        },
      },
    });
    expect(catalogue.resolve({ ...query, isLive: none })).toMatchObject({ fault: { details: { live: [] } } });
  });

  it('prefers a version that is ready, then one that is not failing, and takes the highest where none is better', () => {
    const catalogue = catalogueOf(...editors);
    const choose = (waiting: readonly string[], failing: readonly string[]) =>
      versionOf(
        catalogue.resolve({
          ...{ plugin: 'editor', capability: 'copy-edit', range: '^1.0.0', isLive: all },
          isReady: (_, version) => !waiting.includes(version),
          isFailing: (_, version) => failing.includes(version),
        }),
      );
    expect(choose([], [])).toBe('1.10.0');
    expect(choose(['1.10.0'], [])).toBe('1.4.0');
    expect(choose([], ['1.10.0'])).toBe('1.4.0');
    expect(choose(['1.10.0', '1.4.0'], ['1.0.0'])).toBe('1.0.0');
    expect(choose(['1.10.0', '1.4.0', '1.0.0'], [])).toBe('1.10.0');
    expect(choose(['1.10.0', '1.4.0', '1.0.0'], ['1.10.0'])).toBe('1.4.0');
    expect(choose([], ['1.10.0', '1.4.0', '1.0.0'])).toBe('1.10.0');
  });

  it('takes the version that a tree is bound to and no other, or says to which it is bound', () => {
    const catalogue = catalogueOf(...editors);
    const resolve = (bound: string, query: { capability?: string; range?: string; live?: boolean } = {}) =>
      catalogue.resolve({
        ...{ plugin: 'editor', capability: query.capability ?? 'copy-edit', range: query.range, bound },
        ...{ isLive: () => query.live ?? true, isFailing: all, favoured: ['1.10.0'] },
      });
    expect(resolve('1.0.0')).toMatchObject({ ok: true, version: '1.0.0', live: true });
    expect(resolve('1.0.0', { live: false })).toMatchObject({ ok: true, version: '1.0.0', live: false });
    expect(resolve('1.0.0', { range: '^1.4.0' })).toMatchObject({
      fault: {
        code: 'incompatible-version',
        message: expect.stringContaining('bound to editor 1.0.0, which is not in the range "^1.4.0" of this call'),
        details: { bound: '1.0.0', available: ['2.0.0-rc.1', '1.10.0', '1.4.0', '1.0.0'] },
      },
    });
    expect(resolve('1.4.0', { range: '^9.0.0' })).toMatchObject({ fault: { details: { bound: '1.4.0' } } });
    expect(resolve('1.4.0', { capability: 'spell' })).toMatchObject({
      fault: {
        code: 'incompatible-version',
        message: expect.stringContaining('bound to editor 1.4.0, which has no capability "spell"'),
        details: { bound: '1.4.0', available: ['1.0.0'] },
      },
    });
    expect(resolve('1.5.0')).toMatchObject({
      fault: {
        code: 'unavailable',
        message: 'The call tree is bound to editor 1.5.0, which is not installed any more.',
        details: { bound: '1.5.0' },
      },
    });
    expect(resolve('1.4.0', { capability: 'unheard-of' })).toMatchObject({ fault: { code: 'not-found' } });
    expect(resolve('1.4.0', { range: 'latest' })).toMatchObject({ fault: { code: 'invalid-argument' } });
  });

  it('takes what is favoured before anything else, while it lives and is in range', () => {
    const catalogue = catalogueOf(...editors);
    const choose = (range: string | undefined, live: readonly string[], failing: readonly string[] = []) => {
      const found = catalogue.resolve({
        ...{ plugin: 'editor', capability: 'copy-edit', range, favoured: ['2.0.0-rc.1', '1.4.0', '9.9.9', '1.0.0'] },
        isLive: (_, version) => live.includes(version),
        isFailing: (_, version) => failing.includes(version),
      });
      return found.ok ? [found.version, found.live] : found.fault.code;
    };
    const versions = ['2.0.0-rc.1', '1.10.0', '1.4.0', '1.0.0'];
    expect(choose('>=1.0.0-0', versions)).toEqual(['1.4.0', true]); // a prerelease of another version is none of this range
    expect(choose('>=2.0.0-0 || 1', versions)).toEqual(['2.0.0-rc.1', true]);
    expect(choose(undefined, versions)).toEqual(['1.4.0', true]);
    expect(choose('^1.5.0', versions)).toEqual(['1.10.0', true]);
    expect(choose('^1.0.0', ['1.10.0', '1.0.0'])).toEqual(['1.0.0', true]);
    expect(choose('^1.0.0', ['1.10.0'])).toEqual(['1.10.0', true]);
    expect(choose('^1.0.0', [])).toEqual(['1.4.0', false]);
    expect(choose('^1.0.0', versions, ['1.4.0'])).toEqual(['1.0.0', true]);
    expect(choose('^1.0.0', versions, ['1.4.0', '1.0.0'])).toEqual(['1.4.0', true]);
    expect(choose('^3.0.0', versions)).toBe('incompatible-version');
  });

  it('says that a prerelease has to be asked for', () => {
    const catalogue = catalogueOf(manifest('editor', '2.0.0-rc.1', ['copy-edit']));
    const found = catalogue.resolve({ plugin: 'editor', capability: 'copy-edit', isLive: all });
    expect(found).toMatchObject({
      ok: false,
      fault: { code: 'incompatible-version', message: expect.stringContaining('Only prereleases') },
    });
  });

  it('names the nearest of what it does not have', () => {
    const catalogue = catalogueOf(...editors);
    expect(catalogue.resolve({ plugin: 'editr', capability: 'copy-edit', isLive: all })).toMatchObject({
      fault: {
        code: 'not-found',
        message: 'No plugin "editr" is installed. Nearest: editor.copy-edit, editor.spell.',
        details: { nearest: ['editor.copy-edit', 'editor.spell'] },
      },
    });
    expect(catalogue.resolve({ plugin: 'editor', capability: 'copyedit', isLive: all })).toMatchObject({
      fault: {
        code: 'not-found',
        message: 'The plugin "editor" has no capability "copyedit". Nearest: editor.copy-edit.',
      },
    });
    expect(new Catalogue().resolve({ plugin: 'editor', capability: 'x', isLive: all })).toMatchObject({
      fault: { message: 'No plugin "editor" is installed.', details: { nearest: [] } },
    });
  });

  it('forgets what it found when something is installed, replaced or removed', () => {
    const catalogue = catalogueOf(manifest('editor', '1.0.0', ['copy-edit']));
    const query = { plugin: 'editor', capability: 'copy-edit', range: '^1.0.0', isLive: all };
    const designer = { plugin: 'designer', capability: 'illustrate', isLive: all };
    expect(versionOf(catalogue.resolve(query))).toBe('1.0.0');
    expect(versionOf(catalogue.resolve(designer))).toBe('not-found');

    catalogue.set(manifest('editor', '1.1.0', ['copy-edit']));
    catalogue.set(manifest('designer', '1.0.0', ['illustrate']));
    expect(versionOf(catalogue.resolve(query))).toBe('1.1.0');
    expect(versionOf(catalogue.resolve(designer))).toBe('1.0.0');

    catalogue.set(manifest('editor', '1.1.0', ['other']));
    expect(versionOf(catalogue.resolve(query))).toBe('1.0.0');

    catalogue.remove('editor', '1.0.0');
    catalogue.remove('designer', '1.0.0');
    catalogue.remove('designer', '1.0.0');
    expect(versionOf(catalogue.resolve(query))).toBe('not-found');
    expect(versionOf(catalogue.resolve(designer))).toBe('not-found');
    expect(catalogue.list().map(({ name, version }) => `${name} ${version}`)).toEqual(['editor 1.1.0']);
  });

  it('lists by name, highest version first', () => {
    const catalogue = catalogueOf(manifest('tech', '1.0.0', []), ...editors);
    expect(catalogue.list().map(({ name, version }) => `${name} ${version}`)).toEqual([
      'editor 2.0.0-rc.1',
      'editor 1.10.0',
      'editor 1.4.0',
      'editor 1.0.0',
      'tech 1.0.0',
    ]);
  });

  it('answers the same question with the same object', () => {
    const catalogue = catalogueOf(...editors);
    const query = { plugin: 'editor', capability: 'copy-edit', range: '^1.0.0', isLive: all };
    expect(catalogue.resolve(query)).toBe(catalogue.resolve(query));
  });

  it('stays right when more ranges are asked for than it remembers', () => {
    const catalogue = catalogueOf(...editors);
    for (let patch = 0; patch < 500; patch++) {
      const found = catalogue.resolve({
        plugin: 'editor',
        capability: 'copy-edit',
        range: `1.4.0 || 9.9.${patch}`,
        isLive: all,
      });
      expect(versionOf(found)).toBe('1.4.0');
      expect(versionOf(catalogue.resolve({ plugin: `p${patch}`, capability: 'x', isLive: all }))).toBe('not-found');
    }
    expect(versionOf(catalogue.resolve({ plugin: 'editor', capability: 'copy-edit', range: '^1', isLive: all }))).toBe(
      '1.10.0',
    );
  });

  it('finds what semver finds', () => {
    const part = fc.nat(2);
    const version = fc
      .tuple(part, part, part, fc.constantFrom('', '', '-rc.1', '-rc.2'))
      .map(([a, b, c, pre]) => `${a}.${b}.${c}${pre}`);
    const range = fc
      .tuple(fc.constantFrom('', '^', '~', '>=', '<'), version)
      .map(([operator, base]) => operator + base);
    fc.assert(
      fc.property(fc.uniqueArray(version), fc.uniqueArray(version), fc.array(range), (versions, live, ranges) => {
        const catalogue = catalogueOf(...versions.map((each) => manifest('editor', each, ['copy-edit'])));
        const isLive = (_: string, each: string) => live.includes(each);
        for (const range of ranges) {
          const best =
            semver.maxSatisfying(
              versions.filter((each) => live.includes(each)),
              range,
            ) ?? semver.maxSatisfying(versions, range);
          const expected = best ?? (versions.length > 0 ? 'incompatible-version' : 'not-found');
          expect(versionOf(catalogue.resolve({ plugin: 'editor', capability: 'copy-edit', range, isLive }))).toBe(
            expected,
          );
        }
      }),
    );
  });

  it('a caller that says what it sends — is given a version that takes it, and is told where none does', () => {
    const taking = (version: string, type: string): Manifest => {
      const capabilities = [{ name: 'spell', description: 'spells', input: { type }, output: true }];
      return { name: 'speller', version, description: 'spells', capabilities, uses: [] };
    };
    const catalogue = new Catalogue();
    for (const one of [taking('1.2.0', 'array'), taking('1.1.0', 'object'), taking('1.0.0', 'object')])
      catalogue.set(one);
    const ask = (input: JsonSchema, more: object = {}) => {
      const use = { capability: 'speller.spell', range: '^1.0.0', input };
      return catalogue.resolve({
        plugin: 'speller',
        capability: 'spell',
        range: use.range,
        use,
        isLive: () => true,
        ...more,
      });
    };
    expect(ask({ type: 'object' })).toMatchObject({ ok: true, version: '1.1.0', live: true });
    expect(ask({ type: 'object' }, { favoured: ['1.2.0', '1.0.0'] })).toMatchObject({ ok: true, version: '1.0.0' });
    expect(ask({ type: 'object' }, { bound: '1.0.0' })).toMatchObject({ ok: true, version: '1.0.0' });
    expect(ask({ type: 'object' }, { bound: '1.2.0' })).toMatchObject({
      fault: {
        code: 'incompatible-version',
        message: expect.stringContaining('The call tree is bound to speller 1.2.0, which does not fit'),
        details: { bound: '1.2.0', problems: [expect.objectContaining({ pointer: '/input' })] },
      },
    });
    expect(ask({ type: 'string' })).toMatchObject({
      ok: false,
      fault: {
        code: 'incompatible-version',
        details: {
          available: ['1.2.0', '1.1.0', '1.0.0'],
          problems: Array.from({ length: 3 }, () => expect.objectContaining({ pointer: '/input' })),
        },
      },
    });
  });

  it('who uses something of a plugin — is known, also after a manifest was replaced or removed', () => {
    const using = (version: string, ...names: string[]): Manifest => ({
      ...manifest('caller', version, []),
      uses: names.map((name) => ({ capability: `${name}.do`, range: '*' })),
    });
    const catalogue = catalogueOf(using('1.0.0', 'a', 'b'), using('2.0.0', 'a'));
    const users = (plugin: string) => catalogue.usersOf(plugin).map(({ version }) => version);
    expect([users('a'), users('b'), users('c')]).toEqual([['1.0.0', '2.0.0'], ['1.0.0'], []]);
    catalogue.set(using('1.0.0', 'c'));
    expect([users('a'), users('b'), users('c')]).toEqual([['2.0.0'], [], ['1.0.0']]);
    catalogue.remove('caller', '2.0.0');
    expect([users('a'), catalogue.versionsOf('caller').length]).toEqual([[], 1]);
  });
});
