/**
 * The bounds that a call context carries: what is exact from the context itself, and which budgets count what lies below it.
 *
 * Shape: `[r<re-entry>][w<width>]`, then each budget after a `;`, the root's first: its id, `[c<calls>][t<tokens>][u<millionths
 * of a USD>]`. What is absent has its default; a budget below the root's counts only what it names.
 */
import type { CallLimits } from './call-limits.js';
import { Fault } from './fault.js';
import { spanIdOf } from './ids.js';
import { LIMITS } from './limits.js';

/** What is counted for an invocation and everything below it. All budgets of a context hold at once. */
export interface Budget {
  /** Names its counters: `s` (short-lived) or `l`, and the span id of the invocation that it was set for. */
  readonly id: string;
  readonly calls: number | undefined;
  readonly tokens: number | undefined;
  readonly microUsd: number | undefined;
}

export interface TreeBounds {
  readonly reentry: number;
  /** Calls that this invocation may make. */
  readonly width: number;
  /** The root's first; never empty. */
  readonly budgets: readonly Budget[];
}

/** What an operator lets a tree have at most. Where it is undefined, nobody counts. */
export interface TreeMaxima {
  readonly depth: number;
  readonly calls: number;
  readonly width: number;
  readonly reentry: number;
  readonly wallMs: number | undefined;
  readonly tokens: number | undefined;
  readonly usd: number | undefined;
}

export const DEFAULT_MAXIMA: TreeMaxima = {
  depth: LIMITS.maxDepth,
  calls: LIMITS.calls,
  width: LIMITS.width,
  reentry: LIMITS.maxReentry,
  wallMs: undefined,
  tokens: undefined,
  usd: undefined,
};

/** Whose counters live how long: those of short trees are forgotten sooner. */
export function counterId(of: {
  readonly invocation: string;
  readonly admittedAtMs: number;
  readonly deadlineMs: number;
}): string {
  const isShort = of.deadlineMs - of.admittedAtMs <= LIMITS.shortTreeMs;
  return (isShort ? 's' : 'l') + spanIdOf(of.invocation);
}

/** The bounds of a root: what its caller asks for, within what the operator allows. */
export function rootBounds(id: string, asked: CallLimits | undefined, maxima: TreeMaxima): TreeBounds {
  return {
    reentry: Math.min(asked?.reentry ?? 0, maxima.reentry),
    width: least(asked?.width, maxima.width) ?? maxima.width,
    budgets: [
      {
        id,
        calls: least(asked?.calls, maxima.calls),
        tokens: least(asked?.tokens, maxima.tokens),
        microUsd: microUsd(least(asked?.usd, maxima.usd)),
      },
    ],
  };
}

/** The bounds of a nested call: its caller's, narrowed. A budget of its own comes on top of those that hold already. */
export function nestedBounds(id: string, asked: CallLimits | undefined, parent: TreeBounds): TreeBounds {
  if (!asked) return parent;
  const { calls, tokens, usd } = asked;
  const own = calls !== undefined || tokens !== undefined || usd !== undefined;
  return {
    reentry: least(asked.reentry, parent.reentry) ?? parent.reentry,
    width: least(asked.width, parent.width) ?? parent.width,
    budgets: own ? [...parent.budgets, { id, calls, tokens, microUsd: microUsd(usd) }] : parent.budgets,
  };
}

interface Bounded {
  readonly invocation: string;
  readonly depth: number;
  readonly maxDepth: number;
  readonly bounds: TreeBounds;
}

function isOwn({ invocation }: Bounded, budget: Budget): boolean {
  return budget.id.endsWith(spanIdOf(invocation));
}

/** What an invocation was limited to, as its caller could have said it: for asking the same again. */
export function limitsOf(context: Bounded): CallLimits {
  const { calls, tokens, microUsd: money } = context.bounds.budgets.find((budget) => isOwn(context, budget)) ?? {};
  const { reentry, width } = context.bounds;
  const usd = money === undefined ? undefined : money / 1_000_000;
  return { depth: context.maxDepth - context.depth + 1, reentry, width, calls, tokens, usd };
}

/** The bounds of its parent, as far as its own tell them. */
export function boundsAbove(context: Bounded): TreeBounds {
  const { bounds } = context;
  return { ...bounds, budgets: bounds.budgets.filter((budget) => !isOwn(context, budget)) };
}

/** The same bounds with budgets that are counted anew, for as long as anything may take: for what is asked again after its tree has ended. */
export function longLived(bounds: TreeBounds): TreeBounds {
  return { ...bounds, budgets: bounds.budgets.map((budget) => ({ ...budget, id: `l${budget.id.slice(1)}` })) };
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

/** Whole millionths, so that sums are exact. */
export function microUsd(usd: number): number;
export function microUsd(usd: number | undefined): number | undefined;
export function microUsd(usd: number | undefined): number | undefined {
  return usd === undefined ? undefined : Math.round(usd * 1_000_000);
}

export function encodeBounds({ reentry, width, budgets }: TreeBounds): string {
  let text = reentry === 0 ? '' : `r${reentry}`;
  if (width !== LIMITS.width) text += `w${width}`;
  for (let n = 0; n < budgets.length; n++) {
    const { id, calls, tokens, microUsd: money } = budgets[n] as Budget;
    text += `;${id}`;
    if (calls !== undefined && !(n === 0 && calls === LIMITS.calls)) text += `c${calls}`;
    if (tokens !== undefined) text += `t${tokens}`;
    if (money !== undefined) text += `u${money}`;
  }
  return text;
}

/** `;`, `s` or `l`, 16 digits: what nearly every context has. */
const PLAIN_LENGTH = 18;
const ID_LENGTH = 17;
const HEAD = /^(?:r(\d+))?(?:w(\d+))?$/;
const ID = /^[sl][0-9a-f]{16}$/;
const COUNTS = /^(?:c(\d+))?(?:t(\d+))?(?:u(\d+))?$/;

/** @throws Fault `unauthenticated` when the text is none */
export function decodeBounds(text: string): TreeBounds {
  if (text.length === PLAIN_LENGTH && text[0] === ';') {
    const id = readId(text.slice(1));
    return {
      reentry: 0,
      width: LIMITS.width,
      budgets: [{ id, calls: LIMITS.calls, tokens: undefined, microUsd: undefined }],
    };
  }
  const [head = '', ...rest] = text.split(';');
  const read = HEAD.exec(head);
  if (!read || rest.length === 0) throw unreadable();
  return {
    reentry: numberOr(read[1], 0),
    width: numberOr(read[2], LIMITS.width),
    budgets: rest.map((budget, n) => {
      const counts = COUNTS.exec(budget.slice(ID_LENGTH));
      if (!counts) throw unreadable();
      return {
        id: readId(budget.slice(0, ID_LENGTH)),
        calls: numberOr(counts[1], n === 0 ? LIMITS.calls : undefined),
        tokens: numberOr(counts[2], undefined),
        microUsd: numberOr(counts[3], undefined),
      };
    }),
  };
}

function readId(text: string): string {
  if (!ID.test(text)) throw unreadable();
  return text;
}

function numberOr<T>(text: string | undefined, otherwise: T): number | T {
  return text === undefined ? otherwise : Number(text);
}

function unreadable(): Fault {
  return new Fault('unauthenticated', 'The call context is not readable.');
}
