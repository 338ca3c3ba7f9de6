/** Streamed output: its order, its back-pressure, and who reads it when. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, CallClient, type Chunk, connectBus, type InvocationHandle } from '@orchestrator/bus';
import { LIMITS, type ResultAddress } from '@orchestrator/protocol';
import { EffectLog, MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const STREAM = { plugin: 'probe', capability: 'stream' };
const GENERATE = { plugin: 'probe', capability: 'generate' };

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
/** The chunks of `probe.stream`, told by nobody but the first attempt. */
const wanted = (count: number) => numbers(count).map((n) => ({ attempt: 1, sequence: n, value: { n } }));

async function all(handle: InvocationHandle, after?: number): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of handle.chunks({ after })) chunks.push(chunk);
  return chunks;
}

describe('streamed output', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE, MIRROR], env: { PROBE_EFFECTS: effects.file } });
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  /** As another process of the same caller has it: nothing but the ids. */
  const addressOf = ({ invocation }: InvocationHandle): ResultAddress => ({
    caller: 'tester',
    plugin: 'probe',
    invocation,
  });

  it('of a synchronous call — comes in order, each chunk once, and then the result', async () => {
    const handle = system.client.stream(STREAM, { name: 'sync', chunks: 200 });
    expect(await all(handle)).toEqual(wanted(200));
    const outcome = await handle.outcome();
    expect(outcome).toMatchObject({
      result: { ok: true, value: { text: '200 chunks' } },
      invocation: handle.invocation,
    });
  });

  it('of a durable call — comes in order while it runs', async () => {
    const gate = `${effects.file}-durable`;
    const args = { name: 'durable', chunks: 100, waitsAfter: 50, gate };
    const handle = await system.client.request(STREAM, args);
    const chunks: Chunk[] = [];
    for await (const chunk of handle.chunks()) {
      chunks.push(chunk);
      if (chunk.sequence === 50) writeFileSync(gate, '');
    }
    expect(chunks).toEqual(wanted(100));
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: '100 chunks' } });
  });

  it('by an async generator — what it yields are the chunks, what it returns is the result', async () => {
    const handle = system.client.stream(GENERATE, { name: 'generated', chunks: 3 });
    expect((await all(handle)).map(({ value }) => value)).toEqual(['generated.1', 'generated.2', 'generated.3']);
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: '3 chunks' } });
    const broken = system.client.stream(GENERATE, { name: 'broken', chunks: 3, failsAfter: 1 });
    expect((await all(broken)).map(({ value }) => value)).toEqual(['broken.1']);
    expect((await broken.outcome()).result).toMatchObject({ ok: false, fault: { code: 'unimplemented' } });
    expect(effects.read().filter(({ name }) => name === 'broken')).toHaveLength(1);
  });

  it('without a chunk, refused, or of a capability that streams nothing — ends at once', async () => {
    const none = system.client.stream(STREAM, { name: 'none', chunks: 0 });
    expect(await all(none)).toEqual([]);
    const refused = system.client.stream(STREAM, { name: 'refused', chunks: 'many' });
    expect(await all(refused)).toEqual([]);
    expect((await refused.outcome()).result).toMatchObject({ ok: false, fault: { code: 'invalid-argument' } });
    const plain = await system.client.request({ plugin: 'probe', capability: 'echo' }, { text: 'plain' });
    expect(await all(plain)).toEqual([]);
  });

  it.each([
    ['chunks', 300, undefined, LIMITS.windowChunks],
    ['bytes', 24, 200_000, Math.floor(LIMITS.windowBytes / 200_010)],
  ])('a slow reader — holds its writer back, by %s', async (unit, chunks, bytes, window) => {
    const name = `slow-${unit}`;
    const handle = system.client.stream(STREAM, { name, chunks, ...(bytes && { bytes }) });
    let read = 0;
    for await (const { sequence } of handle.chunks()) {
      expect(sequence).toBe(++read);
      appendFileSync(effects.file, `ended ${name}.${read} 0 0\n`);
      // The writer goes to the end of its window: and there is a moment in which only the reader could let it go on.
      if (read === 1) await effects.first((effect) => effect.name === `${name}.${window}`);
    }
    expect(read).toBe(chunks);
    let ahead = 0;
    let furthest = 0;
    for (const effect of effects.read().filter((one) => one.name.startsWith(`${name}.`))) {
      ahead += effect.what === 'started' ? 1 : -1;
      furthest = Math.max(furthest, ahead);
    }
    expect([window - 1, window]).toContain(furthest); // the reader has one of them in its hand
  });

  it('that nobody reads — does not wait, and is there for whoever comes when it has ended', async () => {
    const handle = await system.client.request(STREAM, { name: 'unread', chunks: 500 });
    expect((await handle.outcome()).result.ok).toBe(true);
    const late = system.client.attach(addressOf(handle));
    expect(await all(late)).toEqual(wanted(500));
    expect(await all(late, 497)).toEqual(wanted(500).slice(497));
    expect(await all(late, 500)).toEqual([]);
    expect((await late.outcome()).result).toEqual({ ok: true, value: { text: '500 chunks' } });
  });

  it('of a synchronous call that has ended — can still be read, by its end marker', async () => {
    const handle = system.client.stream(STREAM, { name: 'ended', chunks: 10 });
    await handle.outcome();
    expect(await all(system.client.attach(addressOf(handle)))).toEqual(wanted(10));
  });

  it('and progress and result — reach a caller that was started again, by its ids alone', async () => {
    const gate = `${effects.file}-again`;
    const before = await connectBus({ url: system.nats.url, name: 'before' });
    const args = { name: 'again', chunks: 20, waitsAfter: 10, gate };
    const { invocation } = await new CallClient(before, 'tester').request(STREAM, args);
    await effects.first(({ name }) => name === 'again.10');
    await before.nc.close();

    const after = await connectBus({ url: system.nats.url, name: 'after' });
    const handle = new CallClient(after, 'tester').attach({ caller: 'tester', plugin: 'probe', invocation });
    const progress = handle.progress();
    const told = (async () => {
      const list: (string | undefined)[] = [];
      for await (const { message } of progress) list.push(message);
      return list;
    })();
    await after.nc.flush();
    writeFileSync(gate, '');
    expect(await all(handle)).toEqual(wanted(20));
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: '20 chunks' } });
    const messages = await told;
    expect(messages.at(-1)).toBe('20 of 20');
    expect(messages).not.toContain('10 of 20');
    await after.nc.close();
  });

  it('of an attempt that fails — is told apart from that of the next, whose numbers go on', async () => {
    const handle = await system.client.request(STREAM, { name: 'breaks', chunks: 5, failsAfter: 3 });
    const chunks = await all(handle);
    expect(chunks.map(({ attempt, value }) => [attempt, (value as { n: number }).n])).toEqual([
      ...[1, 2, 3].map((n) => [1, n]),
      ...[1, 2, 3, 4, 5].map((n) => [2, n]),
    ]);
    expect(chunks.map(({ sequence }) => sequence)).toEqual(numbers(8));
    expect((await handle.outcome()).result.ok).toBe(true);
  });

  it.each(['sync', 'durable'])('of a nested %s call — is read by the plugin that calls', async (mode) => {
    const argsJson = JSON.stringify({ name: `nested-${mode}`, chunks: 100 });
    const listen = { capability: 'mirror.stream', argsJson, mode };
    const { result } = await system.client.call({ plugin: 'probe', capability: 'listen' }, listen);
    const read = result.ok ? JSON.parse((result.value as { json: string }).json) : result;
    expect(read).toEqual({ chunks: numbers(100).map((n) => [n, { n }]), result: { text: '100 chunks' } });
  });

  it('beyond a limit — ends the run in a typed fault, after what fitted', async () => {
    const large = system.client.stream(STREAM, { name: 'large', chunks: 2, bytes: LIMITS.chunkBytes });
    expect(await all(large)).toEqual([]);
    expect((await large.outcome()).result).toMatchObject({ ok: false, fault: { code: 'exhausted' } });
    const bytes = 250_000;
    const much = system.client.stream(STREAM, { name: 'much', chunks: 100, bytes });
    let read = 0;
    for await (const { sequence } of much.chunks()) read = sequence;
    expect(read).toBe(Math.floor(LIMITS.streamedBytes / (bytes + '{"n":10,"pad":""}'.length)));
    expect((await much.outcome()).result).toMatchObject({ ok: false, fault: { code: 'exhausted' } });
  });

  it('that is not waited for — is stored all the same before the result, up to a bound', async () => {
    const hasty = { plugin: 'probe', capability: 'hasty' };
    const few = system.client.stream(hasty, { name: 'few', chunks: LIMITS.windowChunks });
    expect((await all(few)).map(({ value }) => value)).toEqual(numbers(LIMITS.windowChunks));
    expect((await few.outcome()).result.ok).toBe(true);
    const many = system.client.stream(hasty, { name: 'many', chunks: LIMITS.windowChunks + 1 });
    await all(many);
    expect((await many.outcome()).result).toMatchObject({ ok: false, fault: { code: 'exhausted' } });
  });

  it('of a capability that does not declare it — is a typed fault', async () => {
    const { result } = await system.client.call({ plugin: 'probe', capability: 'silent' }, {});
    expect(result).toMatchObject({ ok: false, fault: { code: 'unimplemented' } });
  });

  it('held back by its reader — ends at the deadline, and when it is cancelled', async () => {
    const held = async (name: string, timeoutMs?: number) => {
      const handle = await system.client.request(STREAM, { name, chunks: 200 }, { timeoutMs });
      const reading = handle.chunks();
      await reading.next();
      return { handle, reading };
    };
    const late = await held('late', 3_000);
    expect((await late.handle.outcome()).result).toMatchObject({ ok: false, fault: { code: 'deadline-exceeded' } });
    await late.reading.return();

    const stopped = await held('stopped');
    await effects.first(({ name }) => name === `stopped.${LIMITS.windowChunks}`);
    const { correlation } = await system.treeWhere({ request: stopped.handle.sequence }, (nodes) => nodes.length > 0);
    await ask(system.client.requester, 'choreographer', 'cancel', { correlation });
    expect((await stopped.handle.outcome()).result).toMatchObject({ ok: false, fault: { code: 'cancelled' } });
    const rest: number[] = [];
    for await (const { sequence } of stopped.reading) rest.push(sequence);
    expect(rest).toEqual(numbers(LIMITS.windowChunks).slice(1)); // what was stored is still to be had
  });

  it('when its reader gives up — the work goes on', async () => {
    const handle = await system.client.request(STREAM, { name: 'left', chunks: 200 });
    for await (const { sequence } of handle.chunks()) if (sequence === 3) break;
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: '200 chunks' } });
    expect(await all(handle, 3)).toEqual(wanted(200).slice(3));
  });

  it('with a signal that aborts — stops reading, with the reason', async () => {
    const gate = `${effects.file}-never`;
    const handle = await system.client.request(STREAM, { name: 'aborted', chunks: 5, waitsAfter: 2, gate });
    const abort = new AbortController();
    const reading = (async () => {
      for await (const { sequence } of handle.chunks({ signal: abort.signal })) if (sequence === 2) abort.abort();
    })();
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
    writeFileSync(gate, '');
    expect((await handle.outcome()).result.ok).toBe(true);
  });
});
