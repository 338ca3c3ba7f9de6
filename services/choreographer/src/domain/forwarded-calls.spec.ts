import { describe, expect, it } from '@jest/globals';
import { type CallContext, randomInvocationId } from '@orchestrator/protocol';
import fc from 'fast-check';
import { type ForwardedCall, ForwardedCalls } from './forwarded-calls.js';

const NOW = 1_700_000_000_000;

function call(changes: Partial<CallContext> = {}, known: Partial<ForwardedCall> = {}): ForwardedCall {
  return {
    context: {
      correlation: 'c1'.repeat(16),
      invocation: randomInvocationId(),
      parent: undefined,
      mode: 'sync',
      durableTree: false,
      depth: 1,
      maxDepth: 16,
      admittedAtMs: NOW,
      deadlineMs: NOW + 30_000,
      caller: 'shop',
      onBehalfOf: 'shop',
      plugin: 'editor',
      version: '1.0.0',
      capability: 'copy-edit',
      traceId: 'c1'.repeat(16),
      remoteSpan: undefined,
      sampled: true,
      attempt: 1,
      maxAttempts: 1,
      bounds: {
        reentry: 0,
        width: 100,
        budgets: [{ id: 's8f0123456789abcd', calls: 1_000, tokens: undefined, microUsd: undefined }],
      },
      ancestry: ['editor.copy-edit'],
      ...changes,
    },
    reply: '_INBOX.a',
    slot: undefined,
    ...known,
  };
}

function holding(...calls: readonly ForwardedCall[]): ForwardedCalls {
  const forwarded = new ForwardedCalls(100);
  for (const one of calls) forwarded.add(one);
  return forwarded;
}

describe('ForwardedCalls', () => {
  it('isFull — at its bound, and no longer when one has ended; a bound of 0 takes none', () => {
    const forwarded = new ForwardedCalls(2);
    const [one, other] = [call(), call()];
    expect(forwarded.isFull).toBe(false);
    forwarded.add(one);
    expect(forwarded.isFull).toBe(false);
    forwarded.add(other);
    expect(forwarded.isFull).toBe(true);
    forwarded.remove(one.context.invocation);
    expect(forwarded.isFull).toBe(false);
    expect(new ForwardedCalls(0).isFull).toBe(true);
  });

  it('takeUnreported — what no host has reported for 3 s, and nothing that one has', () => {
    const [lost, taken] = [call(), call({}, { instance: 'a' })];
    const forwarded = holding(lost, taken);
    const { admittedAtMs } = lost.context;
    expect(forwarded.takeUnreported(admittedAtMs + 3_000)).toEqual([]);
    const [abandoned, ...others] = forwarded.takeUnreported(admittedAtMs + 3_001);
    expect(abandoned).toMatchObject({ call: lost, fault: { code: 'unavailable' } });
    expect(others).toEqual([]);
    expect(forwarded.size).toBe(1);
  });

  it('find — only for the plugin that it was forwarded to: no other plugin can report on it', () => {
    const one = call();
    const forwarded = holding(one);
    expect(forwarded.find('editor', one.context.invocation)).toBe(one);
    expect(forwarded.find('designer', one.context.invocation)).toBeUndefined();
    expect(forwarded.find('editor', randomInvocationId())).toBeUndefined();
    expect(forwarded.has(one.context.invocation)).toBe(true);
    forwarded.remove(one.context.invocation);
    expect(forwarded.has(one.context.invocation)).toBe(false);
    expect(forwarded.find('editor', one.context.invocation)).toBeUndefined();
  });
});

describe('ForwardedCalls.takeOverdue', () => {
  it('takes a call once, a moment after its deadline: the host’s own answer comes first', () => {
    const one = call({ deadlineMs: NOW + 1_000 });
    const forwarded = holding(one);
    expect(forwarded.takeOverdue(NOW + 1_000)).toEqual([]);
    expect(forwarded.takeOverdue(NOW + 1_099)).toEqual([]);
    const taken = forwarded.takeOverdue(NOW + 1_100);
    expect(taken.map((abandoned) => abandoned.call)).toEqual([one]);
    expect(taken[0]?.fault).toMatchObject({ code: 'deadline-exceeded', details: { deadlineMs: NOW + 1_000 } });
    expect(forwarded.takeOverdue(NOW + 9_999)).toEqual([]);
    expect(forwarded.find('editor', one.context.invocation)).toBeUndefined();
  });

  it('over any calls — each is taken exactly when its time has come, and none is lost', () => {
    const deadlines = fc.array(fc.nat({ max: 10_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(deadlines, fc.nat({ max: 11_000 }), (inMs, laterMs) => {
        const calls = inMs.map((ms) => call({ deadlineMs: NOW + ms }));
        const forwarded = holding(...calls);
        const soon = forwarded.takeOverdue(NOW + laterMs).map((abandoned) => abandoned.call);
        expect(soon).toEqual(calls.filter((one) => one.context.deadlineMs + 100 <= NOW + laterMs));
        const rest = forwarded.takeOverdue(NOW + 1_000_000).map((abandoned) => abandoned.call);
        expect(soon.length + rest.length).toBe(calls.length);
      }),
    );
  });
});

describe('ForwardedCalls.takeLost', () => {
  const lost = { plugin: 'editor', version: '1.0.0', instance: 'i1' };

  it('nothing lost — takes nothing', () => {
    expect(holding(call({}, { instance: 'i1' })).takeLost([], NOW + 60_000)).toEqual([]);
  });

  it('takes what ran on the lost instance, at any age, and only that', () => {
    const on = call({ admittedAtMs: NOW }, { instance: 'i1' });
    const elsewhere = call({}, { instance: 'i2' });
    const forwarded = holding(on, elsewhere);
    const taken = forwarded.takeLost([lost], NOW);
    expect(taken.map((abandoned) => abandoned.call)).toEqual([on]);
    expect(taken[0]?.fault).toMatchObject({
      code: 'unavailable',
      message: 'The instance of editor 1.0.0 that ran the call has gone.',
      details: { plugin: 'editor', version: '1.0.0' },
    });
    expect(forwarded.takeLost([lost], NOW)).toEqual([]);
    expect(forwarded.find('editor', elsewhere.context.invocation)).toBe(elsewhere);
  });

  it('leaves what runs on an instance of the same name of another plugin or version', () => {
    const forwarded = holding(
      call({ plugin: 'designer' }, { instance: 'i1' }),
      call({ version: '2.0.0' }, { instance: 'i1' }),
    );
    expect(forwarded.takeLost([lost], NOW + 60_000)).toEqual([]);
  });

  it('takes what nobody has reported for long enough, of the same plugin version only', () => {
    const unreported = call();
    const fresh = call({ admittedAtMs: NOW + 100 });
    const other = call({ plugin: 'designer' });
    const newer = call({ version: '2.0.0' });
    const forwarded = holding(unreported, fresh, other, newer);
    expect(forwarded.takeLost([lost], NOW + 500)).toEqual([]);
    const taken = forwarded.takeLost([lost], NOW + 501);
    expect(taken.map((abandoned) => abandoned.call)).toEqual([unreported]);
    expect(taken[0]?.fault.message).toMatch(/^No instance of editor 1\.0\.0 is known to have taken the call/);
  });

  it('several lost at once — takes the calls of all', () => {
    const [a, b] = [call({}, { instance: 'i1' }), call({ plugin: 'designer' }, { instance: 'i9' })];
    const both = [lost, { plugin: 'designer', version: '1.0.0', instance: 'i9' }];
    expect(holding(a, b).takeLost(both, NOW)).toHaveLength(2);
  });
});
