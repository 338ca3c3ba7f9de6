/**
 * What may be done at once: for each capability of a plugin's version, and for each caller. Counted in this replica, which
 * takes for itself as large a part of what there is as there are replicas. A root's caller answers for its whole tree.
 */
import type { Liveness } from '@orchestrator/manifest';
import { type CallContext, Fault } from '@orchestrator/protocol';
import { FairSlots, type TakenSlot } from '../domain/fair-slots.js';

/** What the operator lets be done at once, over all replicas. */
export interface CapacityLimits {
  /** Synchronous calls of an instance, where the capability does not say how many it runs at once. */
  readonly callsPerInstance: number;
  /** Durable work that is placed ahead for an instance, of a capability that does not say how many it runs at once. */
  readonly workPerInstance: number;
  /** Synchronous calls of a caller, its nested ones included. */
  readonly callsPerCaller: number;
}

/** One version of a plugin. */
interface Load {
  /** Of all capabilities that do not say how many they run at once. */
  readonly calls: FairSlots;
  /** Of each that does. */
  readonly callsOf: Map<string, FairSlots>;
}

export class Capacity {
  readonly #liveness: Pick<Liveness, 'count'>;
  readonly #replicas: { readonly count: number };
  readonly #limits: CapacityLimits;
  readonly #loads = new Map<string, Map<string, Load>>();
  readonly #callers = new Map<string, number>();

  constructor(liveness: Pick<Liveness, 'count'>, replicas: { readonly count: number }, limits: CapacityLimits) {
    this.#liveness = liveness;
    this.#replicas = replicas;
    this.#limits = limits;
  }

  /** A slot for a synchronous call, or why there is none. @param concurrency how many of it an instance runs at once, where it says so */
  takeCall(context: CallContext, concurrency: number | undefined): TakenSlot | Fault {
    const { plugin, version, onBehalfOf, admittedAtMs } = context;
    const ofCaller = this.#callers.get(onBehalfOf) ?? 0;
    const perCaller = this.#partOf(this.#limits.callsPerCaller);
    const load = this.#loadOf(plugin, version);
    const slots =
      concurrency === undefined ? load.calls : known(load.callsOf, context.capability, () => new FairSlots());
    if (ofCaller >= perCaller) return callerFull(context, perCaller, slots.retryAfterMs);
    const perInstance = concurrency ?? this.#limits.callsPerInstance;
    const limit = this.#partOf(perInstance * this.#liveness.count(plugin, version));
    const slot = slots.take(onBehalfOf, limit, admittedAtMs);
    if (!slot) return pluginFull(context, limit, slots.retryAfterMs);
    this.#callers.set(onBehalfOf, ofCaller + 1);
    return slot;
  }

  /** @param ranMs how long the call took; undefined where it was not placed */
  releaseCall(slot: TakenSlot, ranMs?: number): void {
    slot.of.release(slot, ranMs);
    const ofCaller = this.#callers.get(slot.caller) ?? 0;
    if (ofCaller > 1) this.#callers.set(slot.caller, ofCaller - 1);
    else this.#callers.delete(slot.caller);
  }

  /** That version is no longer installed. */
  forget(plugin: string, version: string): void {
    const versions = this.#loads.get(plugin);
    if (versions?.delete(version) && versions.size === 0) this.#loads.delete(plugin);
  }

  /** What this replica may use of what all may; 0 stays 0. */
  #partOf(limit: number): number {
    return Math.ceil(limit / this.#replicas.count);
  }

  #loadOf(plugin: string, version: string): Load {
    const versions = known(this.#loads, plugin, () => new Map<string, Load>());
    return known(versions, version, () => ({ calls: new FairSlots(), callsOf: new Map() }));
  }
}

/** What the map has, made when it is asked for at first. */
function known<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key);
  if (found) return found;
  const made = make();
  map.set(key, made);
  return made;
}

function callerFull({ onBehalfOf: caller }: CallContext, limit: number, retryAfterMs: number): Fault {
  const message = `${caller} has as many calls under way as a caller may have: ${limit}.`;
  return new Fault('exhausted', message, { caller, limit, retryAfterMs });
}

function pluginFull({ plugin, version, capability }: CallContext, limit: number, retryAfterMs: number): Fault {
  const message = `${plugin} ${version} works on as many calls as it may, or this caller has its share of the ${limit}.`;
  return new Fault('exhausted', message, { plugin, version, capability, limit, retryAfterMs });
}
