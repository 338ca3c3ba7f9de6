import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Liveness } from './liveness.js';

describe('Liveness', () => {
  it('keeps an instance until its last heartbeat is older than the timeout', () => {
    const liveness = new Liveness(3_000);
    liveness.beat('editor', '1.0.0', 'a', 1_000);
    liveness.beat('editor', '1.0.0', 'b', 2_000);
    expect(liveness.expire(4_000)).toEqual([]);
    expect(liveness.expire(4_001)).toEqual([{ plugin: 'editor', version: '1.0.0', instance: 'a' }]);
    expect(liveness.instances('editor', '1.0.0')).toEqual(['b']);
    expect(liveness.isLive('editor', '1.0.0')).toBe(true);
    expect(liveness.expire(5_001)).toEqual([{ plugin: 'editor', version: '1.0.0', instance: 'b' }]);
    expect(liveness.isLive('editor', '1.0.0')).toBe(false);
  });

  it('remembers when a version was last seen, until it is forgotten', () => {
    const liveness = new Liveness(3_000);
    expect(liveness.lastSeen('editor', '1.0.0')).toBeUndefined();
    liveness.beat('editor', '1.0.0', 'a', 1_000);
    liveness.leave('editor', '1.0.0', 'a');
    expect(liveness.isLive('editor', '1.0.0')).toBe(false);
    expect(liveness.lastSeen('editor', '1.0.0')).toBe(1_000);
    liveness.forget('editor', '1.0.0');
    expect(liveness.lastSeen('editor', '1.0.0')).toBeUndefined();
  });

  it('forgets by itself what has not been seen for a day', () => {
    const liveness = new Liveness(3_000);
    liveness.beat('editor', '1.0.0', 'a', 1_000);
    liveness.expire(60 * 60_000);
    expect(liveness.lastSeen('editor', '1.0.0')).toBe(1_000);
    liveness.expire(25 * 60 * 60_000);
    expect(liveness.lastSeen('editor', '1.0.0')).toBeUndefined();
  });

  it('keeps versions and plugins apart, and ignores whoever it does not know', () => {
    const liveness = new Liveness(3_000);
    liveness.beat('editor', '1.0.0', 'a', 1_000);
    liveness.leave('editor', '2.0.0', 'a');
    liveness.leave('designer', '1.0.0', 'a');
    liveness.forget('designer', '1.0.0');
    expect(liveness.isLive('editor', '1.0.0')).toBe(true);
    expect(liveness.isLive('editor', '2.0.0')).toBe(false);
    expect(liveness.instances('designer', '1.0.0')).toEqual([]);
  });

  it('agrees with a plain list of last heartbeats, whatever the order of events', () => {
    const who = fc.record({ version: fc.constantFrom('1.0.0', '2.0.0'), instance: fc.constantFrom('a', 'b', 'c') });
    const event = fc.record({ kind: fc.constantFrom('beat', 'leave', 'expire'), who, atMs: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const liveness = new Liveness(5);
        const model = new Map<string, number>();
        for (const { kind, who, atMs } of events) {
          const key = `${who.version} ${who.instance}`;
          if (kind === 'beat') {
            liveness.beat('editor', who.version, who.instance, atMs);
            model.set(key, Math.max(model.get(key) ?? atMs, atMs));
          } else if (kind === 'leave') {
            liveness.leave('editor', who.version, who.instance);
            model.delete(key);
          } else {
            const gone = [...model].filter(([, seenMs]) => atMs - seenMs > 5).map(([each]) => each);
            for (const each of gone) model.delete(each);
            const reported = liveness.expire(atMs).map(({ version, instance }) => `${version} ${instance}`);
            expect(reported.sort()).toEqual(gone.sort());
          }
          const living = ['1.0.0', '2.0.0'].flatMap((version) =>
            liveness.instances('editor', version).map((instance) => `${version} ${instance}`),
          );
          expect(living.sort()).toEqual([...model.keys()].sort());
        }
      }),
    );
  });
});
