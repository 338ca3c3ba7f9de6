import { describe, expect, it } from '@jest/globals';
import type { CallContext, Fault } from '@orchestrator/protocol';
import type { TakenSlot } from '../domain/fair-slots.js';
import { Capacity, type CapacityLimits } from './capacity.js';

const LIMITS: CapacityLimits = { callsPerInstance: 10, callsPerCaller: 100, workPerInstance: 0 };

interface World {
  instances: number;
  replicas: number;
}

function capacityOf(world: World, limits: Partial<CapacityLimits> = {}) {
  const replicas = {
    get count() {
      return world.replicas;
    },
  };
  return new Capacity({ count: () => world.instances }, replicas, { ...LIMITS, ...limits });
}

function call(onBehalfOf: string, capability = 'copy-edit', version = '1.0.0'): CallContext {
  const named = { plugin: 'editor', version, capability, onBehalfOf, caller: 'any', admittedAtMs: 0 };
  return named as Partial<CallContext> as CallContext;
}

/** Takes until it is refused. */
function fill(capacity: Capacity, context: CallContext, concurrency?: number): { slots: TakenSlot[]; fault: Fault } {
  const slots: TakenSlot[] = [];
  for (;;) {
    const taken = capacity.takeCall(context, concurrency);
    if ('code' in taken) return { slots, fault: taken };
    slots.push(taken);
  }
}

describe('Capacity — of synchronous calls', () => {
  it('a version has as many as its instances, and a caller that finds none is told what is full and when to come again', () => {
    const { slots, fault } = fill(capacityOf({ instances: 1, replicas: 1 }), call('shop'));
    expect(slots).toHaveLength(10);
    expect(fault).toMatchObject({
      code: 'exhausted',
      details: { plugin: 'editor', version: '1.0.0', limit: 10, retryAfterMs: 50 },
    });
    expect(fill(capacityOf({ instances: 1.5, replicas: 1 }), call('shop')).slots).toHaveLength(15);
  });

  it('is shared by the replicas', () => {
    expect(fill(capacityOf({ instances: 1, replicas: 3 }), call('shop')).slots).toHaveLength(4);
    expect(fill(capacityOf({ instances: 1, replicas: 1 }, { callsPerInstance: 0 }), call('shop')).slots).toHaveLength(
      0,
    );
  });

  it('follows the instances that come and go', () => {
    const world = { instances: 1, replicas: 1 };
    const capacity = capacityOf(world);
    const { slots } = fill(capacity, call('shop'));
    world.instances = 0;
    capacity.releaseCall(slots[0] as TakenSlot);
    expect(fill(capacity, call('shop')).slots).toHaveLength(0);
    world.instances = 1.2;
    expect(fill(capacity, call('shop')).slots).toHaveLength(3);
  });

  it('a capability that says how many it runs at once has its own, others of its version are not concerned', () => {
    const capacity = capacityOf({ instances: 2, replicas: 1 }, { callsPerInstance: 7 });
    expect(fill(capacity, call('shop', 'draw'), 3).slots).toHaveLength(6);
    expect(fill(capacity, call('shop', 'write')).slots).toHaveLength(14);
    expect(fill(capacity, call('shop', 'draw', '2.0.0'), 3).slots).toHaveLength(6);
  });

  it('a caller has no more than it may, over all plugins and with all that is called in its name', () => {
    const capacity = capacityOf({ instances: 100, replicas: 1 }, { callsPerCaller: 5 });
    const { slots, fault } = fill(capacity, call('shop'));
    expect(slots).toHaveLength(5);
    expect(fault).toMatchObject({ code: 'exhausted', details: { caller: 'shop', limit: 5, retryAfterMs: 50 } });
    expect(fill(capacity, call('shop', 'draw'), 9).slots).toHaveLength(0);
    expect(fill(capacity, call('other')).slots).toHaveLength(5);
    capacity.releaseCall(slots[0] as TakenSlot);
    expect(fill(capacity, call('shop', 'draw'), 9).slots).toHaveLength(1);
  });

  it('of a version that has gone is forgotten', () => {
    const capacity = capacityOf({ instances: 1, replicas: 1 });
    const { slots } = fill(capacity, call('shop'));
    capacity.forget('editor', '1.0.0');
    expect(fill(capacity, call('shop')).slots).toHaveLength(10);
    for (const slot of slots) capacity.releaseCall(slot);
  });
});
