import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { randomInvocationId } from '@orchestrator/protocol';
import { spanFromInvocation } from './invocation-span.js';
import { SpanQueue, type SpanQueueOptions } from './span-queue.js';

/** A span that is recognised by its name. */
function span(name: string): ReadableSpan {
  return spanFromInvocation(
    {
      invocation: randomInvocationId(),
      correlation: 'c1'.repeat(16),
      parent: undefined,
      mode: 'sync',
      depth: 1,
      caller: 'shop',
      plugin: 'p',
      capability: name,
      traceId: 'a1'.repeat(16),
      remoteSpan: undefined,
      sampled: true,
      service: 'p',
      version: '1.0.0',
      admittedAtMs: 1,
    },
    { attempt: 1, startedAtMs: undefined, endedAtMs: 2, instance: undefined, fault: undefined },
  );
}

/** A collector driven by hand: every batch waits until the test says how it went. */
class Collector implements SpanExporter {
  readonly batches: string[][] = [];
  readonly received: string[] = [];
  isShutDown = false;
  #pending: ((sent: boolean) => void)[] = [];

  get outstanding(): number {
    return this.#pending.length;
  }

  export(spans: ReadableSpan[], done: (result: { code: ExportResultCode }) => void): void {
    if (this.isShutDown) throw new Error('exported after shutdown');
    const names = spans.map((each) => each.name.slice(2));
    this.batches.push(names);
    this.#pending.push((sent) => {
      if (sent) this.received.push(...names);
      done({ code: sent ? ExportResultCode.SUCCESS : ExportResultCode.FAILED });
    });
  }

  shutdown(): Promise<void> {
    this.isShutDown = true;
    return Promise.resolve();
  }

  /** Ends the outstanding batch, and lets the queue take note of it. */
  async answer(sent: boolean): Promise<void> {
    this.#pending.shift()?.(sent);
    await settled();
  }
}

const settled = () => jest.advanceTimersByTimeAsync(0);

function start(options: SpanQueueOptions = {}) {
  const collector = new Collector();
  const queue = new SpanQueue(collector, { maxSpans: 5, batchSize: 2, intervalMs: 100, ...options });
  const offer = (...names: string[]) => {
    for (const name of names) queue.offer(span(name));
  };
  return { collector, queue, offer };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('SpanQueue', () => {
  it('a full batch leaves at once', () => {
    const { collector, offer } = start();
    offer('a', 'b');
    expect(collector.batches).toEqual([['a', 'b']]);
  });

  it('a batch that is not full leaves after the interval, and not before', async () => {
    const { collector, offer } = start();
    offer('a');
    await jest.advanceTimersByTimeAsync(99);
    expect(collector.batches).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(collector.batches).toEqual([['a']]);
  });

  it('one batch is outstanding at a time; what comes meanwhile follows in order', async () => {
    const { collector, offer } = start();
    offer('a', 'b', 'c', 'd', 'e');
    expect(collector.batches).toEqual([['a', 'b']]);
    await collector.answer(true);
    expect(collector.batches).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await collector.answer(true);
    await jest.advanceTimersByTimeAsync(100);
    await collector.answer(true);
    expect(collector.received).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('nothing is exported while nothing waits', async () => {
    const { collector, offer } = start();
    offer('a', 'b');
    await collector.answer(true);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(collector.batches).toEqual([['a', 'b']]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('full — takes no more, and counts what it dropped', () => {
    const { collector, queue, offer } = start({ batchSize: 10 });
    offer('a', 'b', 'c', 'd', 'e');
    expect(queue.dropped).toBe(0);
    offer('f', 'g');
    expect(queue.dropped).toBe(2);
    expect(collector.batches).toEqual([]);
  });

  it('a failed batch goes again, before what came since', async () => {
    const { collector, queue, offer } = start();
    offer('a', 'b', 'c');
    await collector.answer(false);
    await jest.advanceTimersByTimeAsync(1_000);
    await collector.answer(true);
    await jest.advanceTimersByTimeAsync(100);
    await collector.answer(true);
    expect(collector.batches).toEqual([['a', 'b'], ['a', 'b'], ['c']]);
    expect(collector.received).toEqual(['a', 'b', 'c']);
    expect(queue.dropped).toBe(0);
  });

  it('a failed batch that finds the queue full — every span is sent or counted', async () => {
    const { collector, queue, offer } = start();
    offer('a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(queue.dropped).toBe(0);
    await collector.answer(false);
    expect(queue.dropped).toBe(2);
    for (let batch = 0; batch < 3; batch++) {
      await jest.advanceTimersByTimeAsync(1_000);
      await collector.answer(true);
    }
    expect(collector.received).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('after a failure — rests ten intervals, however many spans are offered meanwhile', async () => {
    const { collector, offer } = start({ maxSpans: 100 });
    offer('a', 'b', 'c');
    await collector.answer(false);
    for (let ms = 0; ms < 999; ms++) {
      offer('x');
      await jest.advanceTimersByTimeAsync(1);
    }
    expect(collector.batches).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(collector.batches).toHaveLength(2);
    await collector.answer(true);
    expect(collector.batches).toHaveLength(3);
  });

  it('an exporter that throws — costs no span and no process', async () => {
    const { collector, queue, offer } = start();
    let throwing = true;
    const original = collector.export.bind(collector);
    collector.export = (spans, done) => {
      if (throwing) throw new Error('broken');
      original(spans, done);
    };
    offer('a', 'b');
    await settled();
    throwing = false;
    await jest.advanceTimersByTimeAsync(1_000);
    await collector.answer(true);
    expect(collector.received).toEqual(['a', 'b']);
    expect(queue.dropped).toBe(0);
  });
});

describe('SpanQueue.close', () => {
  it('sends everything that waits, then shuts the exporter down, and leaves no timer', async () => {
    const { collector, queue, offer } = start();
    offer('a', 'b', 'c', 'd', 'e');
    const closed = queue.close();
    while (collector.outstanding > 0) await collector.answer(true);
    await closed;
    expect(collector.received).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(collector.isShutDown).toBe(true);
    expect(queue.dropped).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('with a batch that waits for its interval — sends it now, once', async () => {
    const { collector, queue, offer } = start();
    offer('a');
    const closed = queue.close();
    await settled();
    expect(collector.outstanding).toBe(1);
    await collector.answer(true);
    await closed;
    expect(jest.getTimerCount()).toBe(0);
    expect(collector.batches).toEqual([['a']]);
  });

  it('with a collector that takes nothing — ends all the same, and counts what is lost', async () => {
    const { collector, queue, offer } = start();
    offer('a', 'b', 'c', 'd', 'e');
    const closed = queue.close();
    while (collector.outstanding > 0) await collector.answer(false);
    await closed;
    expect(collector.isShutDown).toBe(true);
    expect(queue.dropped).toBe(5);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('afterwards — takes nothing and counts it', async () => {
    const { collector, queue, offer } = start();
    await queue.close();
    offer('a', 'b');
    expect(queue.dropped).toBe(2);
    expect(collector.batches).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
