import { describe, expect, it } from '@jest/globals';
import {
  type CallContext,
  correlationIdOf,
  DEFAULT_MAXIMA,
  Fault,
  type FaultCode,
  LIMITS,
  parseRequestHeaders,
  type RequestHeaders,
  randomInvocationId,
} from '@orchestrator/protocol';
import fc from 'fast-check';
import { type AdmissionRequest, admit } from './admit.js';
import { Grants } from './grants.js';

const NOW = 1_700_000_000_000;
const NO_HEADERS = parseRequestHeaders(undefined);
const TRACE_PARENT = { traceId: 'a1'.repeat(16), spanId: 'b2'.repeat(8), sampled: false };

const grants = Grants.parse('editor: *; clock: start-root, editor.copy-edit', 'shop: *');
/** A caller that is no plugin, and one that is, both with every right. */
const ANYBODY = grants.ofCaller('shop');
const PLUGIN = grants.ofPlugin('editor', []);

function headersWith(changes: Partial<RequestHeaders>): RequestHeaders {
  return { ...NO_HEADERS, ...changes };
}

function request(changes: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    ask: { caller: 'shop', plugin: 'editor', capability: 'copy-edit' },
    mode: 'sync',
    invocation: '01234567-89ab-8cde-8f01-23456789abcd',
    headers: NO_HEADERS,
    parent: undefined,
    rights: ANYBODY,
    nowMs: NOW,
    resolve: () => ({ ok: true, version: '1.0.0', live: true, deadlineMs: undefined, maxAttempts: 3, waitingFor: [] }),
    ...changes,
  };
}

function admitted(of: AdmissionRequest): CallContext {
  const admission = admit(of);
  if (!admission.ok) throw admission.fault;
  return admission.context;
}

/** The context of `editor.copy-edit`, asked for by `shop`. */
const parent = admitted(request());
const fromEditor = { caller: 'editor', plugin: 'designer', capability: 'illustrate' };
const nested = (changes: Partial<AdmissionRequest> = {}) =>
  request({ ask: fromEditor, parent, rights: PLUGIN, ...changes });

describe('what the plugin waits for', () => {
  const waitingFor = [{ capability: 'designer.illustrate', range: '^1.0.0', optional: false }];
  const resolve = () =>
    ({ ok: true, version: '1.0.0', live: true, deadlineMs: undefined, maxAttempts: 3, waitingFor }) as const;

  it('a call — is refused with the list; durable work waits by itself', () => {
    expect(admit(request({ resolve }))).toMatchObject({
      fault: {
        code: 'unavailable',
        details: { plugin: 'editor', waitingFor: [{ capability: 'designer.illustrate', range: '^1.0.0' }] },
      },
    });
    expect(admit(request({ resolve, mode: 'durable' })).ok).toBe(true);
  });
});

describe('rights', () => {
  it('what is missing — is named', () => {
    const refused = admit(nested({ rights: grants.ofPlugin('growth', []) }));
    expect(refused).toMatchObject({
      fault: {
        details: { caller: 'editor', missing: 'designer.illustrate' },
        message: expect.stringContaining('uses'),
      },
    });
  });

  it('a plugin that may start trees — needs no context', () => {
    const clock = {
      rights: grants.ofPlugin('clock', []),
      ask: { caller: 'clock', plugin: 'editor', capability: 'copy-edit' },
    };
    expect(admit(request(clock)).ok).toBe(true);
    expect(admit(request({ ...clock, ask: { ...clock.ask, capability: 'spell' } })).ok).toBe(false);
  });

  it('a call that names no range — has that of its caller’s manifest', () => {
    const asked: (string | undefined)[] = [];
    const resolve = (range: string | undefined) => {
      asked.push(range);
      return { ok: true, version: '1.0.0', live: true, deadlineMs: undefined, maxAttempts: 3, waitingFor: [] } as const;
    };
    const rights = grants.ofPlugin('editor', [{ capability: 'designer.illustrate', range: '^2.0.0' }]);
    admit(nested({ rights, resolve }));
    admit(nested({ rights, resolve, headers: headersWith({ range: '1.x' }) }));
    expect(asked).toEqual(['^2.0.0', '1.x']);
  });
});

