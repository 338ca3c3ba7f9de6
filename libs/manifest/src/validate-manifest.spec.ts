import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { LIMITS } from '@orchestrator/protocol';
import { type AnySchema } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { type JsonSchema } from './json-schema.js';
import type { Manifest } from './manifest.js';
import { MANIFEST_SCHEMA } from './manifest-schema.js';
import { validateManifest } from './validate-manifest.js';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const editor: Manifest = {
  name: 'editor',
  version: '1.2.0',
  description: 'Prepares articles.',
  capabilities: [
    {
      name: 'copy-edit',
      description: 'Edits a text.',
      input: {
        $schema: DIALECT,
        $id: 'https://example.org/copy-edit',
        type: 'object',
        properties: { text: { type: 'string', format: 'markdown' }, notes: { $ref: '#/$defs/Notes' }, $ref: true },
        required: ['text'],
        $defs: { Notes: { type: ['array', 'null'], items: { $ref: '#/$defs/Notes' } } },
      },
      output: true,
      deadlineMs: 5_000,
    },
    { name: 'prepare-article', description: '', input: false, output: { const: { $ref: 'not a reference' } } },
  ],
  uses: [{ capability: 'designer.illustrate', range: '^1.0.0' }],
};

/** The manifest with one place changed; undefined removes it. */
function edited(path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(editor) as unknown as Record<string | number, unknown>;
  const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string | number, unknown>, copy);
  parent[path.at(-1) as string] = value;
  return copy;
}

function pointers(value: unknown): readonly string[] {
  return (validateManifest(value).problems ?? []).map(({ pointer }) => pointer);
}

