/** Cuts a tree that is too large for one answer into pages. Pure. */
import { type CallTreePage, Fault, type Invocation, treeOf } from '@orchestrator/protocol';

/** @default what leaves room below the server's `max_payload` of 1 MiB */
const MAX_PAGE_BYTES = 512 * 1024;

/**
 * @param invocations of the whole tree, in the order in which they were asked for
 * @param after the last invocation of the page before
 * @throws Fault `not-found` when the tree has no such invocation
 */
export function pageOf(
  invocations: readonly Invocation[],
  after: string | undefined,
  maxBytes = MAX_PAGE_BYTES,
): CallTreePage | undefined {
  const start = after === undefined ? 0 : invocations.findIndex((one) => one.invocation === after) + 1;
  if (after !== undefined && start === 0) {
    throw new Fault('not-found', 'The tree has no such invocation: ask for its first page again.', { after });
  }
  let end = start;
  for (let bytes = 0; end < invocations.length; end++) {
    bytes += Buffer.byteLength(JSON.stringify(invocations[end]));
    if (bytes > maxBytes && end > start) break;
  }
  const tree = treeOf(invocations.slice(start, end));
  const last = invocations[end - 1];
  return tree && (end < invocations.length && last ? { ...tree, next: last.invocation } : tree);
}
