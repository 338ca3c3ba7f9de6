/**
 * The first calls of a tree, whose parents' children are not counted one by one. While a tree has made fewer calls than
 * one invocation may make, no width can be exceeded, and a small tree needs no counter for each of its invocations. Pure.
 *
 * A replica that begins to count the children of an invocation adds those that it let pass uncounted, and says how many
 * uncounted calls it had in all. Of the uncounted calls that no replica has spoken for yet, all are taken to be children of
 * that invocation. So its width is never exceeded, and fully used once every replica has spoken.
 *
 * The counter of a width is one number: its children, plus `SPOKEN` for each uncounted call that is spoken for.
 */
import { LIMITS } from '@orchestrator/protocol';

/** The calls of a tree, in the order in which they are reserved, that need no count of width. */
const UNCOUNTED = 32;
/** An invocation with more uncounted children at one replica may become a wide one: it is spoken for early. */
const UNCOUNTED_CHILDREN = 8;
const SPOKEN = 2 ** 32;

/** Narrow widths are counted from the first child on, so that they can be used to the last. */
export function uncountedFor(width: number): number {
  return width >= LIMITS.width ? UNCOUNTED : 0;
}

/** Children of an invocation, at most, when its counter stands there. */
export function childrenAt(total: number, width: number): number {
  const spoken = Math.floor(total / SPOKEN);
  return (total % SPOKEN) + Math.max(0, uncountedFor(width) - spoken);
}

/** Of a block of calls that ends at `total`, those that are uncounted. */
export function uncountedOf(stored: number, totalBefore: number): number {
  return Math.max(0, Math.min(stored, UNCOUNTED - totalBefore));
}

/** The uncounted calls of one tree that one replica has. */
export class UncountedWidth {
  /** Not used yet. */
  #held = 0;
  #everHeld = 0;
  readonly #children = new Map<string, number>();
  /** For which invocations it has spoken, and for how many of its uncounted calls. */
  readonly #spokenFor = new Map<string, number>();

  get held(): number {
    return this.#held;
  }

  /** Those that it has not used may be given back only as long as it has spoken for none. */
  get canGiveBack(): boolean {
    return this.#spokenFor.size === 0;
  }

  add(count: number): void {
    this.#held += count;
    this.#everHeld += count;
  }

  /** Lets a child of this invocation pass uncounted, if one may. */
  take(parent: string, width: number): boolean {
    if (this.#held === 0 || uncountedFor(width) === 0 || this.#spokenFor.has(parent)) return false;
    const children = this.#children.get(parent) ?? 0;
    if (children === UNCOUNTED_CHILDREN) return false;
    this.#held--;
    this.#children.set(parent, children + 1);
    return true;
  }

  /** Uses one up for a call whose width is counted. */
  spend(): void {
    this.#held--;
  }

  /** What to add to the counter of this invocation's width, besides what is reserved. From now on its children are counted. */
  speakFor(parent: string): number {
    const spoken = this.#spokenFor.get(parent) ?? 0;
    this.#spokenFor.set(parent, this.#everHeld);
    return (this.#children.get(parent) ?? 0) + (this.#everHeld - spoken) * SPOKEN;
  }

  /** The counter has it. Until then it may or may not: children are added again, and what is spoken for never is. */
  spokenFor(parent: string): void {
    this.#children.delete(parent);
  }
}
