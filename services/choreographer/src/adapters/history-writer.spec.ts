import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { StoreOutcome } from '@orchestrator/bus';
import { decodeFrame, Fault, type FaultBody, type InvocationRecord, LIMITS } from '@orchestrator/protocol';
import { HistoryWriter } from './history-writer.js';

function started(invocation: string): InvocationRecord {
  return { state: 'started', invocation, correlation: 'c1'.repeat(16), atMs: 1, attempt: 1, instance: 'i' };
}

function ended(invocation: string, fault: FaultBody): InvocationRecord {
  return { state: 'ended', invocation, correlation: 'c1'.repeat(16), atMs: 1, attempt: 1, fault };
}

/** A stream driven by hand: every frame waits until the test says whether it was stored. */
class HandDrivenStore {
  readonly subjects: string[] = [];
  readonly texts: string[] = [];
  readonly #pending: { resolve: (outcome: StoreOutcome) => void; reject: (error: Fault) => void }[] = [];

  get outstanding(): number {
    return this.#pending.length;
  }

  /** The invocations of each frame. */
  get frames(): string[][] {
    return this.texts.map((text) => decodeFrame(text).map((record) => record.invocation));
  }

  store(subject: string, data: Uint8Array | string): Promise<StoreOutcome> {
    this.subjects.push(subject);
    this.texts.push(String(data));
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }));
  }

  /** Acknowledges the oldest outstanding frame. */
  async stores(): Promise<void> {
    this.#pending.shift()?.resolve({ stored: true, sequence: this.texts.length });
    await settled();
  }

  async fails(): Promise<void> {
    this.#pending.shift()?.reject(new Fault('unavailable', 'NATS is away'));
    await settled();
  }
}

const settled = () => jest.advanceTimersByTimeAsync(0);
/** Long enough for best-effort records to have gathered. */
const gathered = () => jest.advanceTimersByTimeAsync(20);

function start() {
  const store = new HandDrivenStore();
  return { store, writer: new HistoryWriter(store, 7) };
}

