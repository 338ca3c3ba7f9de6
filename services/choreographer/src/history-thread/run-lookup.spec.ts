import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AdmittedRecord, EndedRecord, FaultCode, RunFilter } from '@orchestrator/protocol';
import {
  admitted as admittedRecord,
  ended as endedRecord,
  id,
  names,
  refused as refusedRecord,
} from './history.fixture.js';
import { HistoryIndex } from './history-index.js';

const NOW = Date.now();
const admitted = (name: string, changes: Partial<AdmittedRecord> = {}) =>
  admittedRecord(name, { atMs: NOW, deadlineMs: NOW + 1_000, mode: 'durable', ...changes });

function ended(name: string, code?: FaultCode): EndedRecord {
  return endedRecord(name, { atMs: NOW + 5, ...(code && { fault: { code, message: 'no' } }) });
}

const refused = (name: string, changes: object = {}) =>
  refusedRecord(name, { atMs: NOW, mode: 'durable', fault: { code: 'not-found', message: 'no' }, ...changes });

let folder: string;
let index: HistoryIndex;

function open(segmentRows?: number): HistoryIndex {
  index = HistoryIndex.open(join(folder, 'history.sqlite'), 'stream', segmentRows);
  return index;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-runs-'));
});

afterEach(() => {
  index.close();
  rmSync(folder, { recursive: true, force: true });
});

const listed = (filter: RunFilter = {}, limit = 50) =>
  index.runs({ filter, limit }).runs.map((run) => [names.get(run.invocation), run.state]);
const told = (after: number, filter: RunFilter = {}) => {
  const { runs, position } = index.runChanges(filter, after);
  return { position, runs: runs.map((run) => `${names.get(run.invocation)} ${run.state}`) };
};

describe('runs', () => {
  it('are durable roots, newest first, as far as each has come; nested and synchronous calls are none', () => {
    open();
    index.apply(1, [
      admitted('a', { atMs: NOW - 4 }),
      admitted('b', { atMs: NOW - 3 }),
      admitted('c', { atMs: NOW - 2 }),
    ]);
    index.apply(2, [refused('d', { atMs: NOW - 1 }), ended('a'), ended('b', 'failed')]);
    index.apply(3, [admitted('sync', { mode: 'sync' }), admitted('child', { parent: id('a') }), ended('child')]);
    index.apply(4, [refused('sync2', { mode: 'sync' }), refused('child2', { parent: id('a') })]);
    const expected = [
      ['d', 'refused'],
      ['c', 'open'],
      ['b', 'failed'],
      ['a', 'succeeded'],
    ];
    expect(listed()).toEqual(expected);
    expect(index.runs({ filter: {}, limit: 50 }).runs[2]).toEqual({
      ...{ invocation: id('b'), correlation: 'c1'.repeat(16), caller: 'shop', plugin: 'editor', version: '1.0.0' },
      ...{ capability: 'copy-edit', state: 'failed', atMs: NOW - 3, endedAtMs: NOW + 5, fault: 'failed' },
    });
    index.close();
    open(); // after a restart
    expect(listed()).toEqual(expected);
  });

  it('that end long after their admission was written — are told as ended, once, however often the end is written', () => {
    open();
    index.apply(1, [admitted('a')]);
    expect(listed()).toEqual([['a', 'open']]);
    index.apply(2, [ended('a'), ended('a')]);
    expect(listed()).toEqual([['a', 'succeeded']]);
    index.apply(3, [ended('a', 'deadline-exceeded')]);
    expect(listed()).toEqual([['a', 'succeeded']]);
  });

  it('are narrowed by plugin, capability, caller, state and time', () => {
    open();
    index.apply(1, [
      admitted('a', { plugin: 'designer', atMs: NOW - 9 }),
      admitted('b', { caller: 'site' }),
      admitted('c', { capability: 'prepare' }),
      ended('c'),
      refused('d', { plugin: 'designer', caller: 'site' }),
    ]);
    const only = (filter: RunFilter) =>
      listed(filter)
        .map(([name]) => name)
        .sort();
    expect(only({ plugin: 'designer' })).toEqual(['a', 'd']);
    expect(only({ caller: 'site' })).toEqual(['b', 'd']);
    expect(only({ capability: 'prepare' })).toEqual(['c']);
    expect(only({ state: 'open' })).toEqual(['a', 'b']);
    expect(only({ state: 'succeeded' })).toEqual(['c']);
    expect(only({ sinceMs: NOW })).toEqual(['b', 'c', 'd']);
    expect(only({ untilMs: NOW })).toEqual(['a']);
    expect(only({ caller: "site' OR 1" })).toEqual([]);
  });

  it('page after page, each once, also where times are equal and wherever they stand', () => {
    open(4);
    for (let n = 1; n <= 20; n++) {
      index.apply(n, [
        admitted(`run ${n}`, { atMs: NOW + Math.floor(n / 4) }),
        ...(n % 3 === 0 ? [ended(`run ${n}`)] : []),
      ]);
      expect(index.nextSequence).toBe(n + 1);
    }
    const seen: string[] = [];
    let before: ReturnType<HistoryIndex['runs']>['next'];
    do {
      const page = index.runs({ filter: {}, limit: 3, before });
      seen.push(...page.runs.map((run) => run.invocation));
      before = page.next;
    } while (before);
    expect(seen).toHaveLength(20);
    expect(new Set(seen).size).toBe(20);
    expect(seen).toEqual(index.runs({ filter: {}, limit: 50 }).runs.map((run) => run.invocation));
  });

  it('that the stream has forgotten — are forgotten', () => {
    open(2);
    for (let n = 1; n <= 4; n++) {
      index.apply(n, [admitted(`run ${n}`), ended(`run ${n}`)]);
      expect(index.nextSequence).toBe(n + 1);
    }
    index.forgetBefore(3);
    expect(
      listed()
        .map(([name]) => name)
        .sort(),
    ).toEqual(['run 3', 'run 4']);
  });
});

