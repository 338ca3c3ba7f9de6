import { afterEach, describe, expect, it } from '@jest/globals';
import { ThreadPool } from './thread-pool.js';

/** A thread that echoes, reports a problem, never comes back, ends, takes all memory, or waits until a word is given. */
const ENTRY = `data:text/javascript,${encodeURIComponent(`
  import { parentPort, threadId } from 'node:worker_threads';
  const work = {
    thread: () => ({ value: threadId }),
    echo: (text) => ({ value: text }),
    fail: (problem) => ({ problem }),
    spin: () => { for (;;); },
    exit: () => process.exit(3),
    fill: () => { const all = []; for (;;) all.push(new Array(10_000).fill(all.length)); },
    gate: (gate) => { Atomics.wait(gate, 0, 0); return { value: threadId }; },
  };
  parentPort.on('message', ({ name, args }) => parentPort.postMessage(work[name](...args)));
`)}`;

interface TestWork {
  readonly [name: string]: (...args: never[]) => unknown;
  thread: () => number;
  echo: (text: string) => string;
  fail: (problem: string) => void;
  spin: () => void;
  exit: () => void;
  fill: () => void;
  gate: (gate: Int32Array) => number;
}

describe('ThreadPool', () => {
  let pool: ThreadPool<TestWork>;
  const start = ({ maxRunMs = 60_000 } = {}) => {
    pool = new ThreadPool<TestWork>(new URL(ENTRY), { threads: 2, maxRunMs, maxHeapMb: 16 });
  };
  const small = (signal = new AbortController().signal) => ({ signal, isLarge: false });
  const large = (signal = new AbortController().signal) => ({ signal, isLarge: true });
  const closedGate = () => new Int32Array(new SharedArrayBuffer(4));
  const open = (gate: Int32Array) => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };

  afterEach(() => pool.close());

  it('answers what the thread answers, from the same thread while one is enough', async () => {
    start();
    expect(await pool.run('echo', ['hi'], small())).toBe('hi');
    const first = await pool.run('thread', [], small());
    expect(await pool.run('thread', [], small())).toBe(first);
  });

  it('makes a fault of a problem, and goes on', async () => {
    start();
    await expect(pool.run('fail', ['odd'], small())).rejects.toMatchObject({ code: 'failed', message: 'odd' });
    expect(await pool.run('echo', ['hi'], small())).toBe('hi');
  });

  it('does small work while a large piece runs, and never two large ones at once', async () => {
    start();
    const gates = [closedGate(), closedGate()] as const;
    const ended: string[] = [];
    const pieces = gates.map((gate, n) =>
      pool.run('gate', [gate], large()).then((thread) => {
        ended.push(`large ${n}`);
        return thread;
      }),
    );
    open(gates[1]);
    await pool.run('echo', ['hi'], small());
    ended.push('small');
    open(gates[0]);
    const threads = await Promise.all(pieces);
    expect(ended).toEqual(['small', 'large 0', 'large 1']);
    expect(threads[0]).toBe(threads[1]);
  });

  it('gives up what is aborted with the reason, though it never yields, and replaces the thread', async () => {
    start();
    const reason = new Error('enough');
    const [running, waiting] = [new AbortController(), new AbortController()];
    const spinning = pool.run('spin', [], large(running.signal));
    const queued = pool.run('spin', [], large(waiting.signal));
    waiting.abort(reason);
    await expect(queued).rejects.toBe(reason);
    running.abort(reason);
    await expect(spinning).rejects.toBe(reason);
    expect(await pool.run('echo', ['hi'], large())).toBe('hi');
    await expect(pool.run('echo', ['hi'], small(AbortSignal.abort(reason)))).rejects.toBe(reason);
  });

  it('ends what runs too long, whatever its signal says', async () => {
    start({ maxRunMs: 300 });
    const expected = { code: 'failed', message: expect.stringMatching(/longer than 0\.3 s/) };
    await expect(pool.run('spin', [], large())).rejects.toMatchObject(expected);
  });

  it.each(['exit', 'fill'] as const)('reports a thread that breaks down by %s, and replaces it', async (how) => {
    start();
    const expected = { code: 'failed', message: expect.stringMatching(/broke down/) };
    await expect(pool.run(how, [], large())).rejects.toMatchObject(expected);
    expect(await pool.run('echo', ['hi'], large())).toBe('hi');
  });

  it('ends all work when it is closed', async () => {
    start();
    const work = [pool.run('spin', [], large()), pool.run('spin', [], large())];
    const closed = pool.close();
    for (const piece of work) await expect(piece).rejects.toMatchObject({ code: 'unavailable' });
    await closed;
  });
});
