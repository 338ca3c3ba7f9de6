import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import semver from 'semver';
import { Catalogue } from './catalogue.js';
import type { Manifest } from './manifest.js';
import { VersionShares } from './version-shares.js';

const CANARY = 'designer: 2.0.0 10%, 1.9.3 90%';

function manifest(version: string): Manifest {
  const capabilities = [{ name: 'illustrate', description: '', input: true, output: true }];
  return { name: 'designer', version, description: '', capabilities, uses: [] };
}

const correlation = (n: number) => n.toString(16).padStart(32, '0');

/** How many of so many correlations fall to each version. */
function counted(shares: VersionShares, of: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let n = 0; n < of; n++) {
    const [first = ''] = shares.orderFor('designer', correlation(n)) ?? [];
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts;
}

describe('VersionShares', () => {
  it('reads pins and weights, and lists them', () => {
    const shares = VersionShares.parse(' editor: 1.4.2 ;; designer: 1.9.3 89.5%,2.0.0-rc.1 10.5 % ; ');
    expect(shares.list()).toEqual([
      { plugin: 'editor', version: '1.4.2', percent: 100 },
      { plugin: 'designer', version: '2.0.0-rc.1', percent: 10.5 },
      { plugin: 'designer', version: '1.9.3', percent: 89.5 },
    ]);
    expect(VersionShares.parse('').list()).toEqual([]);
    expect(VersionShares.parse(undefined).orderFor('editor', correlation(1))).toBeUndefined();
    expect(shares.orderFor('editor', correlation(1))).toEqual(['1.4.2']);
    expect(shares.orderFor('other', correlation(1))).toBeUndefined();
  });

  it.each([
    ['editor', 1, 'must begin with the name'],
    ['editor: 1.0.0; Editor: 1.0.0', 16, 'must begin with the name'],
    ['editor: ^1.0.0', 1, '"^1.0.0" is no version'],
    ['editor:', 1, '"" is no version'],
    ['editor: 1.0.0,', 1, '"" is no version'],
    ['editor: 1.0.0 10', 1, '"10" is no percentage'],
    ['editor: 1.0.0 0%, 2.0.0 100%', 1, '"0%" is no percentage'],
    ['editor: 1.0.0 -5%, 2.0.0 105%', 1, '"-5%" is no percentage'],
    ['editor: 1.0.0 10%', 1, 'make 10%, not 100%'],
    ['editor: 1.0.0 60%, 2.0.0 60%', 1, 'make 120%, not 100%'],
    ['editor: 1.0.0, 2.0.0 100%', 1, 'each version needs a percentage'],
    ['editor: 1.0.0, 2.0.0', 1, 'each version needs a percentage'],
    ['editor: 1.0.0 50%, 1.0.0 50%', 1, 'a version stands there twice'],
    ['editor: 1.0.0;editor: 2.0.0', 15, 'editor stands there twice'],
  ])('refuses %p, saying where and why', (text, at, why) => {
    const message = expect.stringContaining(why);
    expect(() => VersionShares.parse(text)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message, details: { at } }),
    );
    expect(() => VersionShares.parse(text)).toThrow(`(at character ${at})`);
    expect(() => VersionShares.parse(text)).toThrow('"plugin: version percent%, version percent%"');
  });

  it('gives each version its part of the correlations', () => {
    const of = 20_000;
    const { '2.0.0': canary = 0, '1.9.3': stable = 0, ...others } = counted(VersionShares.parse(CANARY), of);
    expect(others).toEqual({});
    expect(canary + stable).toBe(of);
    expect(Math.abs(canary / of - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / of)); // four standard deviations
    const three = counted(VersionShares.parse('designer: 3.0.0 50%, 2.0.0 30%, 1.0.0 20%'), of);
    for (const [version, part] of [['3.0.0', 0.5] as const, ['2.0.0', 0.3] as const, ['1.0.0', 0.2] as const]) {
      expect(Math.abs((three[version] ?? 0) / of - part)).toBeLessThan(4 * Math.sqrt((part * (1 - part)) / of));
    }
  });

  it('decides the same for the same correlation, however the setting is written, and for each plugin by itself', () => {
    const [one, same] = [CANARY, 'designer:1.9.3 90 %,2.0.0 10.00%'].map((text) => VersionShares.parse(text));
    const half = VersionShares.parse('designer: 2.0.0 50%, 1.0.0 50%; editor: 2.0.0 50%, 1.0.0 50%');
    let different = 0;
    for (let n = 0; n < 1_000; n++) {
      expect(one?.orderFor('designer', correlation(n))).toEqual(same?.orderFor('designer', correlation(n)));
      const [a, b] = ['designer', 'editor'].map((plugin) => half.orderFor(plugin, correlation(n))?.[0]);
      if (a !== b) different++;
    }
    expect(different).toBeGreaterThan(400);
    expect(different).toBeLessThan(600);
  });

  it('moves only the correlations that a version gains when its part grows', () => {
    const grown = VersionShares.parse('designer: 2.0.0 50%, 1.9.3 50%');
    const before = VersionShares.parse(CANARY);
    for (let n = 0; n < 2_000; n++) {
      const [was] = before.orderFor('designer', correlation(n)) ?? [];
      if (was === '2.0.0') expect(grown.orderFor('designer', correlation(n))?.[0]).toBe('2.0.0');
    }
  });

  it('never leads out of the range, nor to what is not live while something in range is', () => {
    const versions = ['3.0.0', '2.1.0', '2.0.0', '2.0.0-rc.1', '1.9.3', '1.0.0'];
    const some = fc.subarray(versions);
    const range = fc.constantFrom('*', '^1.0.0', '^2.0.0', '~2.0.0', '2.0.0-rc.1', '>=1.5.0', '^9.0.0');
    fc.assert(
      fc.property(some, some, range, fc.nat(), (installed, live, range, n) => {
        const catalogue = new Catalogue();
        for (const version of installed) catalogue.set(manifest(version));
        const shares = VersionShares.parse('designer: 2.0.0 40%, 2.0.0-rc.1 10%, 1.9.3 50%');
        const favoured = shares.orderFor('designer', correlation(n));
        const isLive = (_: string, version: string) => live.includes(version);
        const found = catalogue.resolve({ plugin: 'designer', capability: 'illustrate', range, isLive, favoured });
        const inRange = installed.filter((version) => semver.satisfies(version, range));
        expect(found.ok).toBe(inRange.length > 0);
        if (!found.ok) return;
        expect(inRange).toContain(found.version);
        const lives = inRange.filter((version) => live.includes(version));
        expect(found.live).toBe(lives.length > 0);
        const candidates = lives.length > 0 ? lives : inRange;
        const wanted = favoured?.find((version) => candidates.includes(version));
        expect(found.version).toBe(wanted ?? semver.maxSatisfying(candidates, range));
      }),
    );
  });
});
