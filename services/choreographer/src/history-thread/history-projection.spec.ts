import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type AdmittedRecord,
  type CallTree,
  decodeFrame,
  encodeFrame,
  flattenTree,
  type InvocationRecord,
  invocationIdFromKey,
} from '@orchestrator/protocol';
import fc from 'fast-check';
import { OpenInvocations } from '../adapters/open-invocations.js';
import { SeenInvocations } from '../domain/seen-invocations.js';
import { HistoryProjection } from './history-projection.js';

const STREAM = '2026-01-01T00:00:00.000Z';
const ONE = 'c1'.repeat(16);
const OTHER = 'd2'.repeat(16);

/** Invocations have names here, and ids like real ones. */
const names = new Map<string, string>();
function id(name: string): string {
  const invocation = invocationIdFromKey('spec', 'spec', 'spec', name);
  names.set(invocation, name);
  return invocation;
}

function admitted(name: string, changes: Partial<AdmittedRecord> = {}): AdmittedRecord {
  return {
    state: 'admitted',
    invocation: id(name),
    correlation: ONE,
    atMs: 100,
    caller: 'shop',
    plugin: 'editor',
    version: '1.0.0',
    capability: 'copy-edit',
    mode: 'sync',
    depth: 1,
    deadlineMs: 1_000,
    ...changes,
  };
}

function ended(name: string, correlation = ONE): InvocationRecord {
  return { state: 'ended', invocation: id(name), correlation, atMs: 200, attempt: 1 };
}

function refused(name: string, changes: object = {}): InvocationRecord {
  const { version: _version, deadlineMs: _deadlineMs, ...asked } = admitted(name);
  return { ...asked, state: 'refused', fault: { code: 'permission-denied', message: 'no' }, ...changes };
}

const frame = (...records: InvocationRecord[]) => decodeFrame(encodeFrame(records));
const shown = (tree: CallTree | undefined) =>
  tree && flattenTree(tree).map((node) => [names.get(node.invocation), node.state]);

let folder: string;
let file: string;
const opened: { close(): void }[] = [];

function open(streamCreated = STREAM): HistoryProjection {
  const projection = HistoryProjection.open(file, streamCreated);
  opened.push(projection);
  return projection;
}

/** What the main thread reads, after everything was written. */
function reading(projection: HistoryProjection): OpenInvocations {
  projection.tree({ correlation: ONE });
  const seen = SeenInvocations.allocate();
  new Int32Array(seen).fill(-1); // says "perhaps" to everything
  const reader = new OpenInvocations(file, new SeenInvocations(seen));
  opened.push(reader);
  return reader;
}

function close(projection: HistoryProjection): void {
  opened.splice(opened.indexOf(projection), 1);
  projection.close();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-history-'));
  file = join(folder, 'history.sqlite');
});

