/**
 * How much durable work this replica keeps placed for each capability of a version, and the requests that wait until there is
 * room for theirs. Enough is placed that no host runs dry; the rest waits as requests, each caller's turn coming round.
 *
 * Work that was placed from here takes up room until its host reports its end, or it is no longer in the stream: that is looked up,
 * more often while somebody waits, since reports may be lost. A request that waits is renewed, so that nobody else gets it meanwhile.
 */
import type { Delivery } from '@orchestrator/bus';
import type { Liveness } from '@orchestrator/manifest';
import { type CallContext, formatCapabilityRef, type Target } from '@orchestrator/protocol';
import { FairSlots, type TakenSlot } from '../domain/fair-slots.js';

const TICK_MS = 250;
/** How often the stream is asked what of the work is still there, while somebody waits. */
const LOOK_MS = 1_000;
/** The same while nobody waits: what no report has told must not take up room for ever. */
const QUIET_LOOK_MS = 30_000;
/** Well below the ack wait of requests. */
const RENEW_MS = 3_000;
/** Times as much as an instance runs at once is placed ahead, where the capability says how much that is. */
const AHEAD = 2;

/** What there is to wait for. */
export interface FullRoom {
  readonly context: CallContext;
  readonly concurrency: number | undefined;
}

interface Waiter extends FullRoom {
  readonly delivery: Pick<Delivery, 'renew'>;
  /** After that it waits for nothing any more. */
  readonly untilMs: number;
  renewedAtMs: number;
  readonly resolve: (outcome: 'decide' | 'stopped') => void;
}

interface Placed {
  readonly room: Room;
  /** None for what running work has asked for: it takes nothing of the room that roots share. */
  readonly slot: TakenSlot | undefined;
  readonly atMs: number;
}

/** Of one capability of one version. */
interface Room {
  readonly target: Target;
  readonly slots: FairSlots;
  /** By invocation, oldest first. */
  readonly placed: Map<string, Placed>;
  /** By caller, oldest first. */
  readonly waiting: Map<string, Waiter[]>;
  lookedAtMs: number;
}

export interface WorkRoomParts {
  readonly liveness: Pick<Liveness, 'count'>;
  readonly replicas: { readonly count: number };
  /** Work that is placed ahead for an instance, where the capability does not say how much it runs at once. */
  readonly workPerInstance: number;
  /** The invocations whose work is in the stream. */
  readonly inStream: (target: Target) => Promise<ReadonlySet<string>>;
  /** Does the circuit before it let it pass? One that may pass an open circuit is its probe. */
  readonly mayPass: (context: CallContext) => boolean;
  /** Was it cancelled meanwhile? */
  readonly isCancelled: (context: CallContext) => boolean;
  readonly onError: (error: unknown) => void;
}