describe('validateManifest', () => {
  it('accepts a good manifest, and gives back a copy', () => {
    const verdict = validateManifest(editor);
    expect(verdict).toEqual({ manifest: editor });
    expect(verdict.manifest).not.toBe(editor);
  });

  it.each<[string, readonly (string | number)[], unknown, string]>([
    ['a name in capitals', ['name'], 'Editor', '/name'],
    ['a name with a dot', ['name'], 'my.editor', '/name'],
    ['a name that ends with a hyphen', ['name'], 'editor-', '/name'],
    ['a name of 64 characters', ['name'], 'e'.repeat(64), '/name'],
    ['a name that is a number', ['name'], 7, '/name'],
    ['no version', ['version'], undefined, '/version'],
    ['a range as version', ['version'], '^1.0.0', '/version'],
    ['a version with v', ['version'], 'v1.0.0', '/version'],
    ['a version with build metadata', ['version'], '1.0.0+5', '/version'],
    ['a version with a leading zero', ['version'], '1.01.0', '/version'],
    ['a version that semver cannot count', ['version'], '99999999999999999.0.0', '/version'],
    ['a version of 65 characters', ['version'], `1.0.0-${'a'.repeat(59)}`, '/version'],
    ['an unknown key', ['tags'], [], '/tags'],
    ['a key that needs escaping', ['a/b~c'], 1, '/a~1b~0c'],
    ['an unknown key of a capability', ['capabilities', 0, 'timeout'], 5, '/capabilities/0/timeout'],
    ['capabilities by name', ['capabilities'], { 'copy-edit': {} }, '/capabilities'],
    ['a capability without input', ['capabilities', 1, 'input'], undefined, '/capabilities/1/input'],
    ['a repeated capability', ['capabilities', 1, 'name'], 'copy-edit', '/capabilities/1/name'],
    ['a deadline of zero', ['capabilities', 0, 'deadlineMs'], 0, '/capabilities/0/deadlineMs'],
    ['too long a deadline', ['capabilities', 0, 'deadlineMs'], LIMITS.maxDeadlineMs + 1, '/capabilities/0/deadlineMs'],
    ['a schema that is a string', ['capabilities', 0, 'input'], 'object', '/capabilities/0/input'],
    ['an unknown type', ['capabilities', 0, 'input'], { type: 'text' }, '/capabilities/0/input/type'],
    ['a misspelt keyword', ['capabilities', 0, 'output'], { minLenght: 1 }, '/capabilities/0/output/minLenght'],
    ['a keyword of one library', ['capabilities', 0, 'output'], { $async: true }, '/capabilities/0/output/$async'],
    [
      'a remote reference, deep within',
      ['capabilities', 0, 'output'],
      { properties: { a: { anyOf: [true, { items: { $ref: 'https://example.org/a' } }] } } },
      '/capabilities/0/output/properties/a/anyOf/1/items/$ref',
    ],
    ['the meta-schema as reference', ['capabilities', 0, 'output'], { $ref: DIALECT }, '/capabilities/0/output/$ref'],
    ['a reference to nothing', ['capabilities', 0, 'output'], { $ref: '#/$defs/A' }, '/capabilities/0/output/$ref'],
    ['an anchor that is nowhere', ['capabilities', 0, 'output'], { $ref: '#here' }, '/capabilities/0/output/$ref'],
    [
      'the same anchor twice',
      ['capabilities', 0, 'output'],
      { $defs: { a: { $anchor: 'here' }, b: { $anchor: 'here' } } },
      '/capabilities/0/output/$defs/a/$anchor',
    ],
    ['an anchor at the root', ['capabilities', 0, 'output'], { $anchor: 'a' }, '/capabilities/0/output/$anchor'],
    ['an inner $id', ['capabilities', 0, 'output'], { not: { $id: 'a' } }, '/capabilities/0/output/not/$id'],
    [
      'another dialect',
      ['capabilities', 0, 'output'],
      { $schema: 'http://json-schema.org/draft-07/schema#' },
      '/capabilities/0/output/$schema',
    ],
    ['a bad pattern', ['capabilities', 0, 'output'], { pattern: '(' }, '/capabilities/0/output/pattern'],
    [
      'a bad pattern as key',
      ['capabilities', 0, 'output'],
      { patternProperties: { '(': true } },
      '/capabilities/0/output/patternProperties/(',
    ],
    ['a use without range', ['uses', 0, 'range'], undefined, '/uses/0/range'],
    ['a use with a bad range', ['uses', 0, 'range'], 'newest', '/uses/0/range'],
    ['a use of a whole plugin', ['uses', 0, 'capability'], 'designer', '/uses/0/capability'],
    ['a use of a long name', ['uses', 0, 'capability'], `${'d'.repeat(64)}.x`, '/uses/0/capability'],
    ['the same use twice', ['uses', 1], editor.uses[0], '/uses/1/capability'],
  ])('refuses %s', (_, path, value, pointer) => {
    expect(pointers(edited(path, value))).toEqual([pointer]);
  });

  it('says what was expected', () => {
    const { problems } = validateManifest({
      ...editor,
      name: 'Ed',
      version: undefined,
      tags: 1,
      uses: [{ capability: 1 }],
    });
    expect(problems).toEqual([
      {
        pointer: '/name',
        message:
          'expected the name of the plugin: lower case letters, digits and inner hyphens, at most 63 characters, got "Ed"',
      },
      { pointer: '/tags', message: expect.stringMatching(/^unknown field; known are name, version, .*uses/) },
      {
        pointer: '/uses/0/capability',
        message:
          'expected plugin.capability, like editor.copy-edit, either name of lower case letters, digits and inner hyphens, at most 63 characters, got 1',
      },
      {
        pointer: '/uses/0/range',
        message: 'is missing; expected a semver range, like ^1.0.0, of at most 256 characters',
      },
      {
        pointer: '/version',
        message:
          'is missing; expected an exact semver version without build metadata, like 1.2.3 or 2.0.0-rc.1, at most 64 characters',
      },
    ]);
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['null', null],
    ['a list', []],
    ['a text', 'editor'],
    [
      'an object that throws',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
    [
      'a circle',
      (() => {
        const circle: Record<string, unknown> = {};
        circle.self = circle;
        return circle;
      })(),
    ],
    ['too much', { ...editor, description: 'é'.repeat(128 * 1024) }],
  ])('refuses %s as a whole', (_, value) => {
    expect(pointers(value)).toEqual(['']);
  });

  it('refuses a schema that is nested beyond reason', () => {
    const nested = (depth: number) => JSON.parse(`${'{"not":'.repeat(depth)}true${'}'.repeat(depth)}`);
    expect(pointers(edited(['capabilities', 0, 'output'], nested(64)))).toEqual([]);
    expect(pointers(edited(['capabilities', 0, 'output'], nested(65)))).toEqual([
      `/capabilities/0/output${'/not'.repeat(65)}`,
    ]);
    expect(pointers(edited(['capabilities', 0, 'output'], nested(20_000)))).not.toEqual([]);
  });

  it('follows references to places, anchors and encoded names', () => {
    const schema = {
      $defs: { 'a/b c': true, named: { $anchor: 'here' }, dynamic: { $dynamicAnchor: 'there' } },
      not: { items: { $ref: '#' } },
      allOf: [{ $ref: '#/$defs/a~1b%20c' }, { $ref: '#here' }, { $dynamicRef: '#there' }, { $ref: '#/allOf/0' }],
    };
    expect(pointers(edited(['capabilities', 0, 'output'], schema))).toEqual([]);
  });

  it('stays quick where a compiler would not', () => {
    const wide = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`p${index}`, { minLength: index }]));
    const schema = {
      $defs: { wide: { properties: wide } },
      anyOf: Array.from({ length: 5_000 }, () => ({ $ref: '#/$defs/wide' })),
    };
    expect(pointers(edited(['capabilities', 0, 'output'], schema))).toEqual(['/capabilities/0/output']);
  });

  it.each<[string, JsonSchema, string]>([
    ['as pattern', { pattern: '^(a+)+$' }, '/pattern'],
    ['as a key of patternProperties', { patternProperties: { '(x|x)*y': true } }, '/patternProperties/(x|x)*y'],
    ['within propertyNames', { propertyNames: { pattern: '\\s+$' } }, '/propertyNames/pattern'],
    ['that nothing applies', { $defs: { unused: { pattern: 'a*a*b' } } }, '/$defs/unused/pattern'],
  ])('refuses a pattern that may run for too long, %s', (_, schema, at) => {
    for (const [path, pointer] of [
      [['capabilities', 0, 'input'], `/capabilities/0/input${at}`],
      [['capabilities', 1, 'output'], `/capabilities/1/output${at}`],
      [['config'], `/config${at}`],
    ] as const) {
      expect(validateManifest(edited(path, schema)).problems).toEqual([
        { pointer, message: expect.stringContaining('linear') },
      ]);
    }
  });

  it('judges each manifest in bounded steps, however many patterns there are', () => {
    const costly = (index: number) => [`p${index}`, { pattern: `^.{1,${200 + (index % 50)}}x${index}.{1,200}$` }];
    const properties = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => costly(index)));
    const { problems = [] } = validateManifest(edited(['config'], { properties }));
    expect(problems[0]).toMatchObject({ message: expect.stringContaining('not judged any more') });
  });

  it('does not let one schema get in the way of another', () => {
    const poisonous = edited(['capabilities', 0, 'input'], { $id: DIALECT, $defs: { a: { $anchor: 'a' } } });
    const first = validateManifest(poisonous);
    expect(validateManifest(poisonous)).toEqual(first);
    expect(validateManifest(editor)).toEqual({ manifest: editor });
  });

  it('takes 1000 capabilities and no more', () => {
    const capability = (_: unknown, index: number) => ({
      name: `c${index}`,
      description: '',
      input: true,
      output: true,
    });
    expect(pointers({ ...editor, capabilities: Array.from({ length: 1000 }, capability) })).toEqual([]);
    expect(pointers({ ...editor, capabilities: Array.from({ length: 1001 }, capability) })).toEqual(['/capabilities']);
  });

  it('agrees with the published schema on what is malformed', () => {
    const conforms = new Ajv2020({ allowUnionTypes: true }).compile(MANIFEST_SCHEMA);
    const junk = fc.oneof(fc.jsonValue(), fc.constantFrom('editor', '1.0.0', 'a.b', '^1.0.0'));
    const key = fc.constantFrom('name', 'version', 'description', 'capabilities', 'uses');
    fc.assert(
      fc.property(key, junk, (key, value) => {
        const changed = JSON.parse(JSON.stringify({ ...editor, [key]: value }));
        if (!conforms(changed)) expect(validateManifest(changed).problems).toBeDefined();
        if (validateManifest(changed).manifest) expect(conforms(changed)).toBe(true);
      }),
    );
  });

  it('never throws, and accepts only what is a manifest', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    const nearly = fc.record(
      {
        name: anything,
        version: anything,
        capabilities: fc.array(fc.record({ name: anything, input: anything, output: anything })),
        uses: anything,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(anything, nearly), (value) => {
        const { manifest, problems } = validateManifest(value);
        expect(manifest === undefined).toBe(problems !== undefined);
        expect(problems).not.toEqual([]);
      }),
    );
  });

  it('never throws on any schema of a capability, and accepts only what a compiler accepts', () => {
    const compile = (input: JsonSchema = true) =>
      new Ajv2020({ strict: false, logger: false }).compile(input as AnySchema);
    const { schema } = fc.letrec((tie) => {
      const named = fc.dictionary(fc.constantFrom('a', 'b', '$ref'), tie('schema'), { maxKeys: 2 });
      const reference = fc.constantFrom('#', '#a', '#/properties/a', '#/$defs/b', '#/not', '#/properties');
      const sound = {
        type: fc.constantFrom('string', 'object', ['array', 'null']),
        properties: named,
        $defs: named,
        items: tie('schema'),
        not: tie('schema'),
        allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        $ref: reference,
        $dynamicRef: reference,
        $anchor: fc.constant('a'),
        pattern: fc.constantFrom('^a', '\\p{L}', '('),
        minimum: fc.integer(),
      };
      const wild = fc.oneof(
        { weight: 15, arbitrary: fc.constant({}) },
        fc.dictionary(fc.constantFrom(...Object.keys(sound)), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 1 }),
      );
      const object = fc.tuple(fc.record(sound, { requiredKeys: [] }), wild).map((parts) => Object.assign({}, ...parts));
      return {
        schema: fc.oneof({ maxDepth: 3 }, { weight: 1, arbitrary: fc.boolean() }, { weight: 4, arbitrary: object }),
      };
    });
    fc.assert(
      fc.property(schema, (input) => {
        const { manifest, problems = [] } = validateManifest(edited(['capabilities', 0, 'input'], input));
        if (manifest) expect(() => compile(manifest.capabilities[0]?.input)).not.toThrow();
        else expect(problems.every(({ pointer }) => pointer.startsWith('/capabilities/0/input'))).toBe(true);
      }),
    );
  });
});

