import { beforeEach, describe, expect, it } from '@jest/globals';
import { Grants } from '@orchestrator/admission';
import { Catalogue, Liveness, type Manifest, VersionShares } from '@orchestrator/manifest';
import {
  type CallContext,
  Cancellations,
  ContextSigner,
  DEFAULT_MAXIMA,
  parseRequestHeaders,
} from '@orchestrator/protocol';
import type { TakenSlot } from '../domain/fair-slots.js';
import type { Capacity } from './capacity.js';
import { Circuits } from './circuits.js';
import { Gate } from './gate.js';
import type { WorkRoom } from './work-room.js';

const TARGET = 'editor.copy-edit';

/** As a letter's receipt tells of the invocation that had asked: its version is that of what it asked for. */
const PARENT: CallContext = {
  ...{ correlation: 'a'.repeat(32), invocation: '11111111-89ab-8cde-8f01-23456789abcd', parent: undefined },
  ...{ mode: 'durable', durableTree: true, depth: 1, maxDepth: 16, admittedAtMs: 1_000, attempt: 1, maxAttempts: 1 },
  ...{ deadlineMs: Number.MAX_SAFE_INTEGER, caller: 'shop', onBehalfOf: 'shop' },
  ...{ plugin: 'site', version: '1.0.0', capability: 'publish', ancestry: ['site.publish'] },
  ...{ traceId: 'a'.repeat(32), remoteSpan: undefined, sampled: true },
  bounds: {
    ...{ reentry: 0, width: 100 },
    budgets: [{ id: 's8f0123456789abcd', calls: 1_000, tokens: undefined, microUsd: undefined }],
  },
};

function manifestOf(name: string, version: string, capability: string, uses: readonly string[]): Manifest {
  const capabilities = [{ name: capability, description: '', input: {}, output: {} }];
  const used = uses.map((one) => ({ capability: one, range: '*' }));
  return { name, version, capabilities, uses: used } as Partial<Manifest> as Manifest;
}

describe('Gate — what a plugin may call', () => {
  let catalogue: Catalogue;
  let gate: Gate;

  beforeEach(() => {
    catalogue = new Catalogue();
    catalogue.set(manifestOf('editor', '1.0.0', 'copy-edit', []));
    gate = new Gate({
      ...{ catalogue, liveness: new Liveness(1_000), maxima: DEFAULT_MAXIMA, cancellations: new Cancellations() },
      signer: new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 1) }]),
      circuits: new Circuits(undefined, () => {}),
      bodyLimits: { maxPayload: 1024 * 1024, objectBytes: 1024 * 1024 },
      grants: Grants.parse(undefined, undefined),
      shares: VersionShares.parse(),
      capacity: {} as Capacity, // of synchronous calls
      workRoom: { enter: () => true } as Partial<WorkRoom> as WorkRoom,
    });
  });

  const decide = (isRedrive: boolean) => {
    const decision = gate.decide({
      ask: { caller: 'site', plugin: 'editor', capability: 'copy-edit' },
      ...{
        mode: 'durable',
        invocation: '01234567-89ab-8cde-8f01-23456789abcd',
        headers: parseRequestHeaders(undefined),
        parent: PARENT,
        isRedrive,
      },
      ...{ bodyBytes: 2, nowMs: 2_000 },
    });
    return decision.ok ? 'admitted' : decision.fault.code;
  };

  it('is what its own version uses', () => {
    catalogue.set(manifestOf('site', '1.0.0', 'publish', []));
    catalogue.set(manifestOf('site', '2.0.0', 'publish', [TARGET]));
    expect(decide(false)).toBe('permission-denied');
  });

  it('in a redrive is what its highest version uses, which version had asked being unknown', () => {
    catalogue.set(manifestOf('site', '10.0.0', 'publish', [TARGET]));
    catalogue.set(manifestOf('site', '9.0.0', 'publish', []));
    catalogue.set(manifestOf('site', '1.0.0', 'publish', []));
    expect(decide(true)).toBe('admitted');
    catalogue.set(manifestOf('site', '11.0.0', 'publish', []));
    expect(decide(true)).toBe('permission-denied');
  });

  it('is given in a version that takes what its manifest says that it sends', () => {
    const site = manifestOf('site', '1.0.0', 'publish', []);
    const sends = (type: string) =>
      catalogue.set({ ...site, uses: [{ capability: TARGET, range: '*', input: { type } }] });
    const takes = (version: string, type: string) => {
      const editor = manifestOf('editor', version, 'copy-edit', []);
      catalogue.set({ ...editor, capabilities: editor.capabilities.map((one) => ({ ...one, input: { type } })) });
    };
    takes('1.0.0', 'object');
    takes('2.0.0', 'array');
    sends('object');
    expect(decide(false)).toBe('admitted');
    sends('string');
    expect(decide(false)).toBe('incompatible-version');
  });

  it('in a redrive is what it had asked for, where none of its versions is known any more', () => {
    expect(decide(true)).toBe('admitted');
    expect(decide(false)).toBe('permission-denied');
  });
});

