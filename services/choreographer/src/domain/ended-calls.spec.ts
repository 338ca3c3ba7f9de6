import { describe, expect, it } from '@jest/globals';
import { EndedCalls } from './ended-calls.js';
import type { ForwardedCall } from './forwarded-calls.js';

function call(invocation: string, reply: string | undefined = `_INBOX.${invocation}`): ForwardedCall {
  return { context: { invocation, correlation: 'c' }, reply, slot: undefined } as unknown as ForwardedCall;
}

const idsOf = (calls: readonly { readonly invocation: string }[]) => calls.map(({ invocation }) => invocation);

describe('EndedCalls', () => {
  it('knows for some seconds which calls ended on an instance, and tells of each once', () => {
    const ended = new EndedCalls();
    ended.add(call('a'), 'one', 0);
    ended.add(call('b'), 'two', 1_000);
    ended.add(call('c'), 'one', 6_000);
    expect(idsOf(ended.takeLost([]))).toEqual([]);
    expect(idsOf(ended.takeLost([{ instance: 'one' }]))).toEqual(['a', 'c']);
    expect(idsOf(ended.takeLost([{ instance: 'one' }]))).toEqual([]);
    expect(idsOf(ended.takeAll())).toEqual(['b']);
    expect(idsOf(ended.takeAll())).toEqual([]);
  });

  it('forgets what ended long before, and what nobody waits for', () => {
    const ended = new EndedCalls();
    ended.add(call('a'), 'one', 0);
    ended.add({ ...call('b'), reply: undefined }, 'one', 0);
    ended.add(call('c'), 'one', 6_000);
    ended.add(call('d'), 'one', 12_000);
    expect(idsOf(ended.takeAll())).toEqual(['c', 'd']);
  });

  it('keeps so many at most', () => {
    const ended = new EndedCalls();
    for (let n = 0; n < 100_000; n++) ended.add(call(`${n}`), 'one', 0);
    expect(ended.takeAll().length).toBeLessThanOrEqual(20_000);
  });
});