describe('the published schema', () => {
  it('is what manifests are checked with: npm run schemas writes it', () => {
    const file = new URL('../../../docs/manifest.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(MANIFEST_SCHEMA);
  });
});

describe('what a manifest may say besides', () => {
  const capability = {
    ...{ name: 'spell', description: 'Spells.', title: 'Spell a word', tags: ['words'], costHint: { usd: 0.01 } },
    input: { type: 'object', properties: { word: { type: 'string', pattern: '^[a-z]+$' } }, required: ['word'] },
    output: { type: 'array', items: { type: 'string', maxLength: 1 } },
    deprecated: { since: '1.1.0', useInstead: 'speller.spell-all' },
    examples: [{ description: 'A short one.', input: { word: 'tea' }, output: ['t', 'e', 'a'] }],
  };
  const full = {
    ...{
      name: 'speller',
      version: '1.2.0',
      title: 'Speller',
      description: 'Spells words.',
      author: 'Ada',
      license: 'MIT',
    },
    ...{ homepage: 'https://example.org/speller', keywords: ['spelling'] },
    capabilities: [capability],
    uses: [{ capability: 'editor.copy-edit', range: '^1.0.0', optional: true }],
    config: { type: 'object', properties: { language: { enum: ['en', 'de'] } } },
    grants: ['editor.*', 'start-root'],
  };
  const pointers = (changes: object) =>
    (validateManifest({ ...full, ...changes }).problems ?? []).map((problem) => problem.pointer);

  it('is taken as it stands', () => {
    expect(validateManifest(full)).toEqual({ manifest: full });
  });

  it('examples — fit the schemas of their capability', () => {
    const examples = [{ input: { word: 7 } }, { input: {}, output: ['tea'] }, { output: [] }];
    expect(pointers({ capabilities: [{ ...capability, examples }] })).toEqual([
      '/capabilities/0/examples/0/input',
      '/capabilities/0/examples/1/input',
      '/capabilities/0/examples/1/output',
      '/capabilities/0/examples/2/input',
    ]);
  });

  it.each<[object, unknown]>([
    [{ type: 'array', uniqueItems: true }, [1, 2]],
    [{ type: 'number', multipleOf: 0.01 }, 9.99],
    [
      {
        oneOf: [
          { type: 'integer', maximum: 0 },
          { type: 'integer', minimum: 10 },
        ],
      },
      20,
    ],
    [{ oneOf: [{ pattern: '^a' }, { pattern: '^b' }] }, 'a'],
    [{ allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, { a: 1 }],
    [{ patternProperties: { '^x-': { type: 'integer' } }, additionalProperties: false }, { 'x-a': 1 }],
  ])('an example that fits %j — is taken', (output, example) => {
    const examples = [{ input: { word: 'tea' }, output: example }];
    expect(pointers({ capabilities: [{ ...capability, output, examples }] })).toEqual([]);
  });

  it('what is no schema, URL, grant or version — is told', () => {
    const wrong = { homepage: 'ftp://x', config: { type: 'text' }, grants: ['editor', '*.spell'], license: '' };
    expect(pointers(wrong)).toEqual(['/config/type', '/grants/0', '/grants/1', '/homepage', '/license']);
    const deprecated = { since: 'long ago' };
    expect(pointers({ capabilities: [{ ...capability, deprecated }] })).toEqual(['/capabilities/0/deprecated/since']);
  });
});