describe('changes of runs', () => {
  it('what came after a place, in the order of the history; then nothing until something comes', () => {
    open();
    index.apply(1, [admitted('a'), admitted('b')]);
    index.apply(2, [admitted('c'), refused('d'), ended('a')]);
    expect(index.runChanges({}, undefined)).toEqual({ runs: [], position: 2 });
    expect(told(0)).toEqual({ position: 2, runs: ['b open', 'c open', 'd refused', 'a succeeded'] });
    expect(told(1)).toEqual({ position: 2, runs: ['c open', 'd refused', 'a succeeded'] });
    expect(told(2)).toEqual({ position: 2, runs: [] });
    index.apply(3, [ended('c', 'failed'), admitted('child', { parent: id('b') })]);
    expect(told(2)).toEqual({ position: 3, runs: ['c failed'] });
    expect(told(2, { state: 'succeeded' })).toEqual({ position: 3, runs: [] });
  });

  it('a place that this history has not come to yet — is kept', () => {
    open();
    index.apply(1, [admitted('a')]);
    expect(told(7)).toEqual({ position: 7, runs: [] });
  });

  it('more than fit an answer — frame by frame, each once', () => {
    open();
    for (let n = 1; n <= 30; n++) {
      const runs = Array.from({ length: 40 }, (_, at) => `run ${n} ${at}`);
      index.apply(
        n,
        runs.flatMap((name) => [admitted(name), ...(n % 2 === 0 ? [ended(name)] : [])]),
      );
    }
    const seen: string[] = [];
    let after = 0;
    while (after < 30) {
      const { runs, position } = told(after);
      seen.push(...runs);
      expect(runs.length).toBeLessThanOrEqual(500);
      expect(position).toBeGreaterThan(after);
      after = position;
    }
    expect(seen).toHaveLength(1_200);
    expect(new Set(seen).size).toBe(1_200);
  });
});
