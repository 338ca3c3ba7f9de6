/** What is redriven is started once: by several at once, and with kill -9 of the choreographer between any two steps. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, type Bus, connectBus, type Msg, OutgoingHeaders, readResult, StoredPublisher } from '@orchestrator/bus';
import { readNewest, removeStoredOn } from '@orchestrator/bus/streams';
import {
  Fault,
  flattenTree,
  invocationIdOfRedrive,
  patterns,
  type RedriveAnswer,
  STREAMS,
} from '@orchestrator/protocol';
import { EffectLog, PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const WORK = { plugin: 'probe', capability: 'work' };

describe('a redrive', () => {
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

  const redrive = (invocation: string, args: object) =>
    ask<RedriveAnswer>(system.client.requester, 'choreographer', 'redrive', { invocation, args });

  async function die(name: string) {
    const handle = await system.client.request(WORK, { name, ms: -1 });
    const { correlation = '' } = await handle.outcome();
    return { invocation: handle.invocation, correlation };
  }

  const letterOf = (invocation: string) =>
    readNewest(choreographer, STREAMS.dead.name, patterns.deadOf('probe', 'work', invocation));

  /** It ran once, as the one invocation that a redrive of the dead one can be; and its letter is gone. */
  async function expectOnce(dead: { invocation: string; correlation: string }, name: string) {
    const tree = await system.treeWhere(
      { correlation: dead.correlation },
      (nodes) => nodes.length > 1 && nodes.every((node) => node.endedAtMs !== undefined),
    );
    expect(flattenTree(tree)).toMatchObject([
      { invocation: dead.invocation, state: 'failed' },
      { invocation: invocationIdOfRedrive(dead.invocation), state: 'succeeded', redriveOf: dead.invocation },
    ]);
    expect(effects.read().filter((one) => one.name === name && one.what === 'started')).toHaveLength(1);
    expect(await letterOf(dead.invocation)).toBeUndefined();
    await expect(redrive(dead.invocation, {})).rejects.toMatchObject({ code: 'not-found' });
  }

  it.each([
    ['its request is stored', patterns.requests],
    ['its work is placed', patterns.work],
    ['its admission is in the history', patterns.events],
    ['its result is stored', patterns.results],
  ])('with the choreographer killed once %s, then asked for again — runs once', async (moment, pattern) => {
    const name = moment.replaceAll(' ', '-');
    const dead = await die(name);
    await system.treeWhere({ correlation: dead.correlation }, ([root]) => root?.state === 'failed');
    const victim = system.processes.get('choreographer');
    choreographer.nc.subscribe(pattern, { max: 1, callback: () => victim?.kill('SIGKILL') });
    await choreographer.nc.flush();
    const args = { name, ms: 0 };
    await redrive(dead.invocation, args).catch(() => {}); // nobody may be left to answer
    await victim?.exited;
    await system.start('choreographer');
    const again = await redrive(dead.invocation, args).catch((fault) => fault);
    expect(again).toMatchObject(
      Fault.is(again)
        ? { code: 'not-found', message: expect.stringMatching(/dead letter/) }
        : { redriven: [{ invocation: invocationIdOfRedrive(dead.invocation) }] },
    );
    await expectOnce(dead, name);
  });

  it('whose letter was left lying — is not made twice, neither as it was nor with other arguments', async () => {
    const dead = await die('left');
    const letter = await letterOf(dead.invocation);
    if (!letter) throw new Error('there is no letter');
    const putBack = async () => {
      const sent = new OutgoingHeaders();
      for (const name of letter.headers.keys()) sent.add(name, letter.headers.get(name));
      await new StoredPublisher(choreographer).store(letter.subject, letter.data, sent);
    };
    const requested = new Promise<Msg>((resolve) =>
      choreographer.nc.subscribe(patterns.requests, { max: 1, callback: (_error, msg) => resolve(msg) }),
    );
    await choreographer.nc.flush();
    await redrive(dead.invocation, { name: 'left', ms: 0 });
    await system.treeWhere({ correlation: dead.correlation }, (nodes) => nodes.at(-1)?.state === 'succeeded');
    await putBack();
    await expect(redrive(dead.invocation, { name: 'other', ms: 0 })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(/redriven before/),
    });
    const again = await redrive(dead.invocation, { name: 'left', ms: 0 });
    expect(again.redriven[0]?.invocation).toBe(invocationIdOfRedrive(dead.invocation));
    await expectOnce(dead, 'left');
    // Nobody asks again: whoever the request is delivered to takes the letter out.
    await putBack();
    const { subject, data, headers } = await requested;
    await new StoredPublisher(choreographer).store(subject, data, headers);
    while (await letterOf(dead.invocation)) await new Promise((resolve) => setImmediate(resolve));
    await expectOnce(dead, 'left');
    expect(effects.read().some((one) => one.name === 'other')).toBe(false);
  });

  it('asked for by ten at once, of two choreographers — runs once', async () => {
    const second = await system.start('choreographer', 'choreographer-2');
    const dead = await die('crowd');
    const asked = Array.from({ length: 10 }, () => redrive(dead.invocation, { name: 'crowd', ms: 0 }));
    for (const one of await Promise.allSettled(asked)) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'not-found' });
      else expect(one.value.redriven[0]?.invocation).toBe(invocationIdOfRedrive(dead.invocation));
    }
    await expectOnce(dead, 'crowd');
    await second.stop();
  });

  it('of what has not ended yet — waits until its result is stored', async () => {
    const dead = await die('early');
    const address = { caller: 'tester', plugin: 'probe', invocation: dead.invocation };
    const result = await readResult(system.client.requester, address);
    expect(result).toBeDefined();
    await removeStoredOn(choreographer, STREAMS.results.name, `orc.v1.result.tester.probe.${dead.invocation}`);
    await expect(redrive(dead.invocation, { name: 'early', ms: 0 })).rejects.toMatchObject({ code: 'unavailable' });
    expect(await letterOf(dead.invocation)).toBeDefined();
  });
});
