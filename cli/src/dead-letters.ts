/** Asking the choreographer about dead letters, page after page. */
import { ask, type Requester } from '@orchestrator/bus';
import type {
  DeadLetter,
  DeadLetterDetail,
  DeadLetterFilter,
  DeadLetterPage,
  DiscardAnswer,
  RedriveAnswer,
} from '@orchestrator/protocol';

const PAGE = 200;

/** Newest first, at most so many. */
export async function listLetters(
  requester: Requester,
  filter: DeadLetterFilter,
  limit = Number.POSITIVE_INFINITY,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let before: number | undefined;
  do {
    const query = { filter, before, limit: Math.min(PAGE, limit - letters.length) };
    const page = await ask<DeadLetterPage>(requester, 'choreographer', 'dead-letters', query);
    letters.push(...page.letters);
    before = page.next;
  } while (before !== undefined && letters.length < limit);
  return letters;
}

export function showLetter(requester: Requester, invocation: string): Promise<DeadLetterDetail> {
  return ask(requester, 'choreographer', 'dead-letter', { invocation });
}

/** What may be other than it was. */
export interface RedriveOptions {
  readonly args?: unknown;
  /** Instead: where other arguments lie, as in `ce-dataref`. */
  readonly dataRef?: string;
  readonly range?: string | undefined;
}

export function redriveLetter(
  requester: Requester,
  invocation: string,
  options: RedriveOptions,
): Promise<RedriveAnswer> {
  return ask(requester, 'choreographer', 'redrive', { invocation, ...options });
}

/** All that fit and are older than `before`: what dies again meanwhile is not redriven again. */
export async function redriveLetters(
  requester: Requester,
  filter: DeadLetterFilter,
  before: number,
  options: RedriveOptions,
): Promise<RedriveAnswer> {
  const pages: RedriveAnswer[] = [];
  for (let next: number | undefined = before; next !== undefined; next = pages.at(-1)?.next) {
    const query: object = { filter, before: next, ...options };
    pages.push(await ask<RedriveAnswer>(requester, 'choreographer', 'redrive', query));
  }
  return { redriven: pages.flatMap((page) => page.redriven), failed: pages.flatMap((page) => page.failed) };
}

export async function discardLetter(requester: Requester, invocation: string): Promise<readonly string[]> {
  return (await ask<DiscardAnswer>(requester, 'choreographer', 'discard', { invocation })).discarded;
}

/** All that fit and are older than `before`. */
export async function discardLetters(
  requester: Requester,
  filter: DeadLetterFilter,
  before: number,
): Promise<string[]> {
  const pages: DiscardAnswer[] = [];
  for (let next: number | undefined = before; next !== undefined; next = pages.at(-1)?.next) {
    pages.push(await ask<DiscardAnswer>(requester, 'choreographer', 'discard', { filter, before: next }));
  }
  return pages.flatMap((page) => page.discarded);
}
