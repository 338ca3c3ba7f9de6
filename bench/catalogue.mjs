/** How long the catalogue takes: to be filled, and to find a version, with few and with many capabilities. */
import { Catalogue, VersionShares } from '@orchestrator/manifest';

export const SIZES = [10, 1_000, 10_000];
export const PER_PLUGIN = 10;
const LOOK_UPS = 50_000;
const MISSES = 1_000;

export function rowsOfCatalogue() {
  return SIZES.flatMap((size) => {
    const manifests = Array.from({ length: size / PER_PLUGIN }, (_, n) => manifest(n));
    const catalogue = new Catalogue();
    const filledMs = took(() => {
      for (const one of manifests) catalogue.set(one);
    });
    const find = (n, range, capability = `c-${n % PER_PLUGIN}`) => {
      const plugin = `plugin-${n % manifests.length}`;
      return catalogue.resolve({ plugin, capability, range, isLive: () => true });
    };
    const foundUs = (took(() => repeat(LOOK_UPS, (n) => find(n, '^1.0.0'))) / LOOK_UPS) * 1_000;
    for (const version of ['1.1.0', '2.0.0']) catalogue.set({ ...manifest(0), version });
    const shares = VersionShares.parse('plugin-0: 2.0.0 10%, 1.1.0 40%, 1.0.0 50%');
    const weigh = (n) => {
      const favoured = shares.orderFor('plugin-0', String(n).padStart(32, '0'));
      const always = { isLive: () => true, isReady: () => true, isFailing: () => false };
      return catalogue.resolve({ plugin: 'plugin-0', capability: 'c-1', range: '*', favoured, ...always });
    };
    const weighedUs = (took(() => repeat(LOOK_UPS, weigh)) / LOOK_UPS) * 1_000;
    const missedUs = (took(() => repeat(MISSES, (n) => find(n, undefined, `d-${n}`))) / MISSES) * 1_000;
    const of = `catalogue of ${size.toLocaleString('en')} capabilities`;
    return [
      [`${of}, filled`, filledMs, 'ms', undefined, size === 10_000 ? '≤ 2000 ms' : ''],
      [`${of}, a version found`, foundUs, 'µs', undefined, '≤ 20 µs'],
      [`${of}, one of three versions found, by weight`, weighedUs, 'µs', undefined, '≤ 20 µs'],
      [`${of}, nearest names of a wrong one`, missedUs, 'µs'],
    ];
  });
}

export function manifest(n) {
  const input = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
  const capabilities = Array.from({ length: PER_PLUGIN }, (_, c) => ({
    name: `c-${c}`,
    description: 'does something',
    input,
    output: input,
  }));
  return { name: `plugin-${n}`, version: '1.0.0', description: 'does something', capabilities, uses: [] };
}

function repeat(times, work) {
  for (let n = 0; n < times; n++) work(n);
}

function took(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}
