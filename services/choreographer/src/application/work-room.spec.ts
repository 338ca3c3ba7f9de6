import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CallContext } from '@orchestrator/protocol';
import { type FullRoom, WorkRoom, type WorkRoomParts } from './work-room.js';

/** Few places, so that all of them are used. */
const PLACES = 8;

const NOBODY = { renew: () => {} };

let count = 0;

function work(onBehalfOf: string, changes: Partial<CallContext> = {}): CallContext {
  const named = { plugin: 'editor', version: '1.0.0', capability: 'copy-edit', depth: 1, onBehalfOf, ...changes };
  return { invocation: `invocation-${count++}`, ...named } as Partial<CallContext> as CallContext;
}

const room = (parts: Partial<WorkRoomParts> = {}) =>
  new WorkRoom({
    liveness: { count: () => 1 },
    replicas: { count: 1 },
    workPerInstance: PLACES,
    inStream: async () => new Set(),
    mayPass: () => true,
    isCancelled: () => false,
    onError: (error) => {
      throw error;
    },
    ...parts,
  });

const full = (context: CallContext): FullRoom => ({ context, concurrency: undefined });

/** Fills it with work of one caller; answers the work. */
function fill(workRoom: WorkRoom, caller = 'flood'): CallContext[] {
  const placed: CallContext[] = [];
  for (;;) {
    const context = work(caller);
    if (!workRoom.enter(context, undefined)) return placed;
    placed.push(context);
  }
}

/** Waits for each; answers the callers in the order in which they were let in. */
function waiting(workRoom: WorkRoom, contexts: readonly CallContext[]): string[] {
  const order: string[] = [];
  for (const context of contexts) {
    void workRoom
      .wait(full(context), NOBODY, Number.POSITIVE_INFINITY)
      .then((outcome) => order.push(outcome === 'decide' ? context.onBehalfOf : outcome));
  }
  return order;
}

const settled = () => new Promise<void>((resolve) => process.nextTick(() => queueMicrotask(resolve)));

describe('WorkRoom', () => {
  it('has places for as much as its instances take; what has no place waits until some work has left', async () => {
    const workRoom = room();
    const placed = fill(workRoom);
    expect(placed).toHaveLength(PLACES);
    const next = work('flood');
    const order = waiting(workRoom, [next]);
    await settled();
    expect(order).toEqual([]);
    workRoom.leave(placed[3]?.invocation ?? '');
    await settled();
    expect(order).toEqual(['flood']);
    expect(workRoom.enter(next, undefined)).toBe(true); // it has its place already
    expect(workRoom.enter(work('flood'), undefined)).toBe(false);
  });

  it('lets callers in by turns, those with least first, however many wait of one', async () => {
    const workRoom = room();
    const placed = fill(workRoom);
    const flood = Array.from({ length: 50 }, () => work('flood'));
    const order = waiting(workRoom, [...flood, work('b'), work('b'), work('b'), work('c')]);
    for (const { invocation } of placed.slice(0, 5)) workRoom.leave(invocation);
    await settled();
    expect(order.slice(0, 4).sort()).toEqual(['b', 'b', 'b', 'c']);
  });

  it('a caller whose requests wait does not pass them with a new one; another caller does', () => {
    const workRoom = room();
    const placed = fill(workRoom);
    waiting(workRoom, [work('flood')]);
    for (const { invocation } of placed.slice(0, 2)) workRoom.leave(invocation);
    waiting(workRoom, [work('flood'), work('flood')]);
    expect(workRoom.enter(work('flood'), undefined)).toBe(false);
  });

  it('what running work asks for has room always', () => {
    const workRoom = room();
    fill(workRoom);
    for (let n = 0; n < 100; n++) expect(workRoom.enter(work('flood', { depth: 2 }), undefined)).toBe(true);
    expect(workRoom.enter(work('new'), undefined)).toBe(false);
  });

  it('what running work has asked for takes nothing of the room of roots, however much there is of it', async () => {
    const workRoom = room();
    for (let n = 0; n < 100; n++) workRoom.enter(work('flood', { depth: 2 }), undefined);
    const placed = fill(workRoom, 'quiet');
    expect(placed).toHaveLength(PLACES);
    const order = waiting(workRoom, [work('other')]);
    workRoom.leave(placed[0]?.invocation ?? '');
    await settled();
    expect(order).toEqual(['other']);
  });

  it('each capability of each version has room of its own, twice what it runs at once where it says so', () => {
    const workRoom = room();
    fill(workRoom);
    expect(workRoom.enter(work('flood', { capability: 'draw' }), undefined)).toBe(true);
    expect(workRoom.enter(work('flood', { version: '2.0.0' }), undefined)).toBe(true);
    const narrow = Array.from({ length: 20 }, () => workRoom.enter(work('flood', { capability: 'narrow' }), 2));
    expect(narrow.filter((entered) => entered)).toHaveLength(4);
  });

  it('is divided among the replicas, and there is some though no instance lives', () => {
    expect(fill(room({ replicas: { count: 3 } }))).toHaveLength(3);
    expect(fill(room({ liveness: { count: () => 0 } }))).toHaveLength(PLACES);
    expect(fill(room({ liveness: { count: () => 1.5 } }))).toHaveLength(12);
  });

  it('work that gives way to that of another version leaves its room', () => {
    const workRoom = room();
    const [moved] = fill(workRoom);
    expect(workRoom.enter({ ...(moved as CallContext), version: '2.0.0' }, undefined)).toBe(true);
    expect(workRoom.enter(work('flood'), undefined)).toBe(true);
  });

  it('when it is stopped, everybody is sent away, and whoever comes later too', async () => {
    const workRoom = room();
    fill(workRoom);
    const order = waiting(workRoom, [work('flood'), work('b')]);
    workRoom.stop();
    await settled();
    expect(order).toEqual(['stopped', 'stopped']);
    expect(await workRoom.wait(full(work('c')), NOBODY, 0)).toBe('stopped');
  });

  it('of a version that is no longer installed — is waited for no longer', async () => {
    const workRoom = room();
    fill(workRoom);
    const order = waiting(workRoom, [work('flood')]);
    workRoom.forget('editor', '1.0.0');
    await settled();
    expect(order).toEqual(['flood']);
  });

  it('lets those that wait be decided again, in their order, when another version of the plugin may be there for them', async () => {
    const workRoom = room();
    fill(workRoom);
    const order = waiting(workRoom, [work('flood'), work('other'), work('flood')]);
    workRoom.reconsider('designer');
    await settled();
    expect(order).toEqual([]);
    workRoom.reconsider('editor');
    await settled();
    expect(order).toEqual(['flood', 'flood', 'other']);
    expect(workRoom.waiting).toBe(0);
  });
});

