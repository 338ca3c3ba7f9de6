import { describe, expect, it } from '@jest/globals';
import {
  type CallContext,
  correlationIdOf,
  DEFAULT_MAXIMA,
  Fault,
  type FaultCode,
  LIMITS,
  type RequestHeaders,
} from '@orchestrator/protocol';
import {
  ANYBODY,
  admitted,
  fromEditor,
  grants,
  headersWith,
  NOW,
  nested,
  PLUGIN,
  parent,
  request,
  TRACE_PARENT,
} from './admit.fixture.js';
import { type AdmissionRequest, admit } from './admit.js';

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
