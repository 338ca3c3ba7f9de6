import { describe, expect, it } from '@jest/globals';
import { randomInvocationId } from '@orchestrator/protocol';
import { invocationTerm } from '../history-thread/frame-lookup.js';
import { SeenInvocations } from './seen-invocations.js';

const someTerms = () => Array.from({ length: 20_000 }, () => invocationTerm(randomInvocationId()));

describe('SeenInvocations', () => {
  it('remembers all that was added, and hardly takes anything else for it', () => {
    const memory = SeenInvocations.allocate(64 * 1024);
    const writer = new SeenInvocations(memory);
    const reader = new SeenInvocations(memory);
    const added = someTerms();
    for (const term of added) writer.add(term);
    writer.setWhole();
    expect(added.every((term) => reader.mayHave(term))).toBe(true);
    expect(someTerms().filter((term) => reader.mayHave(term)).length).toBeLessThan(1_000);
  });

  it('rules nothing out before what was read in earlier lives is marked', () => {
    const memory = SeenInvocations.allocate(1024);
    expect(new SeenInvocations(memory).mayHave(1)).toBe(true);
    new SeenInvocations(memory).setWhole();
    expect(new SeenInvocations(memory).mayHave(1)).toBe(false);
  });
});
