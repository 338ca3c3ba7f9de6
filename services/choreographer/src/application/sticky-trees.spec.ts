import { describe, expect, it } from '@jest/globals';
import { Grants } from '@orchestrator/admission';
import { Catalogue, Liveness, type Manifest, VersionShares } from '@orchestrator/manifest';
import {
  type BoundPlugin,
  type CallContext,
  Cancellations,
  ContextSigner,
  DEFAULT_MAXIMA,
  parseRequestHeaders,
  randomInvocationId,
  subjects,
} from '@orchestrator/protocol';
import fc from 'fast-check';
import type { TakenSlot } from '../domain/fair-slots.js';
import type { Capacity } from './capacity.js';
import { Circuits } from './circuits.js';
import { Gate, type GateRequest } from './gate.js';
import { StickyTrees } from './sticky-trees.js';
import type { WorkRoom } from './work-room.js';

const VERSIONS = ['1.0.0', '1.1.0', '2.0.0', '3.0.0-rc.1'];
/** What each range allows. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  '': ['1.0.0', '1.1.0', '2.0.0'],
  '^1.0.0': ['1.0.0', '1.1.0'],
  '>=1.1.0': ['1.1.0', '2.0.0'],
  '^2.0.0': ['2.0.0'],
  '>=3.0.0-0': ['3.0.0-rc.1'],
};
const PLUGINS = ['editor', 'designer'];
const SLOT = {} as TakenSlot;

function manifest(name: string, version: string): Manifest {
  const capabilities = [{ name: 'work', description: '', input: true, output: true }];
  return { name, version, description: '', capabilities, uses: [] };
}

/** What ORC_BOUND does: it keeps the first message of a subject. */
class SharedBindings {
  readonly stored = new Map<string, string>();

  /** As one replica sees them, which remembers what it has heard. */
  ofReplica() {
    const known = new Map<string, string>();
    const read = async (of: BoundPlugin) => {
      const version = this.stored.get(subjects.bound(of));
      if (version !== undefined) known.set(subjects.bound(of), version);
      return version;
    };
    return {
      known: (of: BoundPlugin) => known.get(subjects.bound(of)),
      read,
      bind: async (of: BoundPlugin, version: string) => {
        if (!this.stored.has(subjects.bound(of))) this.stored.set(subjects.bound(of), version);
        return (await read(of)) ?? version;
      },
    };
  }
}

/** A choreographer that knows all versions, and hears of some that they live. */
function replica(bindings: SharedBindings, live: readonly string[], versions = '') {
  const catalogue = new Catalogue();
  const liveness = new Liveness(1_000);
  for (const plugin of PLUGINS) {
    for (const version of VERSIONS) catalogue.set(manifest(plugin, version));
    for (const version of live) liveness.beat(plugin, version, 'one', 0);
  }
  const gate = new Gate({
    ...{ catalogue, liveness, maxima: DEFAULT_MAXIMA, cancellations: new Cancellations() },
    signer: new ContextSigner([{ id: 'k1', secret: Buffer.alloc(32, 1) }]),
    circuits: new Circuits(undefined, () => {}),
    bodyLimits: { maxPayload: 1024 * 1024, objectBytes: 1024 * 1024 },
    grants: Grants.parse('editor: *; designer: *', undefined),
    shares: VersionShares.parse(versions),
    capacity: { takeCall: () => SLOT, releaseCall: () => {} } as Partial<Capacity> as Capacity,
    workRoom: { enter: () => true } as Partial<WorkRoom> as WorkRoom,
  });
  return new StickyTrees({ gate, bindings: bindings.ofReplica(), workRoom: { leave: () => {} } });
}

interface Asked {
  readonly plugin?: string;
  readonly range?: string | undefined;
  readonly mode?: GateRequest['mode'];
  readonly parent?: CallContext | undefined;
  readonly sticky?: boolean;
  readonly correlation?: string;
}

function requestOf(asked: Asked): GateRequest {
  const { plugin = 'editor', range, mode = 'sync', parent, sticky = true, correlation = 'ab'.repeat(16) } = asked;
  const said: Record<string, string | undefined> = {
    'orc-version': range,
    'orc-sticky': sticky ? 'true' : undefined,
    'ce-correlationid': correlation,
  };
  return {
    ask: { caller: parent?.plugin ?? 'shop', plugin, capability: 'work' },
    ...{ mode, parent, invocation: randomInvocationId(), headers: parseRequestHeaders((name) => said[name]) },
    ...{ bodyBytes: 2, nowMs: Date.now() },
  };
}

