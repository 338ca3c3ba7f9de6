import { describe, expect, it } from '@jest/globals';
import { nearestCapabilities } from './nearest.js';

const named = (...capabilities: string[]) => new Map(capabilities.map((name) => [name, true]));
const installed = new Map([
  ['editor', named('copy-edit', 'prepare-article')],
  ['designer', named('illustrate')],
  ['tech', named('review')],
]);

describe('nearestCapabilities', () => {
  it.each([
    ['a misspelt plugin', 'editr', 'copy-edit', ['editor.copy-edit', 'editor.prepare-article']],
    ['a misspelt capability', 'editor', 'copyedit', ['editor.copy-edit']],
    ['the right capability at the wrong plugin', 'editor', 'illustrate', ['designer.illustrate']],
    ['nothing like it', 'weather', 'forecast', []],
    ['the right plugin with nothing like it', 'editor', 'translate', []],
  ])('for %s', (_, plugin, capability, expected) => {
    expect(nearestCapabilities({ plugin, capability }, installed)).toEqual(expected);
  });

  it('names three at most, the nearest first', () => {
    const many = new Map([['code', named('run', 'runs', 'ran', 'rub', 'run-x')]]);
    expect(nearestCapabilities({ plugin: 'code', capability: 'runn' }, many)).toEqual(['code.run', 'code.runs']);
    expect(nearestCapabilities({ plugin: 'cod', capability: 'run' }, many)).toEqual([
      'code.run',
      'code.ran',
      'code.rub',
    ]);
  });
});
