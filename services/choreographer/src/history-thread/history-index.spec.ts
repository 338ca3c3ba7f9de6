import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type CallTree, flattenTree, type InvocationRecord, type KeyQuery } from '@orchestrator/protocol';
import fc from 'fast-check';
import { invocationTerm, keyTerm, requestTerm } from './frame-lookup.js';
import { admitted, ended, HistoryFolder, Indexed, id, names, ONE, refused, STREAM } from './history.fixture.js';

const OTHER = 'd2'.repeat(16);

const frame = (...records: InvocationRecord[]) => records;
const shown = (tree: CallTree | undefined) =>
  tree && flattenTree(tree).map((node) => [names.get(node.invocation), node.state]);

let folder: HistoryFolder;
const open = (streamCreated?: string) => folder.open(streamCreated);
const reading = (index: Indexed) => folder.reading(index);
const close = (index: Indexed) => folder.close(index);

beforeEach(() => {
  folder = new HistoryFolder();
});

afterEach(() => folder.remove());

describe('HistoryReader.tree', () => {
  it('by correlation — all its records, from whichever frames, as soon as they were applied', async () => {
    const index = open();
    index.apply(1, frame(admitted('a'), admitted('x', { correlation: OTHER })));
    expect(shown(await index.tree({ correlation: ONE }))).toEqual([['a', 'admitted']]);
    index.apply(2, frame(ended('a'), admitted('b', { parent: 'a', atMs: 110 })));
    expect(shown(await index.tree({ correlation: ONE }))).toEqual([
      ['a', 'succeeded'],
      ['b', 'admitted'],
    ]);
    expect(shown(await index.tree({ correlation: OTHER }))).toEqual([['x', 'admitted']]);
    expect(await index.tree({ correlation: 'e3'.repeat(16) })).toBeUndefined();
  });

  it('by correlation — keeps apart those that begin with the same digits', async () => {
    const twin = `${ONE.slice(0, 31)}0`;
    const index = open();
    index.apply(1, frame(admitted('a'), admitted('b', { correlation: twin })));
    expect(shown(await index.tree({ correlation: ONE }))).toEqual([['a', 'admitted']]);
    expect(shown(await index.tree({ correlation: twin }))).toEqual([['b', 'admitted']]);
  });

  it('by request — admitted or refused', async () => {
    const index = open();
    index.apply(1, frame(admitted('a', { request: 7, mode: 'durable' })));
    index.apply(2, frame(refused('b', { request: 8, correlation: OTHER })));
    expect((await index.tree({ request: 7 }))?.correlation).toBe(ONE);
    expect(shown(await index.tree({ request: 8 }))).toEqual([['b', 'refused']]);
    expect(await index.tree({ request: 9 })).toBeUndefined();
  });

  it('by a request that repeated another — finds the run of the first', async () => {
    const index = open();
    index.apply(1, frame(admitted('a', { request: 7, mode: 'durable' }), ended('a')));
    index.apply(2, frame({ state: 'repeated', invocation: id('a'), correlation: ONE, atMs: 300, request: 8 }));
    expect(shown(await index.tree({ request: 8 }))).toEqual([['a', 'succeeded']]);
    expect(await index.tree({ request: 8 })).toEqual(await index.tree({ request: 7 }));
  });

  it('frames applied twice — change nothing', async () => {
    const records = fc.array(
      fc.constantFrom<InvocationRecord>(
        admitted('a', { request: 1, key: 'k', mode: 'durable' }),
        admitted('b', { parent: 'a', atMs: 120 }),
        ended('a'),
        ended('b'),
        refused('c', { parent: 'b', atMs: 130 }),
      ),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(records, async (some) => {
        const [once, twice] = [':memory:', ':memory:'].map((memory) => new Indexed(memory));
        once?.apply(1, frame(...some));
        for (const sequence of [1, 2]) twice?.apply(sequence, frame(...some));
        expect(await twice?.tree({ correlation: ONE })).toEqual(await once?.tree({ correlation: ONE }));
        expect(await twice?.tree({ request: 1 })).toEqual(await once?.tree({ request: 1 }));
        once?.close();
        twice?.close();
      }),
    );
  });
});

