import { describe, expect, it } from '@jest/globals';
import { Fault } from '@orchestrator/protocol';
import fc from 'fast-check';
import { Grants } from './grants.js';

const USES = [{ capability: 'designer.illustrate', range: '^1.0.0' }];

describe('Grants', () => {
  it('a plugin — may call what its manifest lists, in the versions that it names', () => {
    const rights = Grants.parse(undefined, undefined).ofPlugin('editor', USES);
    expect(rights.mayCall('designer.illustrate')).toBe(true);
    expect(rights.rangeOf('designer.illustrate')).toBe('^1.0.0');
    expect(['designer.draw', 'editor.spell', 'designer.illustrate2'].map(rights.mayCall)).toEqual([
      false,
      false,
      false,
    ]);
    expect(rights.mayStartRoot).toBe(false);
  });

  it('what an operator grants it — comes on top', () => {
    const grants = Grants.parse('agent: editor.*, tech.write; editor: *; clock: start-root', undefined);
    const agent = grants.ofPlugin('agent', USES);
    const targets = ['designer.illustrate', 'editor.spell', 'tech.write', 'tech.read', 'editors.spell'];
    expect(targets.map(agent.mayCall)).toEqual([true, true, true, false, false]);
    expect(grants.ofPlugin('editor', []).mayCall('any.thing')).toBe(true);
    const clock = grants.ofPlugin('clock', []);
    expect([clock.mayStartRoot, clock.mayCall('tech.write')]).toEqual([true, false]);
  });

  it('other callers — may call everything, unless an operator says what', () => {
    expect(Grants.parse('', undefined).ofCaller('shop').mayCall('editor.spell')).toBe(true);
    const some = Grants.parse('', 'shop: editor.spell; *: tech.*');
    expect(['editor.spell', 'tech.write'].map(some.ofCaller('shop').mayCall)).toEqual([true, false]);
    expect(['editor.spell', 'tech.write'].map(some.ofCaller('anybody').mayCall)).toEqual([false, true]);
    expect(Grants.parse('', '').ofCaller('shop').mayCall('editor.spell')).toBe(false);
    expect(Grants.parse('', 'shop:').ofCaller('shop').mayCall('editor.spell')).toBe(false);
  });

  it('anything else — is refused with the entry that is wrong', () => {
    for (const text of [
      'editor',
      'Editor: *',
      'editor: spell',
      'editor: a.b.c',
      'editor: *.spell',
      'a: b: c',
      'a: start-root2',
    ]) {
      expect(() => Grants.parse(`good: *; ${text}`, undefined)).toThrow(
        expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(`"${text}"`) }),
      );
    }
    expect(() => Grants.parse('', 'shop: start-root')).toThrow(Fault);
  });

  it('any text — grants or a fault', () => {
    const pieces = fc.constantFrom('editor', ':', ';', ',', '*', '.', 'spell', ' ', 'start-root');
    fc.assert(
      fc.property(
        fc.array(pieces).map((all) => all.join('')),
        (text) => {
          try {
            const rights = Grants.parse(text, text).ofPlugin('editor', []);
            if (!/\*|editor\.spell/.test(text)) expect(rights.mayCall('editor.spell')).toBe(false);
          } catch (error) {
            expect(Fault.is(error)).toBe(true);
          }
        },
      ),
    );
  });
});
