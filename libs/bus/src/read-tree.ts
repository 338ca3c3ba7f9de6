import { type CallTree, type CallTreePage, joinPages, type TreeQuery } from '@orchestrator/protocol';
import { ask } from './queries.js';
import type { Requester } from './requester.js';

/** The call tree that a choreographer knows, whole, in as many questions as it takes. @throws Fault `not-found`, `unavailable` */
export async function readTree(requester: Requester, query: Omit<TreeQuery, 'after'>): Promise<CallTree> {
  const first = await ask<CallTreePage>(requester, 'choreographer', 'tree', query);
  const pages = [first];
  for (let after = first.next; after !== undefined; after = pages.at(-1)?.next) {
    pages.push(await ask<CallTreePage>(requester, 'choreographer', 'tree', { ...query, after }));
  }
  return pages.length === 1 ? first : (joinPages(pages) ?? first);
}
