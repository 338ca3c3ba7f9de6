/**
 * Counted bounds of call trees: calls and width, reserved before a call is handed on, and tokens and money, which are
 * reported once they are spent. Replicas share the counters and nothing else; what one holds in memory it may forget.
 */
import type { Counters } from '@orchestrator/bus';
import { type Budget, type CallContext, counterId, Fault, type Spending } from '@orchestrator/protocol';
import { childrenAt, UncountedWidth, uncountedFor, uncountedOf } from '../domain/uncounted-width.js';
import { Slots } from './slots.js';

const SWEEP_MS = 1_000;
/** What has not been used for this long is given back and forgotten. */
const IDLE_MS = 5_000;
/** Trees that are remembered at once; the one that was first seen longest ago is forgotten first. */
const MAX_TREES = 20_000;

/** What this replica holds for one tree. */
interface Tree {
  /** Calls, by the id of their budget. */
  readonly calls: Map<string, Slots>;
  /** Width, by the invocation that calls. */
  readonly widths: Map<string, Slots>;
  readonly uncounted: UncountedWidth;
  usedAtMs: number;
  deadlineMs: number;
}

/** What is needed of the counters. */
export type SharedCounters = Pick<Counters, 'add' | 'addLater' | 'read'>;

export class TreeCounts {
  readonly #counters: SharedCounters;
  /** By the id of the root's budget. */
  readonly #trees = new Map<string, Tree>();
  #timer: NodeJS.Timeout | undefined;

  constructor(counters: SharedCounters) {
    this.#counters = counters;
  }

  start(): void {
    this.#timer = setInterval(() => this.#forgetIdle(Date.now() - IDLE_MS), SWEEP_MS);
  }

  /** Gives back what is held. */
  stop(): void {
    clearInterval(this.#timer);
    this.#forgetIdle(Number.POSITIVE_INFINITY);
  }

  /**
   * Counts a call that the invocation of this context makes. Undefined when it is counted already, as most are; else it is
   * once the promise resolves. @throws Fault `budget-exhausted` naming the budget, `unavailable` when it cannot be counted
   */
  take(parent: CallContext): Promise<void> | undefined {
    const tree = this.#treeOf(parent);
    if (!parent.bounds.budgets.some(isSpendable) && this.#takeHeld(tree, parent)) return undefined;
    return this.#takeReserved(tree, parent);
  }

  /** The tree has ended, and what is held for it is of no use to anybody. */
  ended(root: CallContext): void {
    this.#trees.delete(treeId(root));
  }

  /** Counts what the invocation of this context has spent; nothing asks whether anything is left. @throws Fault `budget-exhausted` when there was nothing left before */
  async spend(context: CallContext, { tokens = 0, microUsd = 0 }: Spending): Promise<void> {
    if (tokens === 0 && microUsd === 0) return this.#throwIfSpent(context);
    const spent = { tokens, microUsd };
    const counted = spendables(context.bounds.budgets).map(async ({ kind, id, limit }) => {
      const amount = spent[kind];
      const before = amount === 0 ? 0 : (await this.#counters.add({ kind, id }, amount)) - amount;
      if (amount > 0 && before >= limit) throw exhausted(kind, limit, before + amount);
    });
    for (const one of await Promise.allSettled(counted)) if (one.status === 'rejected') throw one.reason;
  }

  #takeHeld(tree: Tree, parent: CallContext): boolean {
    const calls = this.#callsOf(tree, parent);
    if (!calls.every((slots) => slots.canTake)) return false;
    if (!this.#passesUncounted(tree, parent) && !this.#widthOf(tree, parent).takeHeld()) return false;
    for (const slots of calls) slots.takeHeld();
    useUncounted(tree, parent);
    return true;
  }

  async #takeReserved(tree: Tree, parent: CallContext): Promise<void> {
    await this.#throwIfSpent(parent);
    const taken: Slots[] = [];
    try {
      for (const slots of this.#callsOf(tree, parent)) {
        await slots.take();
        taken.push(slots);
      }
      if (!this.#passesUncounted(tree, parent)) await this.#widthOf(tree, parent).take();
      useUncounted(tree, parent);
    } catch (error) {
      for (const slots of taken) slots.putBack();
      throw error;
    }
  }

  async #throwIfSpent({ bounds }: CallContext): Promise<void> {
    for (const { kind, id, limit } of spendables(bounds.budgets)) {
      const used = limit === 0 ? 0 : await this.#counters.read({ kind, id });
      if (used >= limit) throw exhausted(kind, limit, used);
    }
  }

  /** Can the width of the caller not be exceeded by this call? */
  #passesUncounted(tree: Tree, { invocation, bounds }: CallContext): boolean {
    const { width, budgets } = bounds;
    return budgets.some(({ calls }) => calls !== undefined && calls <= width) || tree.uncounted.take(invocation, width);
  }

  #treeOf(context: CallContext): Tree {
    const id = treeId(context);
    const nowMs = Date.now();
    const known = this.#trees.get(id);
    if (known) {
      known.usedAtMs = nowMs;
      known.deadlineMs = Math.max(known.deadlineMs, context.deadlineMs);
      return known;
    }
    const [oldest] = this.#trees.size < MAX_TREES ? [] : this.#trees.keys();
    if (oldest !== undefined) this.#forget(oldest);
    const times = { usedAtMs: nowMs, deadlineMs: context.deadlineMs };
    const tree = { calls: new Map(), widths: new Map(), uncounted: new UncountedWidth(), ...times };
    this.#trees.set(id, tree);
    return tree;
  }

