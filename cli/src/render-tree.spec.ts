import { describe, expect, it } from '@jest/globals';
import { buildCallTree, type CallTree, type InvocationRecord, type RefusedRecord } from '@orchestrator/protocol';
import fc from 'fast-check';
import pc from 'picocolors';
import { renderTree } from './render-tree.js';

const CORRELATION = 'c1'.repeat(16);
const plain = pc.createColors(false);

interface Made {
  readonly parent?: string;
  readonly plugin: string;
  readonly capability: string;
  readonly atMs: number;
  readonly depth: number;
}

function admitted(invocation: string, made: Made, mode: 'sync' | 'durable' = 'sync'): InvocationRecord {
  const base = { state: 'admitted', invocation, correlation: CORRELATION, caller: 'shop' } as const;
  return { ...base, mode, version: '1.0.0', deadlineMs: 9_000, ...made };
}

function started(invocation: string, attempt: number): InvocationRecord {
  return { state: 'started', invocation, correlation: CORRELATION, atMs: 1, attempt, instance: 'i' };
}

function ended(invocation: string, atMs: number, attempt: number, message?: string): InvocationRecord {
  const fault = message === undefined ? {} : { fault: { code: 'failed', message } as const };
  return { state: 'ended', invocation, correlation: CORRELATION, atMs, attempt, ...fault };
}

function refused(invocation: string, made: Made): RefusedRecord {
  const base = { state: 'refused', invocation, correlation: CORRELATION, caller: 'growth', mode: 'sync' } as const;
  return { ...base, fault: { code: 'cycle-detected', message: 'it would close a cycle' }, ...made };
}

function treeOf(...records: InvocationRecord[]): CallTree {
  const tree = buildCallTree(CORRELATION, records);
  if (!tree) throw new Error('no tree');
  return tree;
}

describe('renderTree', () => {
  it('shows the steps of a run below it, in time, and which of them failed', () => {
    const step = (name: string, attempt: number, startedAtMs: number, fault?: true): InvocationRecord => ({
      ...{ state: 'step', invocation: 'a', correlation: CORRELATION, atMs: startedAtMs + 5, attempt, startedAtMs },
      ...{ step: name, title: `Phase ${name}` },
      ...(fault && { fault: { code: 'failed', message: 'no ink' } }),
    });
    const tree = treeOf(
      admitted('a', { plugin: 'novelist', capability: 'run', atMs: 0, depth: 1 }, 'durable'),
      step('1', 2, 30),
      step('1', 1, 10, true),
      step('0', 1, 1),
      step('0', 1, 1), // told twice
      ended('a', 40, 2),
    );
    expect(renderTree(tree, plain).split('\n').slice(2, 5)).toEqual([
      '      · Phase 0  5 ms',
      '      ✗ Phase 1  5 ms  failed',
      '      · Phase 1  5 ms · attempt 2',
    ]);
  });

  it('shows who called whom, how deep, how often tried, how long and how it ended', () => {
    const tree = treeOf(
      admitted('a', { plugin: 'growth', capability: 'distribute', atMs: 0, depth: 1 }, 'durable'),
      started('a', 1),
      started('a', 2),
      ended('a', 1_200, 2),
      admitted('b', { parent: 'a', plugin: 'editor', capability: 'copy-edit', atMs: 10, depth: 2 }),
      ended('b', 310, 1, 'no ink left'),
      admitted('c', { parent: 'b', plugin: 'designer', capability: 'illustrate', atMs: 20, depth: 3 }),
      started('c', 1),
      refused('d', { parent: 'a', plugin: 'growth', capability: 'distribute', atMs: 30, depth: 2 }),
      admitted('e', { parent: 'a', plugin: 'tech', capability: 'write', atMs: 40, depth: 2 }),
    );
    expect(renderTree(tree, plain).split('\n')).toEqual([
      'shop',
      '└─ ✓ growth.distribute 1.0.0  depth 1 · durable · 2 attempts · 1200 ms',
      '   ├─ ✗ editor.copy-edit 1.0.0  depth 2 · sync · 1 attempt · 300 ms',
      '   │     failed: no ink left',
      '   │  └─ … designer.illustrate 1.0.0  depth 3 · sync · 1 attempt · running',
      '   ├─ ✗ growth.distribute  depth 2 · sync · 0 attempts · refused',
      '   │     cycle-detected: it would close a cycle',
      '   └─ … tech.write 1.0.0  depth 2 · sync · 0 attempts · admitted',
      '',
      `correlation ${CORRELATION}`,
      `trace       ${CORRELATION}`,
    ]);
  });

  it('says where arguments and results lie that are too large for a message', () => {
    const [argsAt, resultAt] = ['/objects/a?size=600000&sha256=aa', '/objects/b?size=700000&sha256=bb'];
    const root = { plugin: 'editor', capability: 'spell', atMs: 0, depth: 1 };
    const text = renderTree(
      treeOf(
        { ...admitted('a', root), argsAt } as InvocationRecord,
        { ...ended('a', 5, 1), resultAt } as InvocationRecord,
      ),
      plain,
    );
    expect(text.split('\n').slice(1, 4)).toEqual([
      '└─ ✓ editor.spell 1.0.0  depth 1 · sync · 1 attempt · 5 ms',
      `      arguments  ${argsAt}`,
      `      result  ${resultAt}`,
    ]);
  });

  it('several roots — each stands below its own caller', () => {
    const text = renderTree(
      treeOf(
        admitted('a', { plugin: 'editor', capability: 'spell', atMs: 0, depth: 1 }),
        refused('b', { plugin: 'editor', capability: 'spell', atMs: 5, depth: 1 }),
      ),
      plain,
    );
    const callers = text.split('\n').filter((line) => /^[a-z]+$/.test(line));
    expect(callers).toEqual(['shop', 'growth']);
  });

  it('clocks of two machines that differ — show no time below zero', () => {
    const made = { plugin: 'editor', capability: 'spell', atMs: 1_000, depth: 1 };
    expect(renderTree(treeOf(admitted('a', made), ended('a', 990, 1)), plain)).toContain('· 0 ms');
  });

  it('what a fault says — stays on one line and steers no terminal', () => {
    const made = { plugin: 'editor', capability: 'spell', atMs: 0, depth: 1 };
    const shown = (message: string) => renderTree(treeOf(admitted('a', made), ended('a', 5, 1, message)), plain);
    expect(shown('first\r\nsecond\u001b[2Jthird')).toContain('      failed: first second [2Jthird\n');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (message) => {
        expect(shown(message).split('\n')).toHaveLength(shown('').split('\n').length);
        expect(shown(message).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  it('with colours — says the same', () => {
    const tree = treeOf(admitted('a', { plugin: 'editor', capability: 'spell', atMs: 0, depth: 1 }), ended('a', 5, 1));
    const coloured = renderTree(tree, pc.createColors(true));
    expect(coloured).not.toBe(renderTree(tree, plain));
    const codes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(coloured.replaceAll(codes, '')).toBe(renderTree(tree, plain));
  });
});