describe('admit — refuses', () => {
  const notFound = new Fault('not-found', 'no such plugin');
  const cases: readonly (readonly [string, AdmissionRequest, FaultCode])[] = [
    ['a registered plugin without a context', request({ rights: PLUGIN }), 'permission-denied'],
    ['a caller without the right', request({ rights: grants.ofCaller('market') }), 'permission-denied'],
    [
      'a plugin that never said that it calls this',
      nested({ rights: grants.ofPlugin('growth', []) }),
      'permission-denied',
    ],
    ['a context of another plugin', nested({ ask: { ...fromEditor, caller: 'growth' } }), 'unauthenticated'],
    [
      'a context in the hands of a caller that is no plugin',
      nested({ ask: { ...fromEditor, caller: 'shop' }, rights: ANYBODY }),
      'unauthenticated',
    ],
    ['a caller that is at its own deadline', nested({ nowMs: parent.deadlineMs }), 'deadline-exceeded'],
    ['a caller that is past its own deadline', nested({ nowMs: parent.deadlineMs + 1 }), 'deadline-exceeded'],
    [
      'a call of itself',
      nested({ ask: { caller: 'editor', plugin: 'editor', capability: 'copy-edit' } }),
      'cycle-detected',
    ],
    ['a root where none may be', request({ maxima: { ...DEFAULT_MAXIMA, depth: 0 } }), 'depth-exceeded'],
    ['what is deeper than its root may go', nested({ parent: { ...parent, maxDepth: 1 } }), 'depth-exceeded'],
    ['what the catalogue does not resolve', request({ resolve: () => ({ ok: false, fault: notFound }) }), 'not-found'],
    ['a deadline that is now', request({ headers: headersWith({ expiryMs: NOW }) }), 'deadline-exceeded'],
    ['a deadline that has passed', request({ headers: headersWith({ expiryMs: NOW - 1 }) }), 'deadline-exceeded'],
    [
      'a deadline of zero',
      request({
        resolve: () => ({ ok: true, version: '1.0.0', live: true, deadlineMs: 0, maxAttempts: 3, waitingFor: [] }),
      }),
      'deadline-exceeded',
    ],
    [
      'a synchronous call that no instance could answer',
      request({
        resolve: () => ({
          ok: true,
          version: '1.0.0',
          live: false,
          deadlineMs: undefined,
          maxAttempts: 3,
          waitingFor: [],
        }),
      }),
      'unavailable',
    ],
  ];

  it.each(cases)('%s', (_what, of, code) => {
    const admission = admit(of);
    expect(admission).toMatchObject({ ok: false, fault: { code } });
    expect(!admission.ok && Fault.is(admission.fault)).toBe(true);
  });

  it('a cycle, showing the whole path that would close it', () => {
    const designer = admitted(nested());
    const admission = admit(
      request({ ask: { caller: 'designer', plugin: 'editor', capability: 'copy-edit' }, parent: designer }),
    );
    expect(admission).toMatchObject({
      fault: { details: { path: ['editor.copy-edit', 'designer.illustrate', 'editor.copy-edit'] } },
    });
  });

  it('depth, telling the limit and the path', () => {
    expect(admit(nested({ parent: { ...parent, maxDepth: 1 } }))).toMatchObject({
      fault: { details: { maxDepth: 1, path: ['editor.copy-edit', 'designer.illustrate'] } },
    });
  });

  it('before it asks the catalogue, where it can', () => {
    const resolve = () => {
      throw new Error('asked');
    };
    for (const of of [
      request({ rights: PLUGIN, resolve }),
      nested({ ask: { ...fromEditor, caller: 'growth' }, resolve }),
      nested({ ask: { caller: 'editor', plugin: 'editor', capability: 'copy-edit' }, resolve }),
      request({ maxima: { ...DEFAULT_MAXIMA, depth: 0 }, resolve }),
    ]) {
      expect(admit(of).ok).toBe(false);
    }
  });
});