describe('HistoryReader.find', () => {
  const foundBy = async (index: Indexed, query: KeyQuery) =>
    (await index.find(query)).roots.map((root) => [names.get(root.invocation), root.caller, root.refused]);

  it('every root that used the key, oldest first; a refused one hides no other; nested calls are none', async () => {
    const index = open();
    index.apply(1, frame(admitted('new', { key: 'k', correlation: OTHER, atMs: 300 }), admitted('old', { key: 'k' })));
    index.apply(2, frame(refused('refused', { key: 'k', atMs: 200, caller: 'other' })));
    index.apply(3, frame(admitted('nested', { key: 'inner', parent: 'old' })));
    expect(await foundBy(index, { key: 'k' })).toEqual([
      ['old', 'shop', false],
      ['refused', 'other', true],
      ['new', 'shop', false],
    ]);
    expect(await foundBy(index, { key: 'k', caller: 'other' })).toEqual([['refused', 'other', true]]);
    expect(await foundBy(index, { key: 'inner' })).toEqual([]);
    expect(await foundBy(index, { key: "k' OR 1" })).toEqual([]);
  });

  it('of several records of one root — the earliest admission, whatever the order', async () => {
    const again = [500, 100, 300].map((atMs) => admitted('a', { key: 'k', atMs }));
    for (const records of [again, again.toReversed(), [refused('a', { key: 'k', atMs: 1 }), ...again]]) {
      const index = folder.another();
      index.apply(1, records);
      const { roots } = await index.find({ key: 'k' });
      expect(roots).toMatchObject([{ refused: false, askedAtMs: 100 }]);
    }
  });

  it('very many — the newest hundred, and that there are more; of one caller however many others there are', async () => {
    const index = open();
    for (let n = 1; n <= 250; n++) {
      const caller = n === 1 ? 'rare' : 'shop';
      index.apply(n, frame(admitted(`run ${n}`, { key: 'k', atMs: n, caller })));
    }
    const { roots, more } = await index.find({ key: 'k' });
    expect(roots.map((root) => root.askedAtMs)).toEqual(Array.from({ length: 100 }, (_, n) => n + 151));
    expect(more).toBe(true);
    expect(await index.find({ key: 'k', caller: 'rare' })).toMatchObject({ roots: [{ askedAtMs: 1 }], more: false });
  });
});

