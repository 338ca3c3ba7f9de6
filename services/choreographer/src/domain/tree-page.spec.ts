import { describe, expect, it } from '@jest/globals';
import { type CallTreePage, foldInvocations, type InvocationRecord, joinPages, treeOf } from '@orchestrator/protocol';
import fc from 'fast-check';
import { pageOf } from './tree-page.js';

const CORRELATION = 'c1'.repeat(16);

/** Invocation n, called by one before it, or a root. */
function admitted(n: number, parent: number | undefined): InvocationRecord {
  const made = { state: 'admitted', invocation: `i${n}`, correlation: CORRELATION, atMs: Math.floor(n / 3) } as const;
  const of = {
    caller: 'shop',
    plugin: 'p',
    version: '1.0.0',
    capability: 'c',
    mode: 'sync',
    deadlineMs: 9_000,
  } as const;
  return { ...made, ...of, depth: 1, ...(parent !== undefined && { parent: `i${parent}` }) };
}

const trees = fc
  .array(fc.nat(), { minLength: 1, maxLength: 40 })
  .map((picks) => picks.map((pick, n) => admitted(n, n === 0 || pick % 7 === 0 ? undefined : pick % n)))
  .map((records) => foldInvocations(CORRELATION, records));

describe('pageOf', () => {
  it('any tree, in pages of any size — is the same tree when they are joined, and none is larger than it may be', () => {
    fc.assert(
      fc.property(trees, fc.integer({ min: 1, max: 5_000 }), (invocations, maxBytes) => {
        const pages: CallTreePage[] = [];
        do {
          const page = pageOf(invocations, pages.at(-1)?.next, maxBytes);
          if (!page) throw new Error('an empty page');
          pages.push(page);
        } while (pages.at(-1)?.next !== undefined);
        expect(joinPages(pages)).toEqual(treeOf(invocations));
        const sizes = pages.map((page) => page.roots.length);
        expect(Math.min(...sizes)).toBeGreaterThan(0);
        if (maxBytes === 1) expect(pages).toHaveLength(invocations.length);
      }),
    );
  });

  it('a small tree — is one page, with no next', () => {
    const page = pageOf(foldInvocations(CORRELATION, [admitted(0, undefined), admitted(1, 0)]), undefined);
    expect(page?.roots[0]?.children).toHaveLength(1);
    expect(page).not.toHaveProperty('next');
  });

  it('after what is not in the tree — not-found', () => {
    const ask = () => pageOf(foldInvocations(CORRELATION, [admitted(0, undefined)]), 'i7');
    expect(ask).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});