describe('admit — lets pass', () => {
  it('another capability of a plugin that is in the chain already', () => {
    const ask = { caller: 'editor', plugin: 'editor', capability: 'spell' };
    expect(admitted(nested({ ask })).ancestry).toEqual(['editor.copy-edit', 'editor.spell']);
  });

  it('durable work that no instance could take now', () => {
    const resolve = () =>
      ({ ok: true, version: '1.0.0', live: false, deadlineMs: undefined, maxAttempts: 3, waitingFor: [] }) as const;
    expect(admit(request({ mode: 'durable', resolve })).ok).toBe(true);
  });

  it('exactly as many levels as the limit says', () => {
    let deepest: CallContext | undefined;
    for (let depth = 1; depth <= 4; depth++) {
      const ask = { caller: deepest?.plugin ?? 'shop', plugin: `p${depth}`, capability: 'c' };
      const admission = admit(request({ ask, parent: deepest, maxima: { ...DEFAULT_MAXIMA, depth: 3 } }));
      expect(admission.ok).toBe(depth <= 3);
      if (admission.ok) deepest = admission.context;
    }
    expect(deepest?.depth).toBe(3);
  });

  it('the default depth, when nobody says another', () => {
    expect(parent.maxDepth).toBe(LIMITS.maxDepth);
  });

  it('asks the catalogue with the range of the caller', () => {
    const asked: (string | undefined)[] = [];
    const resolve = (range: string | undefined) => {
      asked.push(range);
      return { ok: true, version: '2.1.0', live: true, deadlineMs: undefined, maxAttempts: 3, waitingFor: [] } as const;
    };
    expect(admitted(request({ headers: headersWith({ range: '^2' }), resolve })).version).toBe('2.1.0');
    admitted(request({ resolve }));
    expect(asked).toEqual(['^2', undefined]);
  });
});

describe('admit — limits', () => {
  const limited = (limits: RequestHeaders['limits'], changes: Partial<AdmissionRequest> = {}) =>
    request({ headers: headersWith({ limits }), ...changes });

  it.each([
    ['a root may be 0 deep', limited({ depth: 0 }), 'depth-exceeded'],
    ['a nested call may be 0 deep', nested({ headers: headersWith({ limits: { depth: 0 } }) }), 'depth-exceeded'],
    ['there are 0 ms for it', limited({ wallMs: 0 }), 'deadline-exceeded'],
    ['the operator leaves 0 ms for a tree', request({ maxima: { ...DEFAULT_MAXIMA, wallMs: 0 } }), 'deadline-exceeded'],
  ] as const)('0 is zero: %s', (_what, of, code) => {
    expect(admit(of)).toMatchObject({ ok: false, fault: { code } });
  });

  it('re-entry — exactly as often as the root says, at any distance', () => {
    let context: CallContext | undefined;
    const outcomes: string[] = [];
    for (let n = 0; n < 8; n++) {
      const plugin = n % 2 === 0 ? 'a' : 'b';
      const ask = { caller: context?.plugin ?? 'shop', plugin, capability: 'x' };
      const headers = headersWith(context ? {} : { limits: { reentry: 2 } });
      const admission = admit(request({ ask, parent: context, headers }));
      outcomes.push(admission.ok ? 'ok' : admission.fault.code);
      if (!admission.ok) {
        expect(admission.fault.details).toMatchObject({
          reentry: 2,
          path: ['a.x', 'b.x', 'a.x', 'b.x', 'a.x', 'b.x', 'a.x'],
        });
        break;
      }
      context = admission.context;
    }
    expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'cycle-detected']);
  });

  it('re-entry — is nothing that a nested call can allow itself', () => {
    const ask = { caller: 'editor', plugin: 'editor', capability: 'copy-edit' };
    expect(admit(nested({ ask, headers: headersWith({ limits: { reentry: 5 } }) }))).toMatchObject({
      fault: { code: 'cycle-detected' },
    });
  });

  it('depth — of a nested call counts from itself', () => {
    const child = admitted(nested({ headers: headersWith({ limits: { depth: 2 } }) }));
    expect(child).toMatchObject({ depth: 2, maxDepth: 3 });
  });

  it('budgets — of a root: the lesser of what caller and operator say, named for the invocation and its life', () => {
    const maxima = { ...DEFAULT_MAXIMA, calls: 30, tokens: 500 };
    expect(admitted(limited({ calls: 50, usd: 0.5 }, { maxima })).bounds.budgets).toEqual([
      { id: 's8f0123456789abcd', calls: 30, tokens: 500, microUsd: 500_000 },
    ]);
    const [long] = admitted(limited({ calls: 5 }, { mode: 'durable' })).bounds.budgets;
    expect(long).toMatchObject({ id: 'l8f0123456789abcd', calls: 5 });
  });

  it('budgets — of a nested call come on top of its parent’s; without limits there is none', () => {
    expect(admitted(nested()).bounds).toEqual(parent.bounds);
    const own = admitted(nested({ headers: headersWith({ limits: { tokens: 7 } }) })).bounds.budgets;
    expect(own).toEqual([
      ...parent.bounds.budgets,
      { id: 's8f0123456789abcd', calls: undefined, tokens: 7, microUsd: undefined },
    ]);
  });
});