describe('WorkRoom — as time goes by', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
  afterEach(() => void jest.useRealTimers());

  it('renews the requests that wait, and ends the waiting of those whose time is over or that were cancelled', async () => {
    const cancelled = new Set<string>();
    const workRoom = room({
      inStream: async () => new Set(all.map(({ invocation }) => invocation)),
      isCancelled: ({ onBehalfOf }) => cancelled.has(onBehalfOf),
    });
    const all = fill(workRoom);
    workRoom.start();
    const renewed: string[] = [];
    const ended: string[] = [];
    for (const [caller, untilMs] of [
      ['short', 1_000],
      ['long', 60_000],
      ['cancelled', 60_000],
    ] as const) {
      const delivery = { renew: () => renewed.push(caller) };
      void workRoom.wait(full(work(caller)), delivery, Date.now() + untilMs).then(() => ended.push(caller));
    }
    await jest.advanceTimersByTimeAsync(1_500);
    expect(ended).toEqual(['short']);
    cancelled.add('cancelled');
    await jest.advanceTimersByTimeAsync(500);
    expect(ended).toEqual(['short', 'cancelled']);
    await jest.advanceTimersByTimeAsync(8_000);
    expect(renewed.length).toBeGreaterThanOrEqual(3);
    expect(new Set(renewed)).toEqual(new Set(['long']));
    workRoom.stop();
  });

  it('finds out that work has left though nobody said so, and takes for there what may not be stored yet', async () => {
    const inStream = new Set<string>();
    const workRoom = room({ inStream: async () => inStream });
    workRoom.start();
    const placed = fill(workRoom);
    for (const { invocation } of placed.slice(1)) inStream.add(invocation);
    const next = [work('flood'), work('flood')];
    for (const { invocation } of next) inStream.add(invocation);
    const order = waiting(workRoom, next);
    await jest.advanceTimersByTimeAsync(500);
    expect(order).toEqual([]);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(order).toEqual(['flood']);
    workRoom.stop();
  });

  it('finds that out though nobody waits, so that who comes later finds the room', async () => {
    let looks = 0;
    const inStream = async () => {
      looks++;
      return new Set<string>();
    };
    const workRoom = room({ inStream });
    workRoom.start();
    fill(workRoom);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(workRoom.enter(work('flood'), undefined)).toBe(true);
    expect(looks).toBeLessThan(4);
    workRoom.stop();
  });

  it('lets more in when there are more instances', async () => {
    let instances = 1;
    const workRoom = room({ liveness: { count: () => instances }, inStream: async () => new Set(all) });
    const all = fill(workRoom).map(({ invocation }) => invocation);
    workRoom.start();
    const order = waiting(workRoom, [work('flood'), work('flood')]);
    instances = 1.2;
    await jest.advanceTimersByTimeAsync(300);
    expect(order).toEqual(['flood', 'flood']);
    workRoom.stop();
  });
});
