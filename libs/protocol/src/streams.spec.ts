import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LIMITS } from './limits.js';
import { RETRY_LIMITS } from './retry.js';
import {
  CATALOGUE_BUCKET,
  catalogueKey,
  keptForMs,
  parseCatalogueKey,
  parseWorkConsumer,
  STREAMS,
  type StreamDefinition,
  workConsumer,
} from './streams.js';
import { subjects } from './subjects.js';

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?$/);
const version = fc.stringMatching(
  /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})(-[a-z][0-9a-z]{0,3}(\.[a-z][0-9a-z]{0,3})?)?$/,
);
const target = fc.record({ plugin: name, version, capability: name });

describe('streams', () => {
  it('no subject lies in two streams, and names are apart', () => {
    const all = Object.values(STREAMS);
    const bound = all.flatMap((stream) => [...stream.subjects]);
    expect(new Set(bound.map((subject) => subject.split('.')[2])).size).toBe(bound.length);
    expect(new Set([...all.map((stream) => stream.name), CATALOGUE_BUCKET]).size).toBe(all.length + 1);
  });

  it('one per subject is the rule where the second would be a second run, a second result or a second version', () => {
    const guarded = Object.values(STREAMS).filter((stream) => stream.onePerSubject);
    expect(guarded.map((stream) => stream.name).sort()).toEqual([
      ...['ORC_BOUND', 'ORC_CLAIMS', 'ORC_DEAD', 'ORC_RESULTS', 'ORC_STEPS', 'ORC_WORK'],
    ]);
  });

  it('an object is there at least as long as any message that can name it', () => {
    const { maxAgeMs, slackMs } = STREAMS.objects;
    const counts: StreamDefinition[] = [STREAMS.shortCounts, STREAMS.longCounts];
    const naming = Object.values(STREAMS).filter((stream) => !counts.includes(stream) && stream !== STREAMS.objects);
    expect(Math.max(...naming.map((stream) => stream.maxAgeMs))).toBe(maxAgeMs);
    // Asked for, not admitted at once, ended at the last moment: only then is the letter or the result stored.
    expect(slackMs).toBeGreaterThanOrEqual(2 * LIMITS.maxDeadlineMs);
  });

  it('what keeps work from being done twice outlives all that could do it, whatever is configured', () => {
    expect(LIMITS.guardMs).toBeGreaterThanOrEqual(LIMITS.maxDeadlineMs + RETRY_LIMITS.backoffMs);
    for (const stream of [STREAMS.results, STREAMS.claims]) {
      expect(keptForMs(stream, 1)).toBe(LIMITS.guardMs);
      expect(keptForMs(stream, undefined)).toBe(LIMITS.retentionMs);
      expect(keptForMs(stream, LIMITS.retentionMs + 1)).toBe(LIMITS.retentionMs + 1);
    }
    for (const stream of [STREAMS.events, STREAMS.dead]) expect(keptForMs(stream, 1)).toBe(1);
    expect(keptForMs(STREAMS.work, 1)).toBe(0);
    expect(keptForMs(STREAMS.objects, 1)).toBeGreaterThanOrEqual(keptForMs(STREAMS.results, 1));
  });

  it('requests and work never grow too old to be done', () => {
    for (const stream of [STREAMS.requests, STREAMS.nested, STREAMS.work, STREAMS.attempts, STREAMS.timers]) {
      expect(stream).toMatchObject({ maxAgeMs: 0, retention: 'workqueue' });
    }
  });
});

describe('workConsumer', () => {
  it('has a name that NATS accepts, and takes the work of its capability and of no other', () => {
    fc.assert(
      fc.property(target, target, (one, other) => {
        const consumer = workConsumer(one);
        expect(consumer.name).toMatch(/^[A-Za-z0-9_-]+$/);
        const prefix = consumer.filter?.slice(0, -1) ?? '';
        const same =
          one.plugin === other.plugin && one.version === other.version && one.capability === other.capability;
        expect(subjects.work(other, 'id').startsWith(prefix)).toBe(same);
      }),
    );
  });

  it('different targets have consumers of different names', () => {
    fc.assert(
      fc.property(target, target, (one, other) => {
        const same =
          one.plugin === other.plugin && one.version === other.version && one.capability === other.capability;
        expect(workConsumer(one).name === workConsumer(other).name).toBe(same);
      }),
      { numRuns: 1000 },
    );
    const joined = [
      { plugin: 'a', version: '1.0.0-b', capability: 'c' },
      { plugin: 'a', version: '1.0.0', capability: 'b-c' },
    ];
    expect(new Set(joined.map((each) => workConsumer(each).name)).size).toBe(joined.length);
  });

  it('its name tells whose work it is; other names are of none', () => {
    fc.assert(fc.property(target, (one) => expect(parseWorkConsumer(workConsumer(one).name)).toEqual(one)));
    for (const name of ['', 'editor', 'editor__1_0_0', 'editor-1_0_0-copy-edit', 'Editor__1_0_0__x', 'a__1_0__x']) {
      expect(parseWorkConsumer(name)).toBeUndefined();
    }
    expect(parseWorkConsumer('a__1_0_0__b__c')).toBeUndefined();
  });

  it('its lease is the ack wait', () => {
    const aTarget = { plugin: 'a', version: '1.0.0', capability: 'b' };
    expect(workConsumer(aTarget, 1_234).ackWaitMs).toBe(1_234);
  });
});

describe('catalogueKey', () => {
  it('one key for each plugin version', () => {
    fc.assert(
      fc.property(target, target, (one, other) => {
        const key = catalogueKey(one.plugin, one.version);
        expect(key).toMatch(/^[a-z0-9-]+\.[0-9A-Za-z_-]+$/);
        const same = one.plugin === other.plugin && one.version === other.version;
        expect(key === catalogueKey(other.plugin, other.version)).toBe(same);
        expect(parseCatalogueKey(key)).toEqual({ plugin: one.plugin, version: one.version });
      }),
    );
  });

  it.each(['', 'editor', 'editor.', 'editor.one', 'Editor.1_0_0', 'editor.1.0.0', 'editor.1_0_0.x', '.1_0_0'])(
    '%s — is the key of no plugin',
    (key) => expect(parseCatalogueKey(key)).toBeUndefined(),
  );
});