describe('Gate — which version is chosen', () => {
  const CALL = { plugin: 'editor', capability: 'copy-edit' };
  const SLOT = {} as TakenSlot;
  let catalogue: Catalogue;
  let liveness: Liveness;
  let circuits: Circuits;

  beforeEach(() => {
    catalogue = new Catalogue();
    liveness = new Liveness(1_000);
    circuits = new Circuits({ failureRatio: 0.5, minCalls: 1, windowMs: 10_000, openMs: 5_000 }, () => {});
    for (const version of ['1.0.0', '2.0.0']) {
      catalogue.set(manifestOf('editor', version, 'copy-edit', version === '2.0.0' ? ['designer.draw'] : []));
      liveness.beat('editor', version, 'one', 0);
    }
  });

  const chosen = (nowMs: number, versions = '', range?: string) => {
    const decision = gateWith(versions).decide({
      ask: { caller: 'shop', ...CALL },
      ...{ mode: 'sync', invocation: '01234567-89ab-8cde-8f01-23456789abcd', parent: undefined, bodyBytes: 2, nowMs },
      headers: parseRequestHeaders((name) => (name === 'orc-version' ? range : undefined)),
    });
    return decision.ok ? decision.context.version : decision.fault.message;
  };
  const gateWith = (versions: string) =>
    new Gate({
      ...{ catalogue, liveness, circuits, maxima: DEFAULT_MAXIMA, cancellations: new Cancellations() },
      signer: new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 1) }]),
      bodyLimits: { maxPayload: 1024 * 1024, objectBytes: 1024 * 1024 },
      grants: Grants.parse(undefined, undefined),
      shares: VersionShares.parse(versions),
      capacity: { takeCall: () => SLOT, releaseCall: () => {} } as Partial<Capacity> as Capacity,
      workRoom: {} as WorkRoom, // of durable work
    });
  const designerLives = () => {
    catalogue.set(manifestOf('designer', '1.0.0', 'draw', []));
    liveness.beat('designer', '1.0.0', 'one', 0);
  };
  const fails = (version: string, nowMs: number) =>
    circuits.ended({ ...PARENT, ...CALL, version, onBehalfOf: 'shop' }, 'failed', nowMs);

  it('is one that is ready before a higher one that waits for something', () => {
    expect(chosen(1)).toBe('1.0.0');
    expect(chosen(1, '', '^2.0.0')).toBe('editor 2.0.0 is waiting for designer.draw *.');
    designerLives();
    expect(chosen(1)).toBe('2.0.0');
  });

  it('is one whose circuit is closed before a higher one whose is open, until that may be tried again', () => {
    designerLives();
    fails('2.0.0', 0);
    expect(chosen(1)).toBe('1.0.0');
    expect(chosen(1, '', '^2.0.0')).toBe(
      'editor.copy-edit 2.0.0 fails too often for calls of shop: its circuit is open.',
    );
    fails('1.0.0', 1);
    expect(chosen(2)).toBe('editor.copy-edit 2.0.0 fails too often for calls of shop: its circuit is open.');
    expect(chosen(5_000)).toBe('2.0.0');
  });

  it('is in the range that the manifest of its caller names, where the call names none', () => {
    designerLives();
    const uses = (range: string) =>
      catalogue.set({ ...manifestOf('site', '1.0.0', 'publish', []), uses: [{ capability: TARGET, range }] });
    const byPlugin = (header?: string) => {
      const decision = gateWith('').decide({
        ask: { caller: 'site', ...CALL },
        ...{ mode: 'sync', invocation: '01234567-89ab-8cde-8f01-23456789abcd', parent: PARENT, bodyBytes: 2, nowMs: 1 },
        headers: parseRequestHeaders((name) => (name === 'orc-version' ? header : undefined)),
      });
      return decision.ok ? decision.context.version : decision.fault.details;
    };
    uses('^1.0.0');
    expect(byPlugin()).toBe('1.0.0');
    expect(byPlugin('*')).toBe('2.0.0');
    uses('>=1.0.0');
    expect(byPlugin()).toBe('2.0.0');
    uses('^3.0.0');
    expect(byPlugin()).toEqual({ available: ['2.0.0', '1.0.0'], live: ['2.0.0', '1.0.0'], waiting: [] });
    catalogue.remove('designer', '1.0.0');
    expect(byPlugin()).toEqual({ available: ['2.0.0', '1.0.0'], live: ['1.0.0'], waiting: ['2.0.0'] });
  });

  it('is the one that the operator pins, for those whose range allows it', () => {
    designerLives();
    expect(chosen(1, 'editor: 1.0.0')).toBe('1.0.0');
    expect(chosen(1, 'editor: 1.0.0', '^2.0.0')).toBe('2.0.0');
    expect(chosen(1, 'editor: 7.0.0')).toBe('2.0.0');
    liveness.leave('editor', '1.0.0', 'one');
    expect(chosen(1, 'editor: 1.0.0')).toBe('2.0.0');
  });
});
