/** Dead letters, seen and acted upon: the questions on NATS, on real processes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ask,
  type Bus,
  type CallOptions,
  type CallOutcome,
  connectBus,
  OutgoingHeaders,
  readResult,
  StoredPublisher,
} from '@orchestrator/bus';
import {
  type DeadLetterDetail,
  type DeadLetterPage,
  type DiscardAnswer,
  type FaultCode,
  flattenTree,
  type RedriveAnswer,
} from '@orchestrator/protocol';
import { EffectLog, MIRROR, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { storeRaw } from './raw-calls.js';

const WORK = { plugin: 'probe', capability: 'work' };
const CALL = { plugin: 'probe', capability: 'call' };
const BAD = { name: 'bad', ms: -1 };

describe('dead letters', () => {
  const effects = new EffectLog();
  let system: TestSystem;
  let choreographer: Bus;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE], env: { PROBE_EFFECTS: effects.file } });
    choreographer = await connectBus({ url: system.urlAs('choreographer'), name: 'test' });
  });

  afterAll(async () => {
    await choreographer?.nc.close();
    await system?.stop();
    effects.remove();
  });

  const question = <T>(name: string, args: object) => ask<T>(system.client.requester, 'choreographer', name, args);
  const list = (filter: object = {}, page: object = {}) =>
    question<DeadLetterPage>('dead-letters', { filter, ...page });
  const show = (invocation: string) => question<DeadLetterDetail>('dead-letter', { invocation });
  const redrive = (args: object) => question<RedriveAnswer>('redrive', args);
  const discard = (args: object) => question<DiscardAnswer>('discard', args);
  const starts = (name: string) => effects.read().filter((one) => one.name === name && one.what === 'started');

  /** Has a request die of arguments that its host does not take. */
  async function die(args: object = BAD, options: CallOptions = {}) {
    const handle = await system.client.request(WORK, args, options);
    const outcome = await handle.outcome();
    expect(outcome.result.ok).toBe(false);
    return { invocation: handle.invocation, correlation: outcome.correlation ?? '', sequence: handle.sequence };
  }

  async function outcomeOf({ caller, plugin, invocation }: RedriveAnswer['redriven'][number]) {
    for (;;) {
      const answer = await readResult(system.client.requester, { caller, plugin, invocation });
      if (answer)
        return { body: JSON.parse(Buffer.from(answer.data).toString()), fault: answer.headers?.get('orc-fault') };
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function expectFault(work: Promise<unknown>, code: FaultCode, message: RegExp) {
    await expect(work).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  }

  it('list — newest first, page after page, narrowed by plugin, capability, caller, fault and time', async () => {
    const fromMs = Date.now();
    const [first, second, third] = [await die(), await die(), await die()];
    await storeRaw(system, 'absent.thing', '{}', { caller: 'somebody' });
    await system.treeWhere({ request: third.sequence + 1 }, ([root]) => root?.state === 'refused');
    const all = await list({ sinceMs: fromMs });
    expect(all.letters.map((one) => one.fault.code)).toEqual(['not-found', ...Array(3).fill('invalid-argument')]);
    const own = all.letters.slice(1).map((one) => one.invocation);
    expect(own).toEqual([third, second, first].map((one) => one.invocation));
    expect(all.letters[1]).toMatchObject({ ...WORK, caller: 'tester', correlation: third.correlation, bytes: 22 });
    expect(all.letters[1]?.source).toBe('/plugins/probe');

    const only = async (filter: object) => (await list({ sinceMs: fromMs, ...filter })).letters.length;
    expect(await only({ plugin: 'probe' })).toBe(3);
    expect(await only({ capability: 'thing' })).toBe(1);
    expect(await only({ caller: 'somebody' })).toBe(1);
    expect(await only({ code: 'invalid-argument' })).toBe(3);
    expect(await only({ code: 'failed' })).toBe(0);
    expect(await only({ untilMs: fromMs })).toBe(0);
    expect(await only({ sinceMs: Date.now() + 1 })).toBe(0);

    const page = await list({ plugin: 'probe' }, { limit: 2 });
    expect(page.letters.map((one) => one.invocation)).toEqual(own.slice(0, 2));
    const rest = await list({ plugin: 'probe' }, { limit: 1, before: page.next });
    expect(rest.letters[0]?.invocation).toBe(own[2]);
  });

  it('show — the fault, the original arguments byte for byte, headers, and each attempt in the history', async () => {
    const body = '{ "name": "as sent",\t"ms": -1 }';
    const request = await storeRaw(system, 'probe.work', body, { headers: { 'orc-version': '^1.0.0' } });
    const tree = await system.treeWhere({ request }, ([root]) => root?.state === 'failed');
    const invocation = tree.roots[0]?.invocation ?? '';
    const letter = await show(invocation);
    expect(letter).toMatchObject({ invocation, ...WORK, fault: { code: 'invalid-argument' } });
    expect(letter.fault.details?.problems).toBeDefined();
    expect(Buffer.from(letter.body ?? '', 'base64').toString()).toBe(body);
    expect(letter.records.map((one) => one.state)).toEqual(expect.arrayContaining(['admitted', 'ended']));
    expect(letter.records.at(-1)).toMatchObject({ attempt: 1, fault: { code: 'invalid-argument' } });
    expect(letter.headers).toMatchObject({ 'ce-id': invocation, 'orc-caller': 'tester' });
    expect(Object.keys(letter.headers)).not.toContain('orc-receipt');
  });

  it('show of what was tried again — has each attempt, and it can be redriven', async () => {
    const request = await storeRaw(system, 'probe.fail', '{}', { headers: { 'orc-attempts': '2' } });
    const tree = await system.treeWhere({ request }, ([root]) => root?.state === 'failed');
    const letter = await show(tree.roots[0]?.invocation ?? '');
    const attempts = letter.records.flatMap((one) => ('attempt' in one && 'fault' in one ? [one.attempt] : []));
    expect(new Set(attempts)).toEqual(new Set([1, 2]));
    const [redriven] = (await redrive({ invocation: letter.invocation })).redriven;
    if (!redriven) throw new Error('nothing was redriven');
    expect((await outcomeOf(redriven)).fault).toBe('failed');
    expect((await show(redriven.invocation)).headers['orc-caller']).toBe('tester');
  });

  it('show of a refused one — keeps the caller’s headers, and not what proves whose it was', async () => {
    await storeRaw(system, 'absent.thing', '{"a":1}', { caller: 'headed', headers: { 'orc-version': '^3.0.0' } });
    const letter = await firstLetter({ caller: 'headed' });
    const shown = await show(letter.invocation);
    expect(shown.headers['orc-version']).toBe('^3.0.0');
    expect(Object.keys(shown.headers)).not.toContain('orc-redrive');
    expect(shown.records).toMatchObject([{ state: 'refused' }]);
  });

  async function firstLetter(filter: object) {
    for (;;) {
      const [letter] = (await list(filter)).letters;
      if (letter) return letter;
    }
  }

  it('redrive with other arguments — a new invocation, pointing back, in the same tree; its letter is gone', async () => {
    const dead = await die({ name: 'mended', ms: -1 });
    const answer = await redrive({ invocation: dead.invocation, args: { name: 'mended', ms: 0 } });
    const [redriven] = answer.redriven;
    if (!redriven) throw new Error('nothing was redriven');
    expect(redriven).toMatchObject({ redriveOf: dead.invocation, correlation: dead.correlation, caller: 'tester' });
    expect(await outcomeOf(redriven)).toMatchObject({ body: { text: 'mended' }, fault: '' });
    expect(starts('mended')).toHaveLength(1);
    const { correlation } = dead;
    const tree = await system.treeWhere({ correlation }, (nodes) => nodes.at(-1)?.state === 'succeeded');
    expect(flattenTree(tree)).toMatchObject([
      { invocation: dead.invocation, state: 'failed' },
      { invocation: redriven.invocation, state: 'succeeded', redriveOf: dead.invocation, caller: 'tester', depth: 1 },
    ]);
    await expectFault(show(dead.invocation), 'not-found', /no dead letter/i);
    await expectFault(redrive({ invocation: dead.invocation }), 'not-found', /no dead letter/i);
  });

  it('redrive as it was, of what was refused — runs once its plugin is there, with as much time as at first', async () => {
    const args = { name: 'later', ms: 0 };
    const headers = { 'ce-expirytime': new Date(Date.now() + 100_000).toISOString() };
    await storeRaw(system, 'mirror.work', JSON.stringify(args), { caller: 'early', headers });
    const letter = await firstLetter({ caller: 'early' });
    expect(letter.fault.code).toBe('not-found');
    const mirror = await system.startPlugin(MIRROR, { PROBE_EFFECTS: effects.file });
    const redrivenAtMs = Date.now();
    const [redriven] = (await redrive({ invocation: letter.invocation })).redriven;
    if (!redriven) throw new Error('nothing was redriven');
    expect(await outcomeOf(redriven)).toMatchObject({ body: { text: 'later' } });
    expect(starts('later')).toHaveLength(1);
    const { correlation } = redriven;
    const tree = await system.treeWhere({ correlation }, (nodes) => nodes.at(-1)?.state === 'succeeded');
    const deadlineMs = flattenTree(tree).at(-1)?.deadlineMs ?? 0;
    expect(deadlineMs - redrivenAtMs).toBeGreaterThan(95_000);
    expect(deadlineMs - redrivenAtMs).toBeLessThan(110_000);
    await mirror.stop();
  });

  it('redrive of a durable child — hangs below the parent that had asked, deeper by one, though that has ended', async () => {
    const args = { capability: 'mirror.work', argsJson: '{"name":"child","ms":-1}', mode: 'durable' };
    const mirror = await system.startPlugin(MIRROR, { PROBE_EFFECTS: effects.file });
    const outcome: CallOutcome = await (await system.client.request(CALL, args, { timeoutMs: 60_000 })).outcome();
    expect(outcome.result.ok).toBe(false);
    const letter = await firstLetter({ plugin: 'mirror', caller: 'probe' });
    const { redriven } = await redrive({ invocation: letter.invocation, args: { name: 'child', ms: 0 } });
    if (!redriven[0]) throw new Error('nothing was redriven');
    expect(await outcomeOf(redriven[0])).toMatchObject({ body: { text: 'child' } });
    const correlation = outcome.correlation ?? '';
    const tree = await system.treeWhere({ correlation }, (nodes) => nodes.some((one) => one.state === 'succeeded'));
    expect(tree.roots).toHaveLength(1);
    expect(tree.roots[0]?.children).toMatchObject([
      { invocation: letter.invocation, state: 'failed', depth: 2 },
      { redriveOf: letter.invocation, state: 'succeeded', depth: 2, caller: 'probe' },
    ]);
    const [root, again] = [tree.roots[0], tree.roots[0]?.children[1]];
    expect(again?.deadlineMs).toBeGreaterThan(root?.deadlineMs ?? Number.POSITIVE_INFINITY); // it is nobody's child in time
    await mirror.stop();
  });

  it('redrive that dies again — leaves a letter of its own, which can be redriven in turn', async () => {
    const dead = await die();
    const [again] = (await redrive({ invocation: dead.invocation })).redriven;
    if (!again) throw new Error('nothing was redriven');
    expect((await outcomeOf(again)).fault).toBe('invalid-argument');
    const [third] = (await redrive({ invocation: again.invocation, args: { name: 'third', ms: 0 } })).redriven;
    if (!third) throw new Error('nothing was redriven');
    expect(await outcomeOf(third)).toMatchObject({ body: { text: 'third' } });
    expect(third.correlation).toBe(dead.correlation);
  });

  it('redrive by filter — each once, page after page; what cannot be redriven stays, with the reason', async () => {
    const fromMs = Date.now();
    const dead = await Promise.all(Array.from({ length: 60 }, () => die()));
    // A letter that its plugin could have written by itself: nothing proves that anybody had asked.
    const forged = { ...headersOf('forged'), 'orc-receipt': 'x|k1|y' };
    await storeLetter(`orc.v1.dead.probe.work.${FORGED}`, forged);
    const filter = { plugin: 'probe', sinceMs: fromMs };
    const first = await redrive({ filter, args: { name: 'many', ms: 0 } });
    const second = await redrive({ filter, before: first.next, args: { name: 'many', ms: 0 } });
    expect(second.next).toBeUndefined();
    const redriven = [...first.redriven, ...second.redriven];
    expect(redriven.map((one) => one.redriveOf).sort()).toEqual(dead.map((one) => one.invocation).sort());
    expect([...first.failed, ...second.failed]).toMatchObject([
      { invocation: FORGED, fault: { code: 'unauthenticated' } },
    ]);
    for (const one of redriven) expect(await outcomeOf(one)).toMatchObject({ body: { text: 'many' } });
    expect(starts('many')).toHaveLength(60);
    expect((await list(filter)).letters.map((one) => one.invocation)).toEqual([FORGED]);
    expect(await discard({ invocation: FORGED })).toEqual({ discarded: [FORGED] });
  });

  const FORGED = '00000000-0000-8000-8000-000000000001';
  const headersOf = (caller: string) => ({ 'ce-id': FORGED, 'ce-correlationid': 'a'.repeat(32), 'orc-caller': caller });

  async function storeLetter(subject: string, headers: Record<string, string>, body = '{"name":"forged","ms":0}') {
    const sent = new OutgoingHeaders();
    for (const [name, value] of Object.entries(headers)) sent.add(name, value);
    await new StoredPublisher(choreographer).store(subject, body, sent);
  }

  it('discard by filter — those that fit, and no others', async () => {
    const fromMs = Date.now();
    const dead = [await die(), await die()];
    await storeRaw(system, 'absent.thing', '{}', { caller: 'kept' });
    const kept = await firstLetter({ caller: 'kept' });
    const { discarded } = await discard({ filter: { plugin: 'probe', sinceMs: fromMs } });
    expect([...discarded].sort()).toEqual(dead.map((one) => one.invocation).sort());
    expect((await list({ sinceMs: fromMs })).letters.map((one) => one.invocation)).toEqual([kept.invocation]);
  });

  it('a redrive that no choreographer signed — is refused', async () => {
    const dead = await die();
    const headers = { 'orc-redrive': `redrive-1|${dead.invocation}|tester|probe|work||k1|AAAA` };
    const request = await storeRaw(system, 'probe.work', '{"name":"sly","ms":0}', { headers });
    const tree = await system.treeWhere({ request }, ([root]) => root?.state === 'refused');
    expect(tree.roots[0]?.fault?.code).toBe('unauthenticated');
    expect((await show(dead.invocation)).invocation).toBe(dead.invocation);
    expect(starts('sly')).toHaveLength(0);
  });

  it.each([
    ['dead-letters', { filter: { colour: 'red' } }, /colour/],
    ['dead-letters', { filter: { plugin: '*' } }, /plugin/],
    ['dead-letters', { filter: { code: 'sad' } }, /code/],
    ['dead-letters', { filter: 1 }, /filter/],
    ['dead-letters', { limit: 0 }, /limit/],
    ['dead-letters', { limit: 201 }, /limit/],
    ['dead-letters', { before: -1 }, /before/],
    ['dead-letter', {}, /UUID/],
    ['dead-letter', { invocation: '*' }, /UUID/],
    ['redrive', {}, /which invocation, or which filter/],
    ['redrive', { invocation: FORGED, filter: {} }, /which invocation, or which filter/],
    ['redrive', { invocation: FORGED, args: [] }, /args/],
    ['redrive', { invocation: FORGED, range: 'a\r\nb: c' }, /range/],
    ['discard', {}, /which invocation, or which filter/],
  ])('%s with %j — is refused, saying what is wrong', async (name, args, message) => {
    await expectFault(question(name, args), 'invalid-argument', message);
  });
});
