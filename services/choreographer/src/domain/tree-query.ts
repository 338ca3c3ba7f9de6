/** The questions that the history answers, checked. Pure. */
import { Fault, isCorrelationId, isName, type KeyQuery, LIMITS, type TreeQuery } from '@orchestrator/protocol';
import { isInvocation } from './query-arguments.js';

/** @throws Fault `invalid-argument` unless exactly one of the three ways to name a tree is there, and all is well formed */
export function parseTreeQuery(args: Record<string, unknown>): TreeQuery {
  const { correlation, request, invocation, after } = args;
  if (after !== undefined && !isInvocation(after)) {
    throw new Fault('invalid-argument', 'after is the next of an earlier answer.');
  }
  const page = after === undefined ? {} : { after };
  const given = [correlation, request, invocation].filter((value) => value !== undefined);
  if (given.length === 1) {
    if (typeof correlation === 'string' && isCorrelationId(correlation)) return { correlation, ...page };
    if (typeof request === 'number' && Number.isSafeInteger(request) && request > 0) return { request, ...page };
    if (isInvocation(invocation)) return { invocation, ...page };
  }
  throw new Fault(
    'invalid-argument',
    'Ask with exactly one of correlation (32 hex digits), request (a sequence number) and invocation (a UUID).',
  );
}

/** @throws Fault `invalid-argument` unless there is a key, and a caller's name if any */
export function parseKeyQuery({ key, caller }: Record<string, unknown>): KeyQuery {
  if (typeof key !== 'string' || key.length === 0 || key.length > LIMITS.keyLength) {
    throw new Fault('invalid-argument', `Ask with key (a ce-id of 1 to ${LIMITS.keyLength} characters).`);
  }
  if (caller === undefined) return { key };
  if (typeof caller !== 'string' || !isName(caller)) {
    throw new Fault('invalid-argument', 'caller is a name: lower case letters, digits and inner hyphens.');
  }
  return { key, caller };
}
