import { describe, expect, it } from '@jest/globals';
import { type VersionNow, VersionStates } from './version-states.js';

const NEED = { capability: 'designer.illustrate', range: '^1.0.0' };

function editor(instances: readonly string[], ...waitingFor: VersionNow['waitingFor']): VersionNow {
  return { plugin: 'editor', version: '1.0.0', instances, waitingFor };
}

describe('VersionStates', () => {
  const told = (...steps: (readonly VersionNow[])[]) => {
    const states = new VersionStates();
    return steps.map((now) => states.update(now, true).map(({ event }) => event));
  };

  it('tells each change once', () => {
    const [waiting, ready] = [editor(['i1'], NEED), editor(['i1', 'i2'])];
    expect(told([waiting], [waiting], [ready], [ready], [editor([])], [editor([])], [ready])).toEqual([
      ['waiting'],
      [],
      ['ready'],
      [],
      ['gone'],
      [],
      ['ready'],
    ]);
  });

  it('other needs than before — is told again', () => {
    const other = { capability: 'tech.write', range: '*' };
    expect(told([editor(['i1'], NEED)], [editor(['i1'], NEED, other)])).toEqual([['waiting'], ['waiting']]);
  });

  it('a version that is not listed any more — has gone; one that never lived is not told of', () => {
    expect(told([editor([])], [editor(['i1'])], [])).toEqual([[], ['ready'], ['gone']]);
  });

  it('while not all are heard — tells only what is ready', () => {
    const states = new VersionStates();
    const update = (now: readonly VersionNow[], hearsAll: boolean) =>
      states.update(now, hearsAll).map(({ event }) => event);
    expect(update([editor(['i1'], NEED)], false)).toEqual([]);
    expect(update([editor(['i1'])], false)).toEqual(['ready']);
    expect(update([], false)).toEqual([]);
    expect(update([], true)).toEqual(['gone']);
  });
});
