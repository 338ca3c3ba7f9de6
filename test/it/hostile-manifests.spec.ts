/** Manifests that are made to take time: each is refused or accepted in bounded work, and the registry goes on serving. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Bus, connectBus, Requester, readAnswer, readPlugins } from '@orchestrator/bus';
import { Fault, subjects } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const many = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));
const doubling = (length: number) => ({
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    many(length, (index) => {
      const next = { $ref: `#/$defs/d${Math.min(index + 1, length - 1)}` };
      return [`d${index}`, index + 1 < length ? { allOf: [next, next] } : { type: 'string' }];
    }),
  ),
});
const nested = (keyword: string, depth: number) =>
  JSON.parse(`${`{"${keyword}":[`.repeat(depth)}true${']}'.repeat(depth)}`);
const properties = (count: number, of: (index: number) => object) => ({
  properties: Object.fromEntries(many(count, (index) => [`p${index}`, of(index)])),
});

const REFUSED: [string, unknown][] = [
  ['a pattern that goes back without end', { pattern: '^(a+)+$' }],
  ['the same as a key', { patternProperties: { '(x+x+)+y': true } }],
  ['the same for names', { propertyNames: { pattern: '\\s+$' } }],
  ['thousands of involved patterns', properties(2_000, (index) => ({ pattern: `^.{1,240}${index}.{1,240}$` }))],
  ['a pattern of counts within counts', { pattern: '^((a{0,99}){0,99}){0,99}$' }],
  ['a pattern of 100 KB', { pattern: `^${'a?'.repeat(50_000)}$` }],
  ['references that double', doubling(60)],
  [
    'references to a wide schema',
    { $defs: { w: properties(2_000, () => ({})) }, anyOf: many(5_000, () => ({ $ref: '#/$defs/w' })) },
  ],
  ['a reference to itself', { $ref: '#' }],
  ['a remote reference', { $ref: 'https://example.org/schema' }],
  ['deep nesting', nested('anyOf', 1_000)],
  [
    'a long chain of references',
    { $defs: Object.fromEntries(many(5_000, (n) => [`d${n}`, { $ref: `#/$defs/d${n + 1}` }])), $ref: '#/$defs/d0' },
  ],
  ['more than 256 KiB', { description: 'x'.repeat(257 * 1024) }],
];

describe('hostile manifests', () => {
  let system: TestSystem;
  let author: Bus;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
    author = await connectBus({ url: system.urlAs('plugin'), name: 'author' });
  });

  afterAll(async () => {
    await author?.nc.close();
    await system?.stop();
  });

  async function announce(name: string, input: unknown): Promise<unknown> {
    const capabilities = [{ name: 'take', description: 'takes', input, output: true }];
    const manifest = { name, version: '1.0.0', description: 'takes', capabilities, uses: [] };
    const body = JSON.stringify({ manifest, instance: 'i1' });
    try {
      return readAnswer(await new Requester(author).request(subjects.announce(name), body, { timeoutMs: 60_000 }));
    } catch (error) {
      return Fault.from(error).toJSON();
    }
  }

  it.each(REFUSED)('%s — is refused, with the place', async (_, input) => {
    const fault = await announce('hostile', input);
    expect(fault).toMatchObject({ code: 'invalid-argument', details: { problems: expect.anything() } });
  });

  it('a schema that is merely large and recursive — is accepted', async () => {
    const node = {
      properties: {
        children: { items: { $ref: '#/$defs/node' } },
        ...properties(500, () => ({ pattern: '^[a-z]+$' })).properties,
      },
    };
    expect(await announce('honest', { $ref: '#/$defs/node', $defs: { node } })).toMatchObject({ accepted: true });
  });

  it('all at once — and the registry answers, and lets nobody go meanwhile', async () => {
    const answers = await Promise.all([
      ...REFUSED.map(async ([, input], index) => await announce(`hostile-${index}`, input)),
      ...many(5, async () => {
        const plugins = await readPlugins(system.client.requester);
        return plugins.find(({ name }) => name === 'probe')?.instances.length === 1 ? 'served' : plugins;
      }),
    ]);
    expect(answers.filter((answer) => answer === 'served')).toHaveLength(5);
    expect(answers.filter((answer) => (answer as { code?: string }).code === 'invalid-argument')).toHaveLength(
      REFUSED.length,
    );
    expect(system.log.filter((line) => line.includes('has gone without a word'))).toEqual([]);
    const { result } = await system.client.call({ plugin: 'probe', capability: 'echo' }, { text: 'still here' });
    expect(result).toMatchObject({ ok: true });
  });
});
