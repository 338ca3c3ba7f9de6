import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dependencyGraph, impactOf, versionId } from './dependency-graph.js';
import type { Manifest } from './manifest.js';

/** `a@1.0.0` has the capability `do`, and uses that of others: `{ b: '^1.0.0' }`. */
function plugin(id: string, uses: Readonly<Record<string, string>> = {}): Manifest {
  const [name = '', version = ''] = id.split('@');
  return {
    ...{
      name,
      version,
      description: 'does',
      capabilities: [{ name: 'do', description: 'does', input: true, output: true }],
    },
    uses: Object.entries(uses).map(([other, range]) => ({ capability: `${other}.do`, range })),
  };
}

const goneIs = (id: string) => (manifest: Manifest) => versionId(manifest) === id;

describe('dependencyGraph', () => {
  it('a need — is met by every version in range, highest first', () => {
    const graph = dependencyGraph([
      plugin('b@1.0.0'),
      plugin('b@1.2.0'),
      plugin('b@2.0.0'),
      plugin('a@1.0.0', { b: '^1.0.0' }),
    ]);
    expect(graph.nodes.map(({ id }) => id)).toEqual(['a@1.0.0', 'b@2.0.0', 'b@1.2.0', 'b@1.0.0']);
    expect(graph.nodes[0]?.needs).toEqual([
      { capability: 'b.do', range: '^1.0.0', metBy: ['b@1.2.0', 'b@1.0.0'], unfit: [] },
    ]);
    expect(graph.cycles).toEqual([]);
  });

  it('versions that need each other — are a cycle, with its path', () => {
    const all = [
      plugin('a@1.0.0', { b: '*' }),
      plugin('b@1.0.0', { c: '*' }),
      plugin('c@1.0.0', { a: '*', d: '*' }),
      plugin('d@1.0.0'),
    ];
    expect(dependencyGraph(all).cycles).toEqual([['a@1.0.0', 'b@1.0.0', 'c@1.0.0', 'a@1.0.0']]);
    expect(dependencyGraph([plugin('a@1.0.0', { a: '*' })]).cycles).toEqual([['a@1.0.0', 'a@1.0.0']]);
  });

  it('several circles through the same versions — are all told, as far as each has a need of its own', () => {
    const all = [
      plugin('a@1.0.0', { b: '*', c: '*' }),
      plugin('b@1.0.0', { a: '*', c: '*' }),
      plugin('c@1.0.0', { a: '*' }),
    ];
    expect(dependencyGraph(all)).toMatchObject({
      more: false,
      cycles: [
        ['a@1.0.0', 'b@1.0.0', 'a@1.0.0'],
        ['a@1.0.0', 'c@1.0.0', 'a@1.0.0'],
        ['a@1.0.0', 'b@1.0.0', 'c@1.0.0', 'a@1.0.0'],
      ],
    });
  });

  it('needs in thousands — are looked through, and where that takes too long it says so', () => {
    const name = (index: number) => `p${String(index).padStart(5, '0')}`;
    const chain = Array.from({ length: 5_000 }, (_, n) => plugin(`${name(n)}@1.0.0`, { [name((n + 1) % 5_000)]: '*' }));
    const long = dependencyGraph(chain);
    expect([long.more, long.cycles.length <= 100]).toEqual([true, true]);
    const everybody = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [name(n), '*']));
    const dense = dependencyGraph(Array.from({ length: 20 }, (_, n) => plugin(`${name(n)}@1.0.0`, everybody)));
    expect(dense.cycles).toHaveLength(20 + (20 * 19) / 2);
  });

  it('a version that does not take what is sent — does not meet the need', () => {
    const caller = { ...plugin('a@1.0.0'), uses: [{ capability: 'b.do', range: '*', input: { type: 'object' } }] };
    const narrow = plugin('b@2.0.0');
    const capabilities = narrow.capabilities.map((one) => ({ ...one, input: { type: 'object', maxProperties: 0 } }));
    const graph = dependencyGraph([caller, plugin('b@1.0.0'), { ...narrow, capabilities }]);
    expect(graph.nodes[0]?.needs).toEqual([{ capability: 'b.do', range: '*', metBy: ['b@1.0.0'], unfit: ['b@2.0.0'] }]);
  });

  it('any graph — a cycle is a way along needs, and every need that closes one is in the shortest such', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const edges = fc.dictionary(fc.constantFrom(...names), fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }));
    fc.assert(
      fc.property(edges, (uses) => {
        const of = (name: string) => Object.fromEntries((uses[name] ?? []).map((other) => [other, '*']));
        const { nodes, cycles } = dependencyGraph(names.map((name) => plugin(`${name}@1.0.0`, of(name))));
        const next = new Map(nodes.map(({ id, needs }) => [id, needs.flatMap(({ metBy }) => metBy)]));
        for (const cycle of cycles) {
          expect(cycle[0]).toBe(cycle.at(-1));
          for (const [index, id] of cycle.slice(1).entries()) expect(next.get(cycle[index] ?? '')).toContain(id);
        }
        const reaches = (from: string) => {
          const seen = new Set<string>();
          const open = [...(next.get(from) ?? [])];
          for (let id = open.pop(); id !== undefined; id = open.pop()) {
            if (seen.has(id)) continue;
            seen.add(id);
            open.push(...(next.get(id) ?? []));
          }
          return seen;
        };
        const circular = names.map((name) => `${name}@1.0.0`).filter((id) => reaches(id).has(id));
        expect(cycles.length > 0).toBe(circular.length > 0);
        const arrows = new Set(cycles.flatMap((cycle) => cycle.slice(1).map((id, index) => `${cycle[index]} ${id}`)));
        const closing = circular.flatMap((id) =>
          (next.get(id) ?? []).filter((other) => reaches(other).has(id)).map((other) => `${id} ${other}`),
        );
        expect([...arrows].sort()).toEqual([...new Set(closing)].sort());
        for (const cycle of cycles) expect(new Set(cycle).size).toBe(cycle.length - 1);
        expect(new Set(cycles.map((cycle) => cycle.join())).size).toBe(cycles.length);
      }),
    );
  });
});

describe('impactOf', () => {
  const all = [
    plugin('a@1.0.0', { b: '^1.0.0' }),
    plugin('b@1.0.0', { c: '^1.0.0' }),
    plugin('c@1.0.0'),
    plugin('c@1.1.0'),
  ];

  it('what another version replaces — breaks nothing', () => {
    expect(impactOf(all, goneIs('c@1.1.0'))).toEqual([]);
  });

  it('the last that fits — breaks who needs it, and who needs those', () => {
    expect(impactOf(all, ({ name }) => name === 'c').map(({ id, distance }) => [id, distance])).toEqual([
      ['b@1.0.0', 1],
      ['a@1.0.0', 2],
    ]);
  });

  it('what did not work before — is not its fault', () => {
    const broken = plugin('x@1.0.0', { missing: '*', c: '*' });
    const impacts = impactOf([...all, broken], ({ name }) => name === 'c');
    expect(impacts.map(({ id, needs }) => [id, needs.map(({ capability }) => capability)])).toEqual([
      ['b@1.0.0', ['c.do']],
      ['x@1.0.0', ['c.do']],
      ['a@1.0.0', ['b.do']],
    ]);
  });

  it('what it can do without — it is not missed', () => {
    const optional = { ...plugin('x@1.0.0'), uses: [{ capability: 'c.do', range: '*', optional: true }] };
    expect(impactOf([plugin('c@1.0.0'), optional], goneIs('c@1.0.0'))).toEqual([]);
  });
});
