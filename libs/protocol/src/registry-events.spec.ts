import { describe, expect, it } from '@jest/globals';
import { parseRegistryEvent, type RegistryEvent } from './registry-events.js';
import { subjects } from './subjects.js';

const of = { plugin: 'editor', version: '1.0.0' };
const waitingFor = [{ capability: 'designer.illustrate', range: '^1.0.0' }];

describe('parseRegistryEvent', () => {
  it.each<RegistryEvent>([
    { event: 'registered', ...of },
    { event: 'refused', plugin: 'editor', fault: { code: 'invalid-argument', message: 'no' } },
    { event: 'ready', ...of, instances: ['i1'] },
    { event: 'waiting', ...of, instances: ['i1'], waitingFor },
    { event: 'gone', ...of },
  ])('%j — is read as it was told', (told) => {
    const { event, ...body } = told;
    expect(parseRegistryEvent(subjects.registryEvent(event, 'editor'), JSON.stringify(body))).toEqual(told);
  });

  it.each([
    ['another event', 'sold', of],
    ['another plugin', 'gone', { ...of, plugin: 'designer' }],
    ['no version', 'gone', { plugin: 'editor' }],
    ['no instances', 'ready', of],
    ['no fault', 'refused', of],
    ['nothing', 'gone', null],
  ])('%s — is none', (_what, event, body) => {
    expect(parseRegistryEvent(subjects.registryEvent(event, 'editor'), JSON.stringify(body))).toBeUndefined();
  });

  it('what is no JSON — is none', () => {
    expect(parseRegistryEvent(subjects.registryEvent('gone', 'editor'), '{')).toBeUndefined();
  });
});
