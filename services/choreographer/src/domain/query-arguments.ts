/** What questions to the choreographer have in common, checked. Pure. */
import { Fault, isName } from '@orchestrator/protocol';

export type Args = Readonly<Record<string, unknown>>;

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 200;
const INVOCATION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @param known what a filter may say, and what is one of it. @throws Fault `invalid-argument` naming what is wrong */
export function parseFilter(filter: unknown, known: Readonly<Record<string, (value: unknown) => boolean>>): Args {
  const args = asObject(filter, 'filter');
  for (const [name, value] of Object.entries(args)) {
    const fits = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!fits) throw new Fault('invalid-argument', `A filter knows ${Object.keys(known).join(', ')}; not ${name}.`);
    if (!fits(value)) throw new Fault('invalid-argument', `The filter's ${name} is not one: ${JSON.stringify(value)}.`);
  }
  return args;
}

/** Of a page. @throws Fault `invalid-argument` */
export function parseLimit(limit: unknown = DEFAULT_PAGE): number {
  if (isWhole(limit) && limit <= LARGEST_PAGE) return limit;
  throw new Fault('invalid-argument', `The limit of a page is a whole number from 1 to ${LARGEST_PAGE}.`);
}

/** @throws Fault `invalid-argument` */
export function parseInvocation(value: unknown): string {
  if (isInvocation(value)) return value;
  throw new Fault('invalid-argument', 'An invocation is named by a UUID in lower case.');
}

export function isInvocation(value: unknown): value is string {
  return typeof value === 'string' && INVOCATION.test(value);
}

/** @throws Fault `invalid-argument` */
export function asObject(value: unknown, name: string): Args {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Args;
  throw new Fault('invalid-argument', `What is given as ${name} is not an object.`);
}

export function isNameText(value: unknown): boolean {
  return typeof value === 'string' && isName(value);
}

export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