describe('StickyTrees', () => {
  it('hold to what was chosen first, on whichever replica, for all that is below', async () => {
    const bindings = new SharedBindings();
    const first = await replica(bindings, ['1.0.0']).decide(requestOf({}));
    expect(first).toMatchObject({ ok: true, context: { version: '1.0.0', sticky: true } });
    const other = replica(bindings, VERSIONS);
    expect(await other.decide(requestOf({}))).toMatchObject({ context: { version: '1.0.0' } });
    expect(await other.decide(requestOf({ sticky: false }))).toMatchObject({ context: { version: '2.0.0' } });
    expect(await other.decide(requestOf({ correlation: 'cd'.repeat(16) }))).toMatchObject({
      context: { version: '2.0.0' },
    });
    const parent = first.ok ? first.context : undefined;
    const nested = { parent, plugin: 'designer', sticky: false };
    expect(await other.decide(requestOf(nested))).toMatchObject({ context: { version: '2.0.0', sticky: true } });
    const late = replica(bindings, ['1.0.0', '3.0.0-rc.1']);
    expect(await late.decide(requestOf(nested))).toMatchObject({
      ok: false,
      fault: {
        code: 'unavailable',
        message: 'No instance of designer 2.0.0, to which the call tree is bound, is running.',
        details: { bound: '2.0.0' },
      },
    });
    expect(await late.decide(requestOf({ ...nested, mode: 'durable' }))).toMatchObject({
      context: { version: '2.0.0' },
    });
  });

  it('name what they are bound to where a caller cannot use it', async () => {
    const bindings = new SharedBindings();
    await replica(bindings, VERSIONS).decide(requestOf({ range: '^1.0.0' }));
    const refused = { code: 'incompatible-version', details: { bound: '1.1.0', live: [...VERSIONS].reverse() } };
    for (const range of ['^2.0.0', '^7.0.0']) {
      expect(await replica(bindings, VERSIONS).decide(requestOf({ range }))).toMatchObject({ fault: refused });
    }
  });

  it('are bound by nothing that is refused, nor by what others do in a correlation of that name', async () => {
    const bindings = new SharedBindings();
    const all = replica(bindings, VERSIONS);
    expect(await all.decide(requestOf({ range: '^7.0.0' }))).toMatchObject({ ok: false });
    expect(await all.decide({ ...requestOf({ range: '^1.0.0' }), bodyBytes: 2e6 })).toMatchObject({ ok: false });
    expect(bindings.stored.size).toBe(0);
    const stranger = requestOf({ range: '^1.0.0' });
    await all.decide({ ...stranger, ask: { ...stranger.ask, caller: 'stranger' } });
    expect(await all.decide(requestOf({}))).toMatchObject({ context: { version: '2.0.0' } });
  });

  it('never mix versions, nor leave a range, however many replicas decide at once on what they each see', async () => {
    const call = fc.record({
      replica: fc.nat(2),
      plugin: fc.constantFrom(...PLUGINS),
      mode: fc.constantFrom('sync' as const, 'durable' as const),
      range: fc.constantFrom(...Object.keys(ALLOWED)),
      nested: fc.boolean(),
    });
    const shares = fc.constantFrom('', 'editor: 1.0.0', 'editor: 2.0.0 50%, 1.1.0 50%');
    const views = fc.array(fc.subarray(VERSIONS), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 2, maxLength: 12 }),
        views,
        shares,
        async (calls, seen, versions) => {
          const bindings = new SharedBindings();
          const replicas = seen.map((live) => replica(bindings, live, versions));
          const root = await replicas[0]?.decide(requestOf({ plugin: 'designer', mode: 'durable' }));
          const contexts = root?.ok ? [root.context] : [];
          const decided = calls.map(async ({ replica, plugin, mode, range, nested }) => {
            const parent = nested && root?.ok ? { ...root.context, ancestry: ['site.publish'] } : undefined;
            const decision = await replicas[replica]?.decide(requestOf({ plugin, mode, range, parent }));
            if (!decision?.ok) return;
            contexts.push(decision.context);
            expect(ALLOWED[range]).toContain(decision.context.version);
          });
          await Promise.all(decided);
          for (const plugin of PLUGINS) {
            const used = new Set(contexts.filter((one) => one.plugin === plugin).map(({ version }) => version));
            expect(used.size).toBeLessThan(2);
          }
        },
      ),
    );
  });
});