/** What became of a promise, for looking at it while it is open. */
function watch(promise: Promise<void>): { outcome: 'open' | 'stored' | Fault } {
  const watched: { outcome: 'open' | 'stored' | Fault } = { outcome: 'open' };
  promise.then(
    () => {
      watched.outcome = 'stored';
    },
    (error) => {
      watched.outcome = Fault.from(error);
    },
  );
  return watched;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('HistoryWriter.record', () => {
  it('leaves at once, on the subject of the shard, and resolves when it is stored', async () => {
    const { store, writer } = start();
    const a = watch(writer.record(started('a')));
    expect(store.frames).toEqual([['a']]);
    expect(store.subjects).toEqual(['orc.v1.event.7']);
    await settled();
    expect(a.outcome).toBe('open');
    await store.stores();
    expect(a.outcome).toBe('stored');
  });

  it('one frame is outstanding; what comes meanwhile gathers into the next, in order', async () => {
    const { store, writer } = start();
    const a = watch(writer.record(started('a')));
    const rest = ['b', 'c', 'd'].map((name) => watch(writer.record(started(name))));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(store.outstanding).toBe(1);
    await store.stores();
    expect(a.outcome).toBe('stored');
    expect(rest.map((each) => each.outcome)).toEqual(['open', 'open', 'open']);
    expect(store.frames).toEqual([['a'], ['b', 'c', 'd']]);
    await store.stores();
    expect(rest.map((each) => each.outcome)).toEqual(['stored', 'stored', 'stored']);
  });

  it('a frame holds 500 records at most; the rest follows', async () => {
    const { store, writer } = start();
    const names = Array.from({ length: 1_201 }, (_, at) => `r${at}`);
    const all = names.map((name) => watch(writer.record(started(name))));
    while (store.outstanding > 0) {
      expect(store.outstanding).toBe(1);
      await store.stores();
    }
    expect(store.frames.map((frame) => frame.length)).toEqual([1, 500, 500, 200]);
    expect(store.frames.flat()).toEqual(names);
    expect(all.every((each) => each.outcome === 'stored')).toBe(true);
  });

  it('records with much to say — are stored in messages that fit, and none resolves before all of its frame are', async () => {
    const { store, writer } = start();
    void writer.record(started('first'));
    const message = 'm'.repeat(100_000);
    const many = Array.from({ length: 10 }, (_, at) =>
      watch(writer.record(ended(`e${at}`, { code: 'failed', message }))),
    );
    await store.stores();
    expect(store.outstanding).toBeGreaterThan(1);
    for (const text of store.texts) expect(text.length).toBeLessThanOrEqual(LIMITS.frameLength);
    expect(store.frames.flat()).toEqual(['first', ...many.map((_, at) => `e${at}`)]);
    while (store.outstanding > 1) await store.stores();
    expect(many.every((each) => each.outcome === 'open')).toBe(true);
    await store.stores();
    expect(many.every((each) => each.outcome === 'stored')).toBe(true);
  });

  it('a frame that is not stored — rejects for whoever waits, and what gathered meanwhile goes on', async () => {
    const { store, writer } = start();
    const a = watch(writer.record(started('a')));
    const b = watch(writer.record(started('b')));
    await store.fails();
    expect(a.outcome).toMatchObject({ code: 'unavailable' });
    expect(b.outcome).toBe('open');
    expect(store.frames).toEqual([['a'], ['b']]);
    await store.stores();
    expect(b.outcome).toBe('stored');
    expect(store.outstanding).toBe(0);
  });
});

describe('HistoryWriter.note', () => {
  it('waits a moment for company, then leaves as one frame', async () => {
    const { store, writer } = start();
    for (const name of ['a', 'b', 'c']) writer.note(started(name));
    await jest.advanceTimersByTimeAsync(19);
    expect(store.frames).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(store.frames).toEqual([['a', 'b', 'c']]);
    await store.stores();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(store.frames).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('an end that comes before its admission has left — stands in one record with it, unless steps lie between', async () => {
    const { store, writer } = start();
    const base = { correlation: 'c1'.repeat(16), atMs: 1 };
    const asked = { caller: 'shop', plugin: 'editor', capability: 'copy-edit', mode: 'sync', depth: 1 } as const;
    for (const invocation of ['plain', 'steps']) {
      writer.note({ state: 'admitted', invocation, ...base, ...asked, version: '1.0.0', deadlineMs: 9 });
      const step = { step: '0', title: 'Phase', attempt: 1, startedAtMs: 1 };
      if (invocation === 'steps') writer.note({ state: 'step', invocation, ...base, ...step });
      writer.note(ended(invocation, { code: 'failed', message: '' }));
    }
    await gathered();
    const [frame = ''] = store.texts;
    expect(decodeFrame(frame).map(({ state, invocation }) => `${state} ${invocation}`)).toEqual([
      'admitted plain',
      ...['admitted steps', 'step steps', 'ended steps'],
    ]);
  });

  it('leaves with a record that somebody waits for, before it where it came before', async () => {
    const { store, writer } = start();
    writer.note(started('noted'));
    void writer.record(started('awaited'));
    expect(store.frames).toEqual([['noted', 'awaited']]);
  });

  it('waits while a frame is outstanding, then gathers again', async () => {
    const { store, writer } = start();
    void writer.record(started('a'));
    writer.note(started('b'));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(store.outstanding).toBe(1);
    await store.stores();
    expect(store.frames).toEqual([['a']]);
    await gathered();
    expect(store.frames).toEqual([['a'], ['b']]);
  });

  it('a frame that is not stored — goes again after a rest, in its place, until it is', async () => {
    const { store, writer } = start();
    writer.note(started('a'));
    writer.note(started('b'));
    await gathered();
    writer.note(started('c'));
    await store.fails();
    await jest.advanceTimersByTimeAsync(249);
    expect(store.frames).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(store.frames.at(-1)).toEqual(['a', 'b', 'c']);
    await store.fails();
    await jest.advanceTimersByTimeAsync(250);
    await store.stores();
    expect(store.frames).toHaveLength(3);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(store.frames).toHaveLength(3);
  });

  it('beside a record that failed — is repeated, and the record is not', async () => {
    const { store, writer } = start();
    writer.note(started('noted'));
    const awaited = watch(writer.record(started('awaited')));
    await store.fails();
    expect(awaited.outcome).toMatchObject({ code: 'unavailable' });
    await jest.advanceTimersByTimeAsync(250);
    expect(store.frames).toEqual([['noted', 'awaited'], ['noted']]);
  });

  it('while it rests — a record that somebody waits for still leaves at once, and takes along what rests', async () => {
    const { store, writer } = start();
    writer.note(started('a'));
    await gathered();
    await store.fails();
    void writer.record(started('b'));
    expect(store.frames.at(-1)).toEqual(['a', 'b']);
  });

  it('too many waiting — drops and counts; records that somebody waits for are never dropped', async () => {
    const { store, writer } = start();
    for (let n = 0; n < 100_003; n++) writer.note(started('n'));
    expect(writer.dropped).toBe(3);
    void writer.record(started('awaited'));
    await settled();
    while (store.outstanding > 0) {
      await store.stores();
      await gathered();
    }
    expect(store.frames.flat()).toHaveLength(100_001);
    expect(store.frames.at(-1)?.at(-1)).toBe('awaited');
  });
});

describe('HistoryWriter.flush', () => {
  it('with nothing to write — resolves', async () => {
    const { writer } = start();
    await writer.flush();
  });

  it('sends what gathers at once, and resolves when all of it is stored', async () => {
    const { store, writer } = start();
    for (let n = 0; n < 700; n++) writer.note(started('n'));
    const flushed = watch(writer.flush());
    expect(store.frames.map((frame) => frame.length)).toEqual([500]);
    await store.stores();
    expect(flushed.outcome).toBe('open');
    expect(store.frames.map((frame) => frame.length)).toEqual([500, 200]);
    await store.stores();
    expect(flushed.outcome).toBe('stored');
  });

  it('waits for what was outstanding before it', async () => {
    const { store, writer } = start();
    void writer.record(started('a'));
    writer.note(started('b'));
    const flushed = watch(writer.flush());
    await store.stores();
    expect(flushed.outcome).toBe('open');
    await store.stores();
    expect(flushed.outcome).toBe('stored');
    expect(store.frames.flat()).toEqual(['a', 'b']);
  });

  it('when NATS is away — ends instead of trying for ever', async () => {
    const { store, writer } = start();
    writer.note(started('a'));
    const flushed = watch(writer.flush());
    await store.fails();
    expect(flushed.outcome).toBe('stored');
    expect(store.frames).toHaveLength(1);
  });
});
