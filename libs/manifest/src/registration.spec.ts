import { describe, expect, it } from '@jest/globals';
import type { Manifest } from './manifest.js';
import { refusalOf } from './registration.js';

function spelling(version: string, types: readonly string[] = ['string']): Manifest {
  const input = { type: 'object', properties: { text: { type: types } } };
  const capabilities = [{ name: 'spell', description: 'Spells.', input, output: true }];
  return { name: 'editor', version, description: 'Edits.', capabilities, uses: [] };
}

const idle = (manifest: Manifest) => ({ manifest, isLive: false });
const WIDE = ['string', 'null'];

describe('refusalOf', () => {
  it('what breaks nothing — may be installed', () => {
    expect(refusalOf(spelling('1.1.0', WIDE), [idle(spelling('1.0.0'))])).toBeUndefined();
    expect(refusalOf(spelling('1.0.0'), [])).toBeUndefined();
  });

  it('what breaks callers of an earlier version — only with a new major', () => {
    const installed = [idle(spelling('0.9.0', WIDE)), idle(spelling('1.0.0', WIDE))];
    const fault = refusalOf(spelling('1.1.0'), installed);
    expect(fault).toMatchObject({
      code: 'incompatible-version',
      message: expect.stringContaining('Raise the major version'),
      details: {
        older: '1.0.0',
        newer: '1.1.0',
        problems: [
          { pointer: '/capabilities/0/input/properties/text/type', message: expect.stringMatching(/^input-narrowed/) },
        ],
      },
    });
    expect(refusalOf(spelling('2.0.0'), installed)).toBeUndefined();
  });

  it('what breaks callers of several versions — has the places of all', () => {
    const installed = [
      idle(spelling('1.0.0', WIDE)),
      idle(spelling('1.1.0', [...WIDE, 'number'])),
      idle(spelling('2.0.0')),
    ];
    const fault = refusalOf(spelling('1.2.0'), installed);
    const problems = fault?.details?.problems as { message: string }[];
    expect(problems.map(({ message }) => /what (.*) promises/.exec(message)?.[1])).toEqual(['1.0.0', '1.1.0']);
    const live = [...installed, { manifest: spelling('1.2.0', ['boolean']), isLive: true }];
    expect(refusalOf(spelling('1.2.0'), live)).toMatchObject({
      code: 'invalid-argument',
      details: { problems: [{ pointer: '/version' }, {}, {}] },
    });
  });

  it('an earlier version that comes later — must not promise what the one that is there does not keep', () => {
    const fault = refusalOf(spelling('1.0.0', WIDE), [idle(spelling('1.1.0'))]);
    expect(fault).toMatchObject({ code: 'incompatible-version', details: { older: '1.0.0', newer: '1.1.0' } });
  });

  it('another manifest of the same version — only when none of it lives', () => {
    const other = { ...spelling('1.0.0'), description: 'Edits otherwise.' };
    expect(refusalOf(other, [{ manifest: spelling('1.0.0'), isLive: true }])).toMatchObject({
      code: 'invalid-argument',
    });
    expect(refusalOf(other, [idle(spelling('1.0.0'))])).toBeUndefined();
    expect(refusalOf(spelling('1.0.0'), [{ manifest: spelling('1.0.0'), isLive: true }])).toBeUndefined();
  });
});
