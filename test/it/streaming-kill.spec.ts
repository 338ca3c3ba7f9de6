/** Streamed output when its reader, its writer or what lies between is killed, and when there is no room for it. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Chunk, InvocationHandle } from '@orchestrator/bus';
import { type InvocationNode, LIMITS, subjects } from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { type Running, start } from './command.js';

const STREAM = { plugin: 'probe', capability: 'stream' };
const LEASE_MS = 1_500;

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

async function all(handle: InvocationHandle, after?: number): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of handle.chunks({ after })) chunks.push(chunk);
  return chunks;
}

const valuesOf = (chunks: readonly Chunk[]) => chunks.map(({ value }) => (value as { n: number }).n);

describe('streamed output, and kill -9', () => {
  let effects: EffectLog;
  let system: TestSystem;
  let gate: string;

  beforeEach(async () => {
    effects = new EffectLog();
    gate = `${effects.file}-gate`;
    const env = { PROBE_EFFECTS: effects.file, ORC_LEASE_MS: String(LEASE_MS) };
    system = await startTestSystem({ plugins: [PROBE], env });
  });

  afterEach(async () => {
    await system?.stop();
    effects.remove();
  });

  /** A reader in a process of its own: `orchestrator runs attach`. */
  const attach = (invocation: string, after = 0): Running => {
    const from = after === 0 ? [] : ['--after', String(after)];
    return start(['--nats', system.nats.url, 'runs', 'attach', invocation, '--json', ...from]);
  };

  const chunksIn = (output: string): Chunk[] =>
    output.split('\n').flatMap((line) => (line.startsWith('{"attempt"') ? [JSON.parse(line)] : []));

  it('of the reader — another process goes on where it was, with no gap and nothing twice', async () => {
    const { invocation } = await system.client.request(STREAM, { name: 'read', chunks: 120, waitsAfter: 60, gate });
    const first = attach(invocation);
    await first.says('"sequence":60');
    first.child.kill('SIGKILL');
    const before = chunksIn((await first.ended).stdout);
    const second = attach(invocation, before.at(-1)?.sequence);
    writeFileSync(gate, '');
    const { code, stdout } = await second.ended;
    expect(code).toBe(0);
    const both = [...before, ...chunksIn(stdout)];
    expect(both.map(({ sequence }) => sequence)).toEqual(numbers(1, 120));
    expect(valuesOf(both)).toEqual(numbers(1, 120));
    expect(stdout).toContain('"text": "120 chunks"');
  });

  it('of a reader that held its writer back — the work goes on once the reader has been silent', async () => {
    const handle = await system.client.request(STREAM, { name: 'held', chunks: 200, waitsAfter: 0, gate });
    // All that a reader has said that was killed before its first chunk.
    const address = { caller: 'tester', plugin: 'probe', invocation: handle.invocation };
    system.bus.nc.publish(subjects.read(address), '{"acknowledged":0}');
    const saidAtMs = Date.now();
    await system.bus.nc.flush();
    writeFileSync(gate, '');
    await effects.first(({ name }) => name === `held.${LIMITS.windowChunks + 1}`);
    expect(Date.now() - saidAtMs).toBeGreaterThanOrEqual(LIMITS.readerSilenceMs);
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: '200 chunks' } });
  });

  it('of the host in mid-stream — the second attempt is told apart, and its numbers go on', async () => {
    const args = { name: 'lost', chunks: 20, waitsAfter: 10, gate };
    const handle = await system.client.request(STREAM, args);
    const reading = all(handle);
    await effects.first(({ name }) => name === 'lost.10');
    await system.kill('probe');
    writeFileSync(gate, '');
    await system.start('probe');
    const chunks = await reading;
    expect(chunks.map(({ sequence }) => sequence)).toEqual(numbers(1, 30));
    expect(valuesOf(chunks.filter(({ attempt }) => attempt === 1))).toEqual(numbers(1, 10));
    expect(valuesOf(chunks.filter(({ attempt }) => attempt === 2))).toEqual(numbers(1, 20));
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: '20 chunks' } });
    expect(await all(handle)).toEqual(chunks);
  });

  it('of nobody, but a host that was thought dead — its later chunks are refused, and so is its end', async () => {
    const args = { name: 'twice', chunks: 20, waitsAfter: 10, gate };
    const handle = await system.client.request(STREAM, args);
    const first = await effects.first(({ name }) => name === 'twice.10');
    process.kill(first.pid, 'SIGSTOP');
    await system.start('probe', 'probe-2');
    const later = await effects.first(({ name, pid }) => name === 'twice.10' && pid !== first.pid);
    process.kill(first.pid, 'SIGCONT');
    writeFileSync(gate, '');
    const chunks = await all(handle);
    expect((await handle.outcome()).result).toEqual({ ok: true, value: { text: '20 chunks' } });
    expect(chunks.map(({ sequence }) => sequence)).toEqual(numbers(1, chunks.length));
    const attempts = chunks.map(({ attempt }) => attempt);
    expect(attempts).toEqual(attempts.toSorted((a, b) => a - b));
    expect(valuesOf(chunks.filter(({ attempt }) => attempt === 1))).toEqual(numbers(1, 10));
    expect(valuesOf(chunks.filter(({ attempt }) => attempt === attempts.at(-1)))).toEqual(numbers(1, 20));
    expect(later.attempt).toBeGreaterThan(1);
    const isSuperseded = ({ superseded }: InvocationNode) => superseded.some(({ attempt }) => attempt === 1);
    await system.treeWhere({ request: handle.sequence }, ([root]) =>
      Boolean(root?.state === 'succeeded' && isSuperseded(root)),
    );
  });

  it('of NATS in mid-stream — when it is back, chunks go on, each once', async () => {
    const handle = await system.client.request(STREAM, { name: 'away', chunks: 400 });
    const reading = all(handle);
    await effects.first(({ name }) => name === 'away.50');
    await system.kill('nats-server');
    await system.start('nats-server');
    const chunks = await reading;
    expect(chunks.map(({ sequence }) => sequence)).toEqual(numbers(1, chunks.length));
    expect(valuesOf(chunks.filter(({ attempt }) => attempt === chunks.at(-1)?.attempt))).toEqual(numbers(1, 400));
    expect((await handle.outcome()).result.ok).toBe(true);
  });

  it('of the choreographer in mid-stream — who listens hears on, and who comes later waits for the next one', async () => {
    const handle = await system.client.request(STREAM, { name: 'alone', chunks: 20, waitsAfter: 10, gate });
    const reading = handle.chunks();
    for (let n = 1; n <= 10; n++) await reading.next();
    await system.kill('choreographer');
    writeFileSync(gate, '');
    for (let n = 11; n <= 20; n++) expect((await reading.next()).value).toMatchObject({ sequence: n });
    const late = all(handle);
    await system.start('choreographer');
    expect(valuesOf(await late)).toEqual(numbers(1, 20));
    expect(await reading.next()).toMatchObject({ done: true });
  });
});

describe('streamed output, and no room for it', () => {
  let system: TestSystem;

  beforeEach(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { ORC_CHUNKS_MAX_BYTES: '1000000' } });
  });

  afterEach(() => system?.stop());

  it('a stream that is full — refuses what comes with a typed fault, and keeps what is there', async () => {
    const first = system.client.stream(STREAM, { name: 'first', chunks: 3, bytes: 200_000 });
    expect(await all(first)).toHaveLength(3);
    const second = system.client.stream(STREAM, { name: 'second', chunks: 3, bytes: 200_000 });
    expect(await all(second)).toHaveLength(1);
    expect((await second.outcome()).result).toMatchObject({ ok: false, fault: { code: 'exhausted' } });
    expect(await all(system.client.attach({ caller: 'tester', ...STREAM, invocation: first.invocation }))).toHaveLength(
      3,
    );
  });
});
