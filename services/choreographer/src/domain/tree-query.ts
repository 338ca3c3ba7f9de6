import { Fault, LIMITS, type TreeQuery } from '@orchestrator/protocol';

/** @throws Fault `invalid-argument` unless exactly one of the three ways to find a tree is there, and well formed */
export function parseTreeQuery(args: Record<string, unknown>): TreeQuery {
  const { correlation, request, key } = args;
  const given = [correlation, request, key].filter((value) => value !== undefined);
  if (given.length === 1) {
    if (typeof correlation === 'string' && /^[0-9a-f]{32}$/.test(correlation)) return { correlation };
    if (typeof request === 'number' && Number.isSafeInteger(request) && request > 0) return { request };
    if (typeof key === 'string' && key.length > 0 && key.length <= LIMITS.keyLength) return { key };
  }
  throw new Fault(
    'invalid-argument',
    'Ask with exactly one of correlation (32 hex digits), request (a sequence number) or key (a ce-id).',
  );
}
