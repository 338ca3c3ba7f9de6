import { describe, expect, it } from '@jest/globals';
import { isName } from './names.js';
import { reservedReason } from './reserved-names.js';
import { patterns, subjects } from './subjects.js';

describe('reservedReason', () => {
  it.each(['choreographer', 'registry', 'orchestrator', 'workflow', 'plugin', 'caller', 'cli'])(
    '%s — is told',
    (name) => {
      expect(reservedReason(name)).toEqual(expect.any(String));
    },
  );

  it.each(['editor', 'designer', 'call-centre', 'reporter'])('%s — may be had', (name) => {
    expect(reservedReason(name)).toBeUndefined();
  });

  it('every word that a subject begins with — is reserved', () => {
    const texts = [...Object.values(patterns), subjects.rollCall(), subjects.replica('i'), subjects.event(1)];
    const words = texts.flatMap((one) =>
      typeof one === 'string' && one.startsWith('orc.v1.') ? [one.split('.')[2]] : [],
    );
    expect(words.length).toBeGreaterThan(20);
    for (const word of words)
      if (word && isName(word)) expect([word, reservedReason(word)]).toEqual([word, expect.any(String)]);
  });
});
