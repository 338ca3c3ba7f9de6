import { describe, expect, it } from '@jest/globals';
import type { AdmittedRecord, RetryingRecord } from '@orchestrator/protocol';
import fc from 'fast-check';
import { type Finished, TailSampling } from './tail-sampling.js';

const CORRELATION = 'c1'.repeat(16);
const SLOW_MS = 1_000;
const FAULT = { code: 'failed', message: 'broke' } as const;

function asked(invocation: string, parent?: string): AdmittedRecord {
  const made = { state: 'admitted', invocation, correlation: CORRELATION, atMs: 0, caller: 'shop' } as const;
  const of = { plugin: 'editor', version: '1.0.0', capability: 'spell', mode: 'sync', deadlineMs: 9_000 } as const;
  return { ...made, ...of, depth: parent === undefined ? 1 : 2, ...(parent !== undefined && { parent }) };
}

type How = 'fine' | 'failed' | 'slow' | 'retried';

function finished(record: AdmittedRecord, how: How = 'fine'): Finished {
  const { invocation, correlation } = record;
  const retry: RetryingRecord = {
    ...{ state: 'retrying', invocation, correlation, atMs: 1, attempt: 1 },
    ...{ fault: FAULT, dueAtMs: 2 },
  };
  const outcome = { atMs: how === 'slow' ? SLOW_MS + 1 : 5, attempt: 1, ...(how === 'failed' && { fault: FAULT }) };
  return { asked: record, failed: how === 'retried' ? [retry] : [], steps: [], outcome };
}

const ids = (taken: readonly Finished[]) => taken.map((one) => one.asked.invocation).sort();

function samplingOf(lookUp: () => Promise<readonly Finished[]>, isSampled = false) {
  return new TailSampling({ isSampled: () => isSampled, slowMs: SLOW_MS }, lookUp);
}

const nothingStored = async () => {
  throw new Error('nothing should be looked up');
};

describe('TailSampling', () => {
  const root = asked('root');
  const child = asked('child', 'root');

  it('a sampled trace — each replica gives what it wrote', () => {
    const sampling = samplingOf(nothingStored, true);
    sampling.onRoot(root);
    expect(sampling.take(finished(child), true)).toHaveLength(1);
    expect(sampling.take(finished(root), false)).toEqual([]);
  });

  it('another, in which all went well — gives nothing', () => {
    const sampling = samplingOf(nothingStored);
    sampling.onRoot(root);
    expect(sampling.take(finished(child), true)).toEqual([]);
    expect(sampling.take(finished(root), true)).toEqual([]);
  });

  it.each(['failed', 'slow', 'retried'] as const)('one in which something was %s — is kept whole', async (how) => {
    const sampling = samplingOf(nothingStored);
    sampling.onRoot(root);
    expect(sampling.take(finished(child), false)).toEqual([]);
    expect(ids(await sampling.take(finished(asked('bad', 'root'), how), true))).toEqual(['bad', 'child']);
    expect(ids(await sampling.take(finished(root), true))).toEqual(['root']);
  });

  it('where another replica wrote what went wrong — that one gives what came before it', () => {
    const sampling = samplingOf(nothingStored);
    sampling.onRoot(root);
    sampling.take(finished(child), true);
    expect(sampling.take(finished(asked('bad', 'root'), 'failed'), false)).toEqual([]);
    expect(sampling.take(finished(root), true)).toHaveLength(1);
  });

  it('a tree that began before this replica — is looked up; what ends meanwhile is given once', async () => {
    const stored = [finished(child), finished(asked('bad', 'root'), 'failed'), finished(asked('late', 'root'))];
    const sampling = samplingOf(async () => stored);
    const looked = sampling.take(finished(asked('bad', 'root'), 'failed'), true);
    expect(ids(await sampling.take(finished(asked('late', 'root')), true))).toEqual(['late']);
    expect(ids(await looked)).toEqual(['bad', 'child']);
  });

  it('a tree too large to be remembered — is looked up', async () => {
    const many = Array.from({ length: 100 }, (_, n) => finished(asked(`child-${n}`, 'root')));
    const sampling = samplingOf(async () => many);
    sampling.onRoot(root);
    for (const one of many) sampling.take(one, true);
    expect(await sampling.take(finished(root, 'failed'), true)).toHaveLength(101);
  });

  it('any tree, its ends written by any replicas — all of it is given exactly once, or nothing', async () => {
    const end = fc.record({ how: fc.constantFrom<How>('fine', 'fine', 'fine', 'failed', 'slow'), replica: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(fc.array(end, { minLength: 1, maxLength: 20 }), async (ends) => {
        const all = ends.map(({ how }, n) => finished(asked(`${n}`, n === 0 ? undefined : '0'), how));
        const replicas = [0, 1, 2].map(() => samplingOf(nothingStored));
        const given: Finished[] = [];
        for (const [n, replica] of replicas.entries()) {
          replica.onRoot(root);
          for (const [at, one] of all.entries()) given.push(...(await replica.take(one, ends[at]?.replica === n)));
        }
        const isKept = ends.some(({ how }) => how !== 'fine');
        expect(ids(given)).toEqual(isKept ? ids(all) : []);
      }),
    );
  });
});
