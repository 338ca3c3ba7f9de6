import { describe, expect, it } from '@jest/globals';
import { ForgottenConsumers } from './forgotten-consumers.js';

const AFTER_MS = 1_000;
const of = (plugin: string, idle = true) => ({ target: { plugin, version: '1.0.0', capability: 'do' }, idle });
const targets = (...plugins: string[]) => plugins.map((plugin) => of(plugin).target);

describe('ForgottenConsumers', () => {
  it('of a version that is unknown for long enough — is removed, others are not', () => {
    const forgotten = new ForgottenConsumers(AFTER_MS);
    const at = (nowMs: number) =>
      forgotten.toRemove([of('gone'), of('there')], ({ plugin }) => plugin === 'there', nowMs);
    expect(at(0)).toEqual([]);
    expect(at(AFTER_MS - 1)).toEqual([]);
    expect(at(AFTER_MS)).toEqual(targets('gone'));
    expect(forgotten.waits).toBe(true);
  });

  it('one that holds work, or is asked for some — stays until it does not', () => {
    const forgotten = new ForgottenConsumers(AFTER_MS);
    const at = (nowMs: number, idle: boolean) => forgotten.toRemove([of('busy', idle)], () => false, nowMs);
    expect(at(0, false)).toEqual([]);
    expect(at(10 * AFTER_MS, false)).toEqual([]);
    expect(at(10 * AFTER_MS, true)).toEqual(targets('busy'));
  });

  it('a version that comes back — begins anew', () => {
    const forgotten = new ForgottenConsumers(AFTER_MS);
    const at = (nowMs: number, isInstalled: boolean) => forgotten.toRemove([of('back')], () => isInstalled, nowMs);
    at(0, false);
    expect(at(AFTER_MS, true)).toEqual([]);
    expect(forgotten.waits).toBe(false);
    expect(at(AFTER_MS, false)).toEqual([]);
    expect(at(2 * AFTER_MS, false)).toEqual(targets('back'));
  });
});