export class WorkRoom {
  readonly #parts: WorkRoomParts;
  readonly #rooms = new Map<string, Room>();
  readonly #placed = new Map<string, Placed>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(parts: WorkRoomParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(Date.now()), TICK_MS);
  }

  /** Whoever waits gives its request back, and nobody waits any more. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const room of this.#rooms.values()) resolveAll(room, 'stopped');
  }

  /** Requests that wait here. */
  get waiting(): number {
    let count = 0;
    for (const { waiting } of this.#rooms.values()) for (const list of waiting.values()) count += list.length;
    return count;
  }

  /** Is there room for the work? Then it has it, until it leaves. */
  enter(context: CallContext, concurrency: number | undefined): boolean {
    const room = this.#roomOf(context);
    const placed = this.#placed.get(context.invocation);
    if (placed?.room === room) return true;
    if (placed) this.leave(context.invocation); // of a version that has given way to another
    const isNext = context.depth > 1 || !room.waiting.has(context.onBehalfOf);
    return isNext && this.#take(room, context, concurrency);
  }

  /** It was not placed, or has ended, or is between two attempts. */
  leave(invocation: string): void {
    const placed = this.#placed.get(invocation);
    if (!placed) return;
    const { room, slot } = placed;
    this.#placed.delete(invocation);
    room.placed.delete(invocation);
    if (slot) room.slots.release(slot, Date.now() - placed.atMs);
    this.#letIn(room);
  }

  /** Resolves when it is to be decided again: because it has room now, or needs none any more. */
  wait(full: FullRoom, delivery: Waiter['delivery'], untilMs: number): Promise<'decide' | 'stopped'> {
    if (this.#isStopped) return Promise.resolve('stopped');
    const { waiting } = this.#roomOf(full.context);
    return new Promise((resolve) => {
      const waiter = { ...full, delivery, untilMs, renewedAtMs: Date.now(), resolve };
      const caller = full.context.onBehalfOf;
      const before = waiting.get(caller);
      if (before) before.push(waiter);
      else waiting.set(caller, [waiter]);
    });
  }

  /** Another version of that plugin may be the one to wait for now, or need no waiting. */
  reconsider(plugin: string): void {
    for (const room of this.#rooms.values()) if (room.target.plugin === plugin) resolveAll(room, 'decide');
  }

  /** That version is no longer installed: who waits for it is to be told. */
  forget(plugin: string, version: string): void {
    for (const room of this.#rooms.values()) {
      if (room.target.plugin === plugin && room.target.version === version) resolveAll(room, 'decide');
    }
  }

  /** What running work asks for never waits for other work to end: its own might be among it. Its tree bounds it. */
  #take(room: Room, context: CallContext, concurrency: number | undefined): boolean {
    const isRoot = context.depth === 1;
    const slot = isRoot
      ? room.slots.take(context.onBehalfOf, this.#limitOf(context, concurrency), Date.now())
      : undefined;
    if (isRoot && !slot) return false;
    if (!this.#parts.mayPass(context)) {
      if (slot) room.slots.release(slot);
      return false;
    }
    const placed = { room, slot, atMs: Date.now() };
    room.placed.set(context.invocation, placed);
    this.#placed.set(context.invocation, placed);
    return true;
  }

  #limitOf({ plugin, version }: CallContext, concurrency: number | undefined): number {
    const { liveness, replicas, workPerInstance } = this.#parts;
    const perInstance = concurrency === undefined ? workPerInstance : AHEAD * concurrency;
    return Math.ceil((perInstance * Math.max(1, liveness.count(plugin, version))) / replicas.count);
  }

  /** As many as there is room for: one of each caller in turn, beginning with those that have least. */
  #letIn(room: Room): void {
    if (room.waiting.size === 0) return;
    const callers = [...room.waiting.keys()].sort((a, b) => room.slots.countOf(a) - room.slots.countOf(b));
    for (let isAnyIn = true; isAnyIn; ) {
      isAnyIn = false;
      for (const caller of callers) {
        const list = room.waiting.get(caller);
        const [first] = list ?? [];
        if (!list || !first || !this.#take(room, first.context, first.concurrency)) continue;
        list.shift();
        if (list.length === 0) room.waiting.delete(caller);
        first.resolve('decide');
        isAnyIn = true;
      }
    }
  }

  #tick(nowMs: number): void {
    for (const [key, room] of this.#rooms) {
      if (room.waiting.size === 0 && room.placed.size === 0) {
        this.#rooms.delete(key);
        continue;
      }
      const isAwaited = room.waiting.size > 0;
      if (isAwaited) {
        this.#endOver(room, nowMs);
        this.#letIn(room); // the number of instances or of replicas may have changed
      }
      if (nowMs - room.lookedAtMs < (isAwaited ? LOOK_MS : QUIET_LOOK_MS)) continue;
      room.lookedAtMs = nowMs;
      this.#look(room, nowMs).catch(this.#parts.onError);
    }
  }

  /** Renews those that wait on, and lets those go for which waiting has no end but a fault. */
  #endOver({ waiting }: Room, nowMs: number): void {
    for (const [caller, list] of waiting) {
      const over = list.filter((waiter) => waiter.untilMs <= nowMs || this.#parts.isCancelled(waiter.context));
      for (const waiter of list) {
        if (nowMs - waiter.renewedAtMs < RENEW_MS) continue;
        waiter.renewedAtMs = nowMs;
        waiter.delivery.renew();
      }
      if (over.length === 0) continue;
      const left = list.filter((waiter) => !over.includes(waiter));
      if (left.length > 0) waiting.set(caller, left);
      else waiting.delete(caller);
      for (const waiter of over) waiter.resolve('decide');
    }
  }

  /** What is not in the stream any more has left, whether or not anybody said so. */
  async #look(room: Room, nowMs: number): Promise<void> {
    const inStream = await this.#parts.inStream(room.target);
    for (const [invocation, { atMs }] of room.placed) {
      if (atMs > nowMs - LOOK_MS) return; // perhaps about to be stored; and so are all after it
      if (!inStream.has(invocation)) this.leave(invocation);
    }
  }

  #roomOf(context: CallContext): Room {
    const { plugin, version, capability } = context;
    const key = `${formatCapabilityRef(context)}@${version}`;
    const known = this.#rooms.get(key);
    if (known) return known;
    const target = { plugin, version, capability };
    const room = { target, slots: new FairSlots(), placed: new Map(), waiting: new Map(), lookedAtMs: Date.now() };
    this.#rooms.set(key, room);
    return room;
  }
}

function resolveAll({ waiting }: Room, outcome: 'decide' | 'stopped'): void {
  const all = [...waiting.values()].flat();
  waiting.clear();
  for (const waiter of all) waiter.resolve(outcome);
}
