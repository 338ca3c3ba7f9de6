import { describe, expect, it } from '@jest/globals';
import { Fault } from '@orchestrator/protocol';
import { parseAnnouncement } from './announcement.js';

const manifest = { name: 'editor', version: '1.0.0', description: 'Edits.', capabilities: [], uses: [] };

function refusal(body: unknown, plugin = 'editor') {
  try {
    parseAnnouncement(typeof body === 'string' ? body : JSON.stringify(body), plugin);
  } catch (error) {
    const { code, details } = Fault.from(error);
    const problems = (details?.problems ?? []) as { pointer: string; message: string }[];
    return [code, ...problems.map(({ pointer, message }) => `${pointer} ${message}`)];
  }
  return [];
}

describe('parseAnnouncement', () => {
  it('a good one — is taken', () => {
    expect(parseAnnouncement(JSON.stringify({ manifest, instance: 'i1' }), 'editor')).toEqual({
      manifest,
      instance: 'i1',
    });
  });

  it.each(['', '{', '[]', 'null', '"text"'])('what is no object, %j — is told as such', (text) => {
    expect(refusal(text)).toEqual(['invalid-argument', expect.stringContaining('as JSON')]);
  });

  it('all that is wrong — is told at once, whatever kind it is of', () => {
    const bad = { ...manifest, version: 'one', name: 'writer', extra: 1 };
    expect(refusal({ manifest: bad, instance: 'I 1', 'm/ore': true })).toEqual([
      'permission-denied',
      expect.stringContaining('/extra unknown'),
      expect.stringContaining('/version expected'),
      expect.stringContaining('expected instance'),
      expect.stringContaining('unknown field /m~1ore'),
      expect.stringContaining('/name expected editor'),
    ]);
    expect(refusal({ manifest: { ...bad, name: 'No Name' } }).map((line) => line.split(' ')[0])).toEqual([
      'invalid-argument',
      ...['/extra', '/name', '/version', ''],
    ]);
  });

  it.each(['registry', 'plugin', 'call', 'orchestrator'])('the name %s — is refused, with the reason', (name) => {
    expect(refusal({ manifest: { ...manifest, name }, instance: 'i1' }, name)).toEqual([
      'invalid-argument',
      expect.stringMatching(/^\/name .* is reserved: it is /),
    ]);
  });

  it.each(['Editor', 'editor.', 'еditor', 'ed_itor', '-editor', 'editor‑x', 'x'.repeat(64)])(
    'the name %j — is none',
    (name) => {
      expect(refusal({ manifest: { ...manifest, name }, instance: 'i1' }, 'editor')[1]).toMatch(/^\/name expected/);
    },
  );
});