describe('admit — attempts', () => {
  it.each([
    ['as the policy of the capability says', request({ mode: 'durable' }), 3],
    ['fewer, where the caller asks', request({ mode: 'durable', headers: headersWith({ maxAttempts: 2 }) }), 2],
    ['never more', request({ mode: 'durable', headers: headersWith({ maxAttempts: 9 }) }), 3],
    ['one for a synchronous call', request(), 1],
  ])('%s', (_what, of, maxAttempts) => {
    expect(admitted(of)).toMatchObject({ attempt: 1, maxAttempts });
  });
});

describe('admit — the deadline', () => {
  const withOwn = (deadlineMs: number) => () =>
    ({ ok: true, version: '1.0.0', live: true, deadlineMs, maxAttempts: 3, waitingFor: [] }) as const;

  it.each([
    ['of a synchronous call', request(), LIMITS.syncDeadlineMs],
    ['of a durable call', request({ mode: 'durable' }), LIMITS.durableDeadlineMs],
    ['that the capability declares', request({ resolve: withOwn(5_000) }), 5_000],
    [
      'that the caller names, before that of the capability',
      request({ headers: headersWith({ expiryMs: NOW + 7_000 }), resolve: withOwn(5_000) }),
      7_000,
    ],
    [
      'that the caller names, within the longest there is',
      request({ headers: headersWith({ expiryMs: NOW + 10 * LIMITS.maxDeadlineMs }) }),
      LIMITS.maxDeadlineMs,
    ],
    [
      'of the parent, where that is sooner',
      nested({ mode: 'durable', headers: headersWith({ expiryMs: NOW + 10 * LIMITS.syncDeadlineMs }) }),
      LIMITS.syncDeadlineMs,
    ],
  ] as const)('%s', (_what, of, expectedMs) => {
    expect(admitted(of).deadlineMs).toBe(NOW + expectedMs);
  });
});

describe('admit — correlation and trace', () => {
  const correlation = 'c3'.repeat(16);

  it('of a root: what its caller names, else the trace that it is in, else a new one', () => {
    const both = admitted(request({ headers: headersWith({ correlation, traceParent: TRACE_PARENT }) }));
    expect(both).toMatchObject({ correlation, traceId: TRACE_PARENT.traceId });
    const traced = admitted(request({ headers: headersWith({ traceParent: TRACE_PARENT }) }));
    expect(traced).toMatchObject({
      correlation: TRACE_PARENT.traceId,
      traceId: TRACE_PARENT.traceId,
      remoteSpan: TRACE_PARENT.spanId,
      sampled: false,
    });
    expect(admitted(request({ headers: headersWith({ correlation }) }))).toMatchObject({
      correlation,
      traceId: correlation,
      remoteSpan: undefined,
      sampled: true,
    });
    expect(admitted(request()).correlation).toMatch(/^[0-9a-f]{32}$/);
    expect(admitted(request()).correlation).not.toBe(admitted(request()).correlation);
  });

  it('of a durable root without either: derived, so that a redelivery has the same', () => {
    const durable = request({ mode: 'durable' });
    expect(admitted(durable).correlation).toBe(correlationIdOf(durable.invocation));
    expect(admitted({ ...durable, nowMs: NOW + 5 })).toMatchObject({ correlation: admitted(durable).correlation });
  });

  it('of a nested call: the parent’s, whatever its headers say', () => {
    const headers = headersWith({ correlation, traceParent: TRACE_PARENT });
    expect(admitted(nested({ headers }))).toMatchObject({
      correlation: parent.correlation,
      traceId: parent.traceId,
      remoteSpan: undefined,
      sampled: parent.sampled,
      parent: parent.invocation,
    });
  });
});

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
