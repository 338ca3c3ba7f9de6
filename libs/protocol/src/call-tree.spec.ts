import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildCallTree, flattenTree, foldInvocation } from './call-tree.js';
import type { AdmittedRecord, EndedRecord, InvocationRecord, RefusedRecord, StartedRecord } from './records.js';

const CORRELATION = 'c0'.repeat(16);

function admitted(invocation: string, changes: Partial<AdmittedRecord> = {}): AdmittedRecord {
  return {
    state: 'admitted',
    invocation,
    correlation: CORRELATION,
    atMs: 100,
    caller: 'shop',
    plugin: 'editor',
    version: '1.0.0',
    capability: 'copy-edit',
    mode: 'sync',
    depth: 1,
    deadlineMs: 1_000,
    ...changes,
  };
}

function refused(invocation: string, changes: Partial<RefusedRecord> = {}): RefusedRecord {
  const { version: _version, deadlineMs: _deadlineMs, ...asked } = admitted(invocation);
  return { ...asked, state: 'refused', fault: { code: 'permission-denied', message: 'no' }, ...changes };
}

function started(invocation: string, attempt: number, changes: Partial<StartedRecord> = {}): StartedRecord {
  return {
    state: 'started',
    invocation,
    correlation: CORRELATION,
    atMs: 110 + attempt,
    attempt,
    instance: `i${attempt}`,
    ...changes,
  };
}

function ended(invocation: string, changes: Partial<EndedRecord> = {}): EndedRecord {
  return { state: 'ended', invocation, correlation: CORRELATION, atMs: 200, attempt: 1, ...changes };
}

/** Records of a few invocations with few distinct values, so that doubles, circles and contradictions are common. */
const ids = ['a', 'b', 'c', 'd', 'e'];
const id = fc.constantFrom(...ids);
const atMs = fc.nat({ max: 3 });
const record: fc.Arbitrary<InvocationRecord> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(id, atMs, fc.option(fc.constantFrom(...ids, 'gone')), fc.constantFrom('1.0.0', '2.0.0'))
      .map(([invocation, at, parent, version]) =>
        admitted(invocation, { atMs: at, version, ...(parent && { parent }) }),
      ),
  },
  fc
    .tuple(id, atMs, fc.option(id))
    .map(([invocation, at, parent]) => refused(invocation, { atMs: at, ...(parent && { parent }) })),
  fc
    .tuple(id, fc.nat({ max: 3 }), atMs, fc.constantFrom('x', 'y'))
    .map(([invocation, attempt, at, instance]) => started(invocation, attempt, { atMs: at, instance })),
  fc
    .tuple(id, fc.nat({ max: 3 }), atMs, fc.boolean())
    .map(([invocation, attempt, at, failed]) =>
      ended(invocation, { attempt, atMs: at, ...(failed && { fault: { code: 'failed', message: 'm' } }) }),
    ),
);
const records = fc.array(record, { minLength: 1, maxLength: 20 });

/** The records in another order, some of them twice or more. */
const withDisorder = records.chain((some) =>
  fc.tuple(
    fc.constant(some),
    fc
      .array(fc.constantFrom(...some), { maxLength: 20 })
      .chain((doubles) => fc.shuffledSubarray([...some, ...doubles], { minLength: some.length + doubles.length })),
  ),
);

describe('foldInvocation', () => {
  it('nothing but starts and ends is no invocation', () => {
    expect(foldInvocation([])).toBeUndefined();
    expect(foldInvocation([started('a', 1), ended('a')])).toBeUndefined();
  });

  it.each([
    ['admitted', [admitted('a')], { state: 'admitted', attempts: 0, startedAtMs: undefined, endedAtMs: undefined }],
    ['running', [admitted('a'), started('a', 1)], { state: 'running', attempts: 1, instance: 'i1', startedAtMs: 111 }],
    [
      'succeeded',
      [admitted('a'), started('a', 1), ended('a', { instance: 'i1' })],
      { state: 'succeeded', attempts: 1 },
    ],
    [
      'failed',
      [admitted('a'), started('a', 1), ended('a', { fault: { code: 'failed', message: 'm' } })],
      { state: 'failed', fault: { code: 'failed', message: 'm' }, endedAtMs: 200 },
    ],
    [
      'refused',
      [refused('a')],
      { state: 'refused', attempts: 0, endedAtMs: 100, version: undefined, fault: { code: 'permission-denied' } },
    ],
    [
      'failed',
      [admitted('a'), ended('a', { attempt: 0, fault: { code: 'unavailable', message: '' } })],
      { attempts: 0 },
    ],
  ] as const)('is %s', (_state, some, expected) => {
    expect(foldInvocation(some)).toMatchObject(expected);
  });

  it('takes the start from the end where no start was recorded', () => {
    const one = foldInvocation([admitted('a'), ended('a', { startedAtMs: 120, instance: 'x', attempt: 2 })]);
    expect(one).toMatchObject({ startedAtMs: 120, instance: 'x', attempts: 2 });
  });

  it('counts attempts by the highest, starts at the first and shows the instance of the last', () => {
    expect(foldInvocation([started('a', 2), admitted('a'), started('a', 1)])).toMatchObject({
      attempts: 2,
      startedAtMs: 111,
      instance: 'i2',
    });
  });

  it('the earliest end and the earliest admission count, in whichever order they are read', () => {
    const late = ended('a', { atMs: 300, fault: { code: 'deadline-exceeded', message: '' } });
    for (const ends of [
      [ended('a'), late],
      [late, ended('a')],
    ]) {
      expect(foldInvocation([admitted('a'), ...ends])).toMatchObject({ state: 'succeeded', endedAtMs: 200 });
    }
    const again = admitted('a', { atMs: 150, deadlineMs: 1_050 });
    for (const some of [
      [admitted('a'), again],
      [again, admitted('a')],
    ]) {
      expect(foldInvocation(some)).toMatchObject({ admittedAtMs: 100, deadlineMs: 1_000 });
    }
  });

  it('an admission outweighs a refusal', () => {
    expect(foldInvocation([refused('a', { atMs: 1 }), admitted('a')])).toMatchObject({ state: 'admitted' });
  });

  it('the trace is the correlation unless the record names another', () => {
    expect(foldInvocation([admitted('a')])?.traceId).toBe(CORRELATION);
    expect(foldInvocation([admitted('a', { traceId: 'f'.repeat(32) })])?.traceId).toBe('f'.repeat(32));
  });
});