describe('HistoryIndex — its place in the stream', () => {
  it('begins at the first frame, and goes on after the last one that it took', async () => {
    const index = open();
    expect(index.nextSequence).toBe(1);
    index.apply(4, frame(admitted('a')));
    expect(index.nextSequence).toBe(5);
    index.apply(9, frame());
    expect(index.nextSequence).toBe(10);
  });

  it('opened again — still knows all, and goes on where it was', async () => {
    const before = open();
    before.apply(3, frame(admitted('a', { request: 7, key: 'k' })));
    close(before);
    const after = open();
    expect(after.nextSequence).toBe(4);
    for (const query of [{ correlation: ONE }, { request: 7 }]) {
      expect(shown(await after.tree(query))).toEqual([['a', 'admitted']]);
    }
    expect((await after.find({ key: 'k' })).roots).toHaveLength(1);
  });

  it('of a stream that was made anew — is emptied, and begins at the first frame', async () => {
    const before = open();
    before.apply(3, frame(admitted('a', { request: 7, key: 'k', mode: 'durable' })));
    close(before);
    const after = open('2026-02-02T00:00:00.000Z');
    expect(after.nextSequence).toBe(1);
    for (const query of [{ correlation: ONE }, { request: 7 }]) expect(await after.tree(query)).toBeUndefined();
    expect((await after.find({ key: 'k' })).roots).toEqual([]);
    expect(await reading(after).firstAsked(id('a'))).toBeUndefined();
  });

  it('writes by itself after a moment, without a question', async () => {
    jest.useFakeTimers();
    try {
      const index = open();
      const reader = reading(index);
      index.apply(1, frame(admitted('a', { mode: 'durable', bodyHash: 'h' })));
      expect(await reader.firstAsked(id('a'))).toBeUndefined();
      jest.advanceTimersByTime(1_000);
      expect((await reader.firstAsked(id('a')))?.bodyHash).toBe('h');
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('HistoryIndex — segments', () => {
  const some = (name: string, request: number) =>
    admitted(name, { request, mode: 'durable', key: `key of ${name}`, correlation: id(name).replaceAll('-', '') });
  const names = ['a', 'b', 'c', 'd', 'e'];

  /** Five frames, each written by itself, and six terms fill a segment: two frames do. */
  function segmented(): Indexed {
    const index = folder.open(STREAM, 6);
    for (const [at, name] of names.entries()) {
      index.apply(at + 1, frame(some(name, at + 1), some(`${name}'`, at + 101)));
      expect(index.nextSequence).toBe(at + 2);
    }
    return index;
  }

  it('whatever segment it stands in — is found, by correlation, request and key', async () => {
    const index = segmented();
    for (const [at, name] of names.entries()) {
      const tree = await index.tree({ request: at + 1 });
      expect(shown(tree)).toEqual([[name, 'admitted']]);
      expect((await index.find({ key: `key of ${name}` })).roots[0]?.invocation).toBe(id(name));
      expect(await index.tree({ correlation: some(name, 0).correlation })).toEqual(tree);
    }
    expect([...index.index.invocations()].flat().sort()).toEqual(
      names.flatMap((name) => [invocationTerm(id(name)), invocationTerm(id(`${name}'`))]).sort(),
    );
  });

  it('what the stream has forgotten — is forgotten, and nothing else', async () => {
    const index = segmented();
    for (const sequence of [1, 2, 3]) index.expire(sequence);
    expect(await index.tree({ request: 1 })).toBeUndefined();
    index.index.forgetBefore(4);
    for (const term of [invocationTerm(id('a')), keyTerm('key of a'), requestTerm(1)]) {
      expect(index.index.framesOf(term)).toEqual([]);
    }
    for (const name of ['d', 'e']) expect((await index.find({ key: `key of ${name}` })).roots).toHaveLength(1);
    index.index.forgetBefore(100);
    expect(shown(await index.tree({ request: 5 }))).toEqual([['e', 'admitted']]);
  });
});

describe('HistoryIndex — a file that is no good is replaced', () => {
  function usedFile(): void {
    const before = open();
    before.apply(3, frame(admitted('a')));
    close(before);
  }

  it.each([
    ['text', () => writeFileSync(folder.file, 'this is no database, however long it may be '.repeat(500))],
    ['a beginning that was cut', () => writeFileSync(folder.file, readFileSync(folder.file).fill(0, 0, 100))],
    ['a file that ends too soon', () => truncateSync(folder.file, 5_000)],
  ])('%s', async (_what, damage) => {
    usedFile();
    expect(existsSync(folder.file)).toBe(true);
    damage();
    const after = open();
    expect(after.nextSequence).toBe(1);
    after.apply(1, frame(admitted('b')));
    expect(shown(await after.tree({ correlation: ONE }))).toEqual([['b', 'admitted']]);
  });

  it('a file of another schema', async () => {
    const db = new DatabaseSync(folder.file);
    db.exec('CREATE TABLE records (correlation TEXT NOT NULL, record TEXT NOT NULL)');
    db.exec('CREATE TABLE position (id INTEGER PRIMARY KEY, stream_created TEXT NOT NULL, sequence INTEGER NOT NULL)');
    db.prepare('INSERT INTO position VALUES (0, ?, 5)').run(STREAM);
    db.close();
    expect(open().nextSequence).toBe(1);
  });
});
