import { describe, expect, it } from '@jest/globals';
import { type CallContext, Fault, LIMITS, randomInvocationId } from '@orchestrator/protocol';
import fc from 'fast-check';
import { ANYBODY, admitted, headersWith, NOW, PLUGIN, request, TRACE_PARENT } from './admit.fixture.js';
import { admit } from './admit.js';

describe('admit — over any sequence of nested calls', () => {
  const plugin = fc.constantFrom('a', 'b', 'c');
  const count = fc.option(fc.nat({ max: 12 }), { nil: undefined });
  const limits = fc.record({
    ...{ depth: count, calls: count, width: count, reentry: fc.option(fc.nat({ max: 2 }), { nil: undefined }) },
    wallMs: fc.option(fc.nat({ max: 40_000 }), { nil: undefined }),
    tokens: count,
    usd: fc.option(fc.constantFrom(0, 0.5, 0.000_001), { nil: undefined }),
  });
  const maxima = fc.record({
    ...{
      depth: fc.nat({ max: 5 }),
      calls: fc.nat({ max: 20 }),
      width: fc.nat({ max: 5 }),
      reentry: fc.nat({ max: 2 }),
    },
    ...{ wallMs: count, tokens: count, usd: fc.constant(undefined) },
  });
  const step = fc.record({
    /** Which of the contexts so far calls; none starts a tree. */
    from: fc.option(fc.nat(), { freq: 6 }),
    plugin,
    capability: fc.constantFrom('x', 'y'),
    /** Calls in another plugin's name. */
    borrowed: fc.option(plugin, { freq: 8 }),
    mode: fc.constantFrom('sync' as const, 'durable' as const),
    laterMs: fc.nat({ max: 2_000 }),
    expiryMs: fc.option(fc.integer({ min: -100, max: 100_000 }), { nil: undefined }),
    headers: fc.record({
      correlation: fc.option(fc.constant('d4'.repeat(16)), { nil: undefined }),
      traceParent: fc.option(fc.constant(TRACE_PARENT), { nil: undefined }),
    }),
    limits: fc.option(limits, { nil: undefined }),
    live: fc.boolean(),
    deadlineMs: fc.option(fc.nat({ max: 60_000 }), { nil: undefined }),
  });

  it('a context narrows its parent’s and never widens it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), maxima, (steps, maxima) => {
        const contexts: CallContext[] = [];
        let nowMs = NOW;
        for (const one of steps) {
          nowMs += one.laterMs;
          const from = one.from === null ? undefined : contexts[one.from % Math.max(1, contexts.length)];
          const caller = one.borrowed ?? from?.plugin ?? 'shop';
          const admission = admit(
            request({
              ask: { caller, plugin: one.plugin, capability: one.capability },
              mode: one.mode,
              invocation: randomInvocationId(),
              headers: headersWith({
                ...one.headers,
                limits: one.limits,
                expiryMs: one.expiryMs === undefined ? undefined : nowMs + one.expiryMs,
              }),
              parent: from,
              rights: caller === 'shop' ? ANYBODY : PLUGIN,
              nowMs,
              resolve: () => ({
                ok: true,
                version: '1.0.0',
                live: one.live,
                deadlineMs: one.deadlineMs,
                maxAttempts: 3,
                waitingFor: [],
              }),
              maxima,
            }),
          );
          if (!admission.ok) {
            expect(Fault.is(admission.fault)).toBe(true);
            continue;
          }
          const { context } = admission;
          contexts.push(context);
          expect(context.depth).toBeLessThanOrEqual(maxima.depth);
          expect(context.depth).toBe(context.ancestry.length);
          const { bounds } = context;
          const entered = context.ancestry.filter((ref) => ref === context.ancestry.at(-1)).length;
          expect(entered - 1).toBeLessThanOrEqual(bounds.reentry);
          expect(bounds.reentry).toBeLessThanOrEqual(Math.min(maxima.reentry, one.limits?.reentry ?? maxima.reentry));
          expect(bounds.width).toBeLessThanOrEqual(Math.min(maxima.width, one.limits?.width ?? maxima.width));
          const left = context.maxDepth - context.depth + 1;
          expect(left).toBeLessThanOrEqual(one.limits?.depth ?? maxima.depth);
          expect(context.deadlineMs - nowMs).toBeLessThanOrEqual(one.limits?.wallMs ?? LIMITS.maxDeadlineMs);
          for (const [key, asked] of [
            ['calls', one.limits?.calls],
            ['tokens', one.limits?.tokens],
            ['microUsd', one.limits?.usd === undefined ? undefined : one.limits.usd * 1_000_000],
          ] as const) {
            if (asked === undefined) continue;
            expect(
              Math.min(...bounds.budgets.map((budget) => budget[key] ?? Number.POSITIVE_INFINITY)),
            ).toBeLessThanOrEqual(asked);
          }
          expect(context.ancestry.at(-1)).toBe(`${one.plugin}.${one.capability}`);
          expect(context.deadlineMs).toBeGreaterThan(nowMs);
          expect(context.deadlineMs).toBeLessThanOrEqual(nowMs + LIMITS.maxDeadlineMs);
          expect(context.maxDepth).toBeLessThanOrEqual(maxima.depth);
          if (!from) {
            expect(caller).toBe('shop');
            expect(bounds.budgets).toHaveLength(1);
            expect(bounds.budgets[0]?.calls).toBe(Math.min(maxima.calls, one.limits?.calls ?? maxima.calls));
            if (maxima.wallMs !== undefined) expect(context.deadlineMs - nowMs).toBeLessThanOrEqual(maxima.wallMs);
            if (one.limits?.reentry === undefined) expect(bounds.reentry).toBe(0);
            expect(context).toMatchObject({ depth: 1, onBehalfOf: 'shop', durableTree: one.mode === 'durable' });
            continue;
          }
          expect(caller).toBe(from.plugin);
          expect(bounds.reentry).toBeLessThanOrEqual(from.bounds.reentry);
          expect(bounds.width).toBeLessThanOrEqual(from.bounds.width);
          expect(context.maxDepth).toBeLessThanOrEqual(from.maxDepth);
          expect(bounds.budgets.slice(0, from.bounds.budgets.length)).toEqual(from.bounds.budgets);
          expect(context.deadlineMs).toBeLessThanOrEqual(from.deadlineMs);
          expect(context.ancestry.slice(0, -1)).toEqual(from.ancestry);
          expect(context).toMatchObject({
            parent: from.invocation,
            depth: from.depth + 1,
            correlation: from.correlation,
            traceId: from.traceId,
            sampled: from.sampled,
            onBehalfOf: from.onBehalfOf,
            durableTree: from.durableTree || one.mode === 'durable',
          });
        }
        if (maxima.depth === 0) expect(contexts).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses nothing that has no reason to be refused', () => {
    const distinct = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: LIMITS.maxDepth });
    fc.assert(
      fc.property(distinct, (plugins) => {
        let context: CallContext | undefined;
        for (const each of plugins) {
          const ask = { caller: context?.plugin ?? 'shop', plugin: each, capability: 'do' };
          context = admitted(request({ ask, parent: context, rights: context ? PLUGIN : ANYBODY }));
        }
        expect(context?.depth).toBe(plugins.length);
      }),
    );
  });
});
