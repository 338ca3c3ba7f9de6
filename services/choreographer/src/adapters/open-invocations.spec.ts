import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { InvocationRecord } from '@orchestrator/protocol';
import { admitted, ended, HistoryFolder, id, refused, retrying } from '../history-thread/history.fixture.js';
import type { OpenInvocations } from './open-invocations.js';

let folder: HistoryFolder;
const records = (...some: InvocationRecord[]) => some;

beforeEach(() => {
  folder = new HistoryFolder();
});

afterEach(() => folder.remove());

describe('OpenInvocations', () => {
  const durable = (invocation: string, atMs: number) => admitted(invocation, { mode: 'durable', atMs, bodyHash: 'h' });

  const START = { ms: 0, term: 0 };
  const all = (reader: OpenInvocations, untilMs: number) => reader.placed(START, untilMs, 100).open;

  it('placed — durable work that has not ended, oldest first, as it was admitted; and nothing younger', async () => {
    const index = folder.open();
    index.apply(1, records(durable('late', 300), durable('early', 100), durable('done', 50), admitted('sync')));
    index.apply(2, records(ended('done'), refused('no', { mode: 'durable' })));
    const reader = folder.reading(index);
    expect(all(reader, 300)).toEqual([durable('early', 100), durable('late', 300)]);
    expect(all(reader, 299)).toEqual([durable('early', 100)]);
    expect(all(reader, 99)).toEqual([]);
    index.apply(3, records(ended('early'), ended('late')));
    index.index.framesOf(1);
    expect(all(reader, 1_000)).toEqual([]);
  });

  it('placed — what waits for its next attempt, once that is due', () => {
    const index = folder.open();
    index.apply(1, records(durable('again', 100), durable('once', 200)));
    index.apply(2, records(retrying('again', 500)));
    const reader = folder.reading(index);
    expect(all(reader, 499)).toEqual([durable('once', 200)]);
    expect(all(reader, 500)).toEqual([durable('once', 200), durable('again', 100)]);
  });

  it.each([
    ['placed', (atMs: number) => durable(`at ${atMs}`, atMs)],
    ['overdue', (atMs: number) => ({ ...durable(`at ${atMs}`, 1), deadlineMs: atMs })],
  ] as const)('%s — a page at a time, each once, also where times are equal; then what came since', (which, make) => {
    const index = folder.open();
    const first = [100, 200, 200, 300].map((atMs, n) => ({ ...make(atMs), invocation: id(`${which} ${n}`) }));
    index.apply(1, first);
    const reader = folder.reading(index);
    const seen: string[] = [];
    let cursor = START;
    const turn = (untilMs: number) => {
      const page = reader[which](cursor, untilMs, 1);
      cursor = page.next;
      seen.push(...page.open.map((record) => record.invocation));
      return page.open.length;
    };
    while (turn(250) > 0);
    expect(seen.toSorted()).toEqual(
      first
        .slice(0, 3)
        .map((record) => record.invocation)
        .toSorted(),
    );
    expect(seen[0]).toBe(first[0]?.invocation);
    expect(turn(300)).toBe(1);
    expect(seen.at(-1)).toBe(first[3]?.invocation);
    index.apply(2, [make(400)]);
    index.index.framesOf(1);
    expect([turn(399), turn(400), turn(1_000)]).toEqual([0, 1, 0]);
  });

  it('firstAsked — of durable work only, the first that was admitted, ended or not', async () => {
    const index = folder.open();
    index.apply(1, records(durable('a', 1), { ...durable('a', 2), bodyHash: 'other' }, admitted('sync')));
    index.apply(2, records(ended('a')));
    const reader = folder.reading(index);
    expect((await reader.firstAsked(id('a')))?.bodyHash).toBe('h');
    expect(await reader.firstAsked(id('sync'))).toBeUndefined();
    expect(await reader.firstAsked(id('unknown'))).toBeUndefined();
  });
});
