/** Streamed output, as the command shows it. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { expectPlain, run, start } from './command.js';

const argsOf = (args: object) => ['--args', JSON.stringify(args)];
const STREAM = ['call', 'probe.stream'];

/** The lines before the result. */
const linesOf = (stdout: string) => stdout.split('\n').slice(0, stdout.split('\n').indexOf('{'));

describe('the command, and streamed output', () => {
  const effects = new EffectLog();
  let system: TestSystem;
  let at: string[];

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file } });
    at = ['--nats', system.nats.url];
  });

  afterAll(async () => {
    await system?.stop();
    effects.remove();
  });

  it.each([[[]], [['--durable']]])(
    'call %j — prints each chunk as it comes, a line each, then the result',
    async (how) => {
      const gate = `${effects.file}-call${how.length}`;
      const args = { name: 'shown', chunks: 3, waitsAfter: 2, gate };
      const call = start([...at, ...STREAM, ...argsOf(args), ...how]);
      await call.says('{"n":2}\n');
      writeFileSync(gate, '');
      const { code, stdout } = await call.ended;
      expect(code).toBe(0);
      expect(linesOf(stdout)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
      expect(stdout).toContain('"text": "3 chunks"');
    },
  );

  it('call --json — prints chunks with their numbers', async () => {
    const { stdout } = await run([...at, ...STREAM, ...argsOf({ name: 'json', chunks: 2 }), '--json']);
    expect(linesOf(stdout)).toEqual([
      '{"attempt":1,"sequence":1,"value":{"n":1}}',
      '{"attempt":1,"sequence":2,"value":{"n":2}}',
    ]);
  });

  it('call --no-wait, then runs attach by each id — says progress, chunks and the result; --after leaves out the first', async () => {
    const gate = `${effects.file}-attach`;
    const args = { name: 'attached', chunks: 4, waitsAfter: 2, gate };
    const asked = await run([...at, ...STREAM, ...argsOf(args), '--durable', '--no-wait']);
    const { invocation, correlation, request } = JSON.parse(asked.stdout);
    expect(request).toBeGreaterThan(0);
    const attached = start([...at, 'runs', 'attach', invocation]);
    await attached.says('{"n":2}\n');
    writeFileSync(gate, '');
    const end = await attached.ended;
    expect(end.code).toBe(0);
    expect(linesOf(end.stdout)).toEqual([1, 2, 3, 4].map((n) => `{"n":${n}}`));
    expect(end.stderr).toContain(' 100 %  4 of 4');
    const later = await run([...at, 'runs', 'attach', correlation, '--after', '3', '--json']);
    expect(linesOf(later.stdout)).toEqual(['{"attempt":1,"sequence":4,"value":{"n":4}}']);
    expect(JSON.parse(later.stdout.slice(later.stdout.indexOf('{\n')))).toMatchObject({
      result: { text: '4 chunks' },
      invocation,
      correlation,
    });
  });

  it('Ctrl-C of who follows — exit code 130; the work goes on', async () => {
    const gate = `${effects.file}-left`;
    const args = { name: 'left', chunks: 4, waitsAfter: 2, gate };
    const asked = await run([...at, ...STREAM, ...argsOf(args), '--durable', '--no-wait']);
    const { invocation } = JSON.parse(asked.stdout);
    const attached = start([...at, 'runs', 'attach', invocation]);
    await attached.says('{"n":2}\n');
    attached.child.kill('SIGINT');
    expectPlain(await attached.ended, 130, 'Interrupted');
    writeFileSync(gate, '');
    await system.treeWhere({ invocation }, ([root]) => root?.state === 'succeeded');
  });

  it('an attempt that fails — is said to be void when the next one begins', async () => {
    const args = { name: 'void', chunks: 2, failsAfter: 1 };
    const { stdout, stderr } = await run([...at, ...STREAM, ...argsOf(args), '--durable']);
    expect(linesOf(stdout)).toEqual(['{"n":1}', '{"n":1}', '{"n":2}']);
    expect(stderr).toContain('Attempt 2 begins the output anew.');
  });

  it('runs attach of a synchronous call, of what is not there, and with a number that is none — says so', async () => {
    const { stdout } = await run([...at, 'call', 'probe.echo', ...argsOf({ text: 'x' }), '--json']);
    const { correlation } = JSON.parse(stdout);
    expectPlain(await run([...at, 'runs', 'attach', correlation]), 2, 'synchronous');
    expectPlain(await run([...at, 'runs', 'attach', 'f'.repeat(32)]), 1, 'not-found');
    expectPlain(await run([...at, 'runs', 'attach', correlation, '--after', 'x']), 2, '--after');
  });

  it('call where no choreographer runs — says so, and ends', async () => {
    await system.kill('choreographer');
    expectPlain(await run([...at, ...STREAM, ...argsOf({ name: 'nobody', chunks: 1 })]), 3, 'unavailable');
    await system.start('choreographer');
  });
});
