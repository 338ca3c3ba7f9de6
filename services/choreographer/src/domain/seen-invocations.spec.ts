import { describe, expect, it } from '@jest/globals';
import { randomInvocationId } from '@orchestrator/protocol';
import { SeenInvocations } from './seen-invocations.js';

describe('SeenInvocations', () => {
  it('remembers all that was added, and hardly takes anything else for it', () => {
    const memory = SeenInvocations.allocate(64 * 1024);
    const writer = new SeenInvocations(memory);
    const reader = new SeenInvocations(memory);
    const added = Array.from({ length: 20_000 }, randomInvocationId);
    for (const invocation of added) writer.add(invocation);
    expect(added.every((invocation) => reader.mayHave(invocation))).toBe(true);
    const others = Array.from({ length: 20_000 }, randomInvocationId);
    expect(others.filter((invocation) => reader.mayHave(invocation)).length).toBeLessThan(1_000);
  });
});