  #callsOf(tree: Tree, { bounds }: CallContext): Slots[] {
    const slots: Slots[] = [];
    for (const budget of bounds.budgets) {
      const { id, calls: limit } = budget;
      if (limit === undefined) continue;
      let known = tree.calls.get(id);
      if (!known) {
        const isRoot = budget === bounds.budgets[0];
        known = new Slots({
          limit,
          reserve: (count) => this.#counters.add({ kind: 'calls', id }, count),
          giveBack: (count) => this.#counters.addLater({ kind: 'calls', id }, -count),
          ...(isRoot && { onStored: (stored, before) => tree.uncounted.add(uncountedOf(stored, before)) }),
          exhausted: (used) => exhausted('calls', limit, used),
        });
        tree.calls.set(id, known);
      }
      slots.push(known);
    }
    return slots;
  }

  #widthOf(tree: Tree, parent: CallContext): Slots {
    const { invocation } = parent;
    const { width: limit } = parent.bounds;
    const known = tree.widths.get(invocation);
    if (known) return known;
    const counter = { kind: 'width', id: counterId(parent) } as const;
    const slots = new Slots({
      limit,
      reserve: async (count) => {
        const before = uncountedFor(limit) > 0 ? tree.uncounted.speakFor(invocation) : 0;
        const total = await this.#counters.add(counter, before + count);
        tree.uncounted.spokenFor(invocation);
        return childrenAt(total, limit);
      },
      giveBack: (count) => this.#counters.addLater(counter, -count),
      exhausted: (used) => exhausted('width', limit, used),
    });
    tree.widths.set(invocation, slots);
    return slots;
  }

  #forgetIdle(usedBeforeMs: number): void {
    for (const [id, tree] of this.#trees) if (tree.usedAtMs < usedBeforeMs) this.#forget(id);
  }

  #forget(id: string): void {
    const tree = this.#trees.get(id);
    this.#trees.delete(id);
    // What ended by itself needs nothing back. Who still waits is served all the same.
    if (!tree || tree.deadlineMs <= Date.now()) return;
    const kept = tree.uncounted.canGiveBack ? 0 : tree.uncounted.held;
    for (const [budget, slots] of tree.calls) slots.giveBack(slots.held - (budget === id ? kept : 0));
    for (const slots of tree.widths.values()) slots.giveBack(slots.held);
  }
}

function treeId({ bounds }: CallContext): string {
  return (bounds.budgets[0] as Budget).id;
}

/** Uncounted calls are among those that are held for the root's budget: there cannot be more of them. */
function useUncounted({ calls, uncounted }: Tree, context: CallContext): void {
  const held = calls.get(treeId(context))?.held ?? 0;
  while (uncounted.held > held) uncounted.spend();
}

function isSpendable({ tokens, microUsd }: Budget): boolean {
  return tokens !== undefined || microUsd !== undefined;
}

function spendables(budgets: readonly Budget[]): { kind: 'tokens' | 'microUsd'; id: string; limit: number }[] {
  return budgets.flatMap((budget) =>
    (['tokens', 'microUsd'] as const).flatMap((kind) => {
      const limit = budget[kind];
      return limit === undefined ? [] : [{ kind, id: budget.id, limit }];
    }),
  );
}

const MEANING = {
  calls: 'The call tree may make at most this many calls',
  width: 'One invocation may make at most this many calls',
  tokens: 'The call tree may spend at most this many tokens',
  microUsd: 'The call tree may spend at most this many USD',
} as const;

function exhausted(kind: keyof typeof MEANING, limit: number, used: number): Fault {
  const unit = kind === 'microUsd' ? 1_000_000 : 1;
  const budget = kind === 'microUsd' ? 'usd' : kind;
  const details = { budget, limit: limit / unit, used: used / unit };
  return new Fault('budget-exhausted', `${MEANING[kind]}: ${details.limit}; it has used ${details.used}.`, details);
}
