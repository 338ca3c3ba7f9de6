/** A plugin that does its work in phases: as a service like any other, and through crashes, faults and changes of its code. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EffectLog, NOVELIST, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const RUN = { plugin: 'novelist', capability: 'run' };
const book = (input: string, chapters = 2) =>
  Array.from({ length: chapters }, (_, at) => `The text of ${input}-${at + 1}.`).join('\n');

describe('a pipeline', () => {
  const effects = new EffectLog();
  let system: TestSystem;

  beforeAll(async () => {
    const env = { PROBE_EFFECTS: effects.file, ORC_LEASE_MS: '1500' };
    system = await startTestSystem({ plugins: [PROBE, NOVELIST], env });
  });

  afterEach(async () => {
    if (!system.processes.has('novelist')) await system.start('novelist');
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  const started = (name: string) => effects.read().filter((one) => one.what === 'started' && one.name === name);
  const run = async (input: string, options: object = {}) =>
    (await (await system.client.request(RUN, { input, options })).outcome()).result;

  it('synchronously and durably — answers what its last phase made, and calls others in between', async () => {
    const { result } = await system.client.call(RUN, { input: 'sync' });
    expect(result).toEqual({ ok: true, value: { data: book('sync'), metadata: { Planning: { chapters: 2 } } } });
    expect(await run('covered', { cover: true })).toMatchObject({
      value: { data: `Cover of covered\n${book('covered')}` },
    });
  });

  it('a request that it cannot take — is refused before any phase, by whatever was thrown', async () => {
    const refused = { ok: false, fault: { code: 'invalid-argument' } };
    expect(await run('')).toMatchObject(refused);
    expect(await run('typed', { chapters: 'two' })).toMatchObject({ fault: { message: '"chapters" is a number.' } });
    expect(started('typed-planning')).toEqual([]);
  });

  it.each([
    ['Planning', 'killed-1'],
    ['Writing', 'killed-3'],
  ])('kill -9 after %s — goes on behind what had finished, and comes to the same', async (phase, chapter) => {
    const input = `after-${phase.toLowerCase()}`;
    const handle = await system.client.request(RUN, { input, options: { chapters: 4, ms: 300 } });
    await effects.first(({ what, name }) => what === 'started' && name === chapter.replace('killed', input));
    await system.kill('novelist');
    await system.start('novelist');
    expect((await handle.outcome()).result).toMatchObject({ value: { data: book(input, 4) } });
    expect(started(`${input}-planning`)).toHaveLength(1);
    // The third is begun when one of the first two is kept.
    if (phase === 'Writing') expect(Math.min(started(`${input}-1`).length, started(`${input}-2`).length)).toBe(1);
    expect(started(chapter.replace('killed', input)).map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('a phase that fails — is tried again by itself, and the call tree shows each phase as it went', async () => {
    const handle = await system.client.request(RUN, { input: 'again', options: { end: 'throw-once' } });
    expect((await handle.outcome()).result).toMatchObject({ value: { data: book('again') } });
    const tree = await system.treeWhere({ request: handle.sequence }, ([root]) => root?.steps.length === 5);
    expect(tree.roots[0]?.steps.map(({ title, attempt, fault }) => [title, attempt, fault?.code])).toEqual([
      ['Planning', 1, undefined],
      ['Writing 1', 1, undefined],
      ['Writing 2', 1, undefined],
      ['Assembly', 1, 'failed'],
      ['Assembly', 2, undefined],
    ]);
    expect(started('again-planning')).toHaveLength(1);
    expect(started('again-1')).toHaveLength(1);
  });

  it('another instance with other phases — refuses to go on, and says which there were', async () => {
    const handle = await system.client.request(RUN, { input: 'changed', options: { ms: 60_000 } });
    await effects.first(({ name }) => name === 'changed-1');
    await system.kill('novelist');
    process.env.NOVELIST_PLANNING = 'Outline';
    try {
      await system.start('novelist');
    } finally {
      delete process.env.NOVELIST_PLANNING;
    }
    expect((await handle.outcome()).result).toMatchObject({
      fault: { code: 'incompatible-version', details: { began: expect.arrayContaining(['phase "Planning"']) } },
    });
    await system.kill('novelist');
  });

  it.each([
    ['throws', { end: 'throw' }, { code: 'failed', message: 'Phase "Assembly": no ink' }],
    ['answers nothing', { end: 'nothing' }, { code: 'failed', details: { phase: 'Assembly' } }],
    ['answers what JSON cannot hold', { end: 'bigint' }, { code: 'failed', details: { phase: 'Assembly' } }],
  ])('a phase that %s — is a typed fault that names it', async (_what, options, fault) => {
    const { result } = await system.client.call(RUN, { input: 'bad', options }, { timeoutMs: 30_000 });
    expect(result).toMatchObject({ ok: false, fault });
  });

  it('a phase that answers more than the store takes — is a typed fault', async () => {
    const refused = { ok: false, fault: { code: 'failed', details: { phase: 'Assembly' } } };
    expect(await run('too-large', { end: 'large', bytes: 70 * 2 ** 20 })).toMatchObject(refused);
  });

  it('a phase that hangs — ends at the deadline', async () => {
    const { result } = await system.client.call(RUN, { input: 'stuck', options: { end: 'hang' } }, { timeoutMs: 300 });
    expect(result).toMatchObject({ ok: false, fault: { code: 'deadline-exceeded' } });
  });

  it('a phase that answers 50 MB — is kept in the object store, and its answer is the result', async () => {
    const bytes = 50 * 2 ** 20;
    const result = await run('large', { end: 'large', bytes });
    expect(result).toMatchObject({ ok: true });
    expect((result as unknown as { value: { data: string } }).value.data).toHaveLength(bytes);
  });

  it('is opened before it is ready, and closed when it stops — also when it cannot be opened', async () => {
    const closed = () => effects.read().filter(({ name }) => name === 'close').length;
    const before = closed();
    const running = system.processes.get('novelist');
    running?.kill('SIGTERM');
    expect(await running?.exited).toEqual({ code: 0, signal: null });
    expect(closed()).toBe(before + 1);
    process.env.NOVELIST_INIT = 'fails';
    try {
      await expect(system.start('novelist')).rejects.toThrow('The plugin cannot start: no paper');
    } finally {
      delete process.env.NOVELIST_INIT;
    }
    expect(closed()).toBe(before + 2);
  });
});