afterEach(() => {
  for (const one of opened.splice(0)) one.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('HistoryProjection.tree', () => {
  it('by correlation — all its records, from whichever frames, as soon as they were applied', () => {
    const projection = open();
    projection.apply(1, frame(admitted('a'), admitted('x', { correlation: OTHER })));
    expect(shown(projection.tree({ correlation: ONE }))).toEqual([['a', 'admitted']]);
    projection.apply(2, frame(ended('a'), admitted('b', { parent: 'a', atMs: 110 })));
    expect(shown(projection.tree({ correlation: ONE }))).toEqual([
      ['a', 'succeeded'],
      ['b', 'admitted'],
    ]);
    expect(shown(projection.tree({ correlation: OTHER }))).toEqual([['x', 'admitted']]);
    expect(projection.tree({ correlation: 'e3'.repeat(16) })).toBeUndefined();
  });

  it('by correlation — keeps apart those that begin with the same digits', () => {
    const twin = `${ONE.slice(0, 31)}0`;
    const projection = open();
    projection.apply(1, frame(admitted('a'), admitted('b', { correlation: twin })));
    expect(shown(projection.tree({ correlation: ONE }))).toEqual([['a', 'admitted']]);
    expect(shown(projection.tree({ correlation: twin }))).toEqual([['b', 'admitted']]);
  });

  it('by request — admitted or refused', () => {
    const projection = open();
    projection.apply(1, frame(admitted('a', { request: 7, mode: 'durable' })));
    projection.apply(2, frame(refused('b', { request: 8, correlation: OTHER })));
    expect(projection.tree({ request: 7 })?.correlation).toBe(ONE);
    expect(shown(projection.tree({ request: 8 }))).toEqual([['b', 'refused']]);
    expect(projection.tree({ request: 9 })).toBeUndefined();
  });

  it('by key — the newest root that used it; keys of nested calls find nothing', () => {
    const projection = open();
    projection.apply(
      1,
      frame(admitted('new', { key: 'k', correlation: OTHER, atMs: 300 }), admitted('old', { key: 'k' })),
    );
    projection.apply(2, frame(admitted('nested', { key: 'inner', parent: 'old' })));
    expect(projection.tree({ key: 'k' })?.correlation).toBe(OTHER);
    expect(projection.tree({ key: 'inner' })).toBeUndefined();
    expect(projection.tree({ key: "k' OR 1" })).toBeUndefined();
  });

  it('frames applied twice — change nothing', () => {
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
    fc.assert(
      fc.property(records, (some) => {
        const [once, twice] = [':memory:', ':memory:'].map((memory) => HistoryProjection.open(memory, STREAM));
        once?.apply(1, frame(...some));
        for (const sequence of [1, 2]) twice?.apply(sequence, frame(...some));
        expect(twice?.tree({ correlation: ONE })).toEqual(once?.tree({ correlation: ONE }));
        expect(twice?.tree({ request: 1 })).toEqual(once?.tree({ request: 1 }));
        once?.close();
        twice?.close();
      }),
    );
  });
});

describe('HistoryProjection — its place in the stream', () => {
  it('begins at the first frame, and goes on after the last one that it took', () => {
    const projection = open();
    expect(projection.nextSequence).toBe(1);
    projection.apply(4, frame(admitted('a')));
    expect(projection.nextSequence).toBe(5);
    projection.apply(9, frame());
    expect(projection.nextSequence).toBe(10);
  });

  it('opened again — still knows all, and goes on where it was', () => {
    const before = open();
    before.apply(3, frame(admitted('a', { request: 7, key: 'k' })));
    close(before);
    const after = open();
    expect(after.nextSequence).toBe(4);
    for (const query of [{ correlation: ONE }, { request: 7 }, { key: 'k' }]) {
      expect(shown(after.tree(query))).toEqual([['a', 'admitted']]);
    }
  });

  it('of a stream that was made anew — is emptied, and begins at the first frame', () => {
    const before = open();
    before.apply(3, frame(admitted('a', { request: 7, key: 'k', mode: 'durable' })));
    close(before);
    const after = open('2026-02-02T00:00:00.000Z');
    expect(after.nextSequence).toBe(1);
    for (const query of [{ correlation: ONE }, { request: 7 }, { key: 'k' }]) expect(after.tree(query)).toBeUndefined();
    expect(reading(after).bodyHashOf(id('a'))).toBeUndefined();
  });

  it('writes by itself after a moment, without a question', () => {
    jest.useFakeTimers();
    try {
      const projection = open();
      const reader = reading(projection);
      projection.apply(1, frame(admitted('a', { mode: 'durable', bodyHash: 'h' })));
      expect(reader.bodyHashOf(id('a'))).toBeUndefined();
      jest.advanceTimersByTime(200);
      expect(reader.bodyHashOf(id('a'))).toBe('h');
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('HistoryProjection — a file that is no good is replaced', () => {
  function usedFile(): void {
    const before = open();
    before.apply(3, frame(admitted('a')));
    close(before);
  }

  it.each([
    ['text', () => writeFileSync(file, 'this is no database, however long it may be '.repeat(500))],
    ['a beginning that was cut', () => writeFileSync(file, readFileSync(file).fill(0, 0, 100))],
    ['a file that ends too soon', () => truncateSync(file, 5_000)],
  ])('%s', (_what, damage) => {
    usedFile();
    expect(existsSync(file)).toBe(true);
    damage();
    const after = open();
    expect(after.nextSequence).toBe(1);
    after.apply(1, frame(admitted('b')));
    expect(shown(after.tree({ correlation: ONE }))).toEqual([['b', 'admitted']]);
  });

  it('a file of another schema', () => {
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE records (correlation TEXT NOT NULL, record TEXT NOT NULL)');
    db.exec('CREATE TABLE position (id INTEGER PRIMARY KEY, stream_created TEXT NOT NULL, sequence INTEGER NOT NULL)');
    db.prepare('INSERT INTO position VALUES (0, ?, 5)').run(STREAM);
    db.close();
    expect(open().nextSequence).toBe(1);
  });
});

describe('OpenInvocations', () => {
  const durable = (invocation: string, atMs: number) => admitted(invocation, { mode: 'durable', atMs, bodyHash: 'h' });

  it('before — durable work that has not ended, oldest first, as it was admitted; and nothing younger', () => {
    const projection = open();
    projection.apply(1, frame(durable('late', 300), durable('early', 100), durable('done', 50), admitted('sync')));
    projection.apply(2, frame(ended('done'), refused('no', { mode: 'durable' })));
    const reader = reading(projection);
    expect(reader.before(301)).toEqual([durable('early', 100), durable('late', 300)]);
    expect(reader.before(300)).toEqual([durable('early', 100)]);
    expect(reader.before(100)).toEqual([]);
    projection.apply(3, frame(ended('early'), ended('late')));
    projection.tree({ correlation: ONE });
    expect(reader.before(1_000)).toEqual([]);
  });

  it('bodyHashOf — of durable work only, the first that was admitted, ended or not', () => {
    const projection = open();
    projection.apply(1, frame(durable('a', 1), { ...durable('a', 2), bodyHash: 'other' }, admitted('sync')));
    projection.apply(2, frame(ended('a')));
    const reader = reading(projection);
    expect(reader.bodyHashOf(id('a'))).toBe('h');
    expect(reader.bodyHashOf(id('sync'))).toBeUndefined();
    expect(reader.bodyHashOf(id('unknown'))).toBeUndefined();
  });
});