describe('buildCallTree', () => {
  it('puts children below their parents, in the order in which they were asked for', () => {
    const tree = buildCallTree(CORRELATION, [
      admitted('late', { parent: 'root', atMs: 130 }),
      admitted('early', { parent: 'root', atMs: 120 }),
      admitted('b', { parent: 'early', atMs: 140 }),
      admitted('a', { parent: 'early', atMs: 140 }),
      admitted('root'),
    ]);
    expect(tree?.roots.map((root) => root.invocation)).toEqual(['root']);
    expect(tree && flattenTree(tree).map((node) => node.invocation)).toEqual(['root', 'early', 'a', 'b', 'late']);
  });

  it('keeps to its correlation; without an invocation there is no tree', () => {
    const other = { correlation: 'd0'.repeat(16) };
    const tree = buildCallTree(CORRELATION, [admitted('a'), admitted('b', other), ended('a', other)]);
    expect(tree && flattenTree(tree).map((node) => [node.invocation, node.state])).toEqual([['a', 'admitted']]);
    expect(buildCallTree('e0'.repeat(16), [admitted('a')])).toBeUndefined();
    expect(buildCallTree(CORRELATION, [ended('a')])).toBeUndefined();
  });

  it('an invocation whose parent is not recorded is a root of its own', () => {
    const tree = buildCallTree(CORRELATION, [admitted('child', { parent: 'gone' }), admitted('root', { atMs: 90 })]);
    expect(tree?.roots.map((root) => root.invocation)).toEqual(['root', 'child']);
  });

  it('any order and any doubles of the records give the same tree', () => {
    fc.assert(
      fc.property(withDisorder, ([some, disordered]) => {
        expect(buildCallTree(CORRELATION, disordered)).toEqual(buildCallTree(CORRELATION, some));
      }),
      { numRuns: 500 },
    );
  });

  it('every invocation stands in the tree exactly once, though parents may go round in circles', () => {
    fc.assert(
      fc.property(records, (some) => {
        const tree = buildCallTree(CORRELATION, some);
        const shown = tree ? flattenTree(tree).map((node) => node.invocation) : [];
        const asked = some.filter((one) => one.state === 'admitted' || one.state === 'refused');
        expect(shown.toSorted()).toEqual([...new Set(asked.map((one) => one.invocation))].sort());
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['itself', { a: 'a' }],
    ['each other', { a: 'b', b: 'a' }],
    ['each other in a circle of three, with a child outside', { a: 'b', b: 'c', c: 'a', d: 'a' }],
  ])('invocations that name %s as parents all stay', (_what, parents) => {
    const some = Object.entries(parents).map(([invocation, parent]) => admitted(invocation, { parent }));
    const tree = buildCallTree(CORRELATION, some);
    expect(tree?.roots.map((root) => root.invocation)).toEqual(['a']);
    expect(
      tree &&
        flattenTree(tree)
          .map((node) => node.invocation)
          .sort(),
    ).toEqual(Object.keys(parents));
  });

  it('every child stands below the parent that it names', () => {
    fc.assert(
      fc.property(records, (some) => {
        const tree = buildCallTree(CORRELATION, some);
        for (const node of tree ? flattenTree(tree) : []) {
          for (const child of node.children) expect(child.parent).toBe(node.invocation);
        }
      }),
    );
  });
});
