import { describe, expect, it } from '@jest/globals';
import type { RegistryEvent } from '@orchestrator/protocol';
import pc from 'picocolors';
import { asCloudEvent, renderEvent } from './render-events.js';
import { shortTime } from './time-option.js';

const atMs = Date.UTC(2030, 0, 31, 12);
const told = (event: RegistryEvent) => ({ id: 'e1', subject: 'editor@1.0.0', sequence: 7, atMs, event });
const of = { plugin: 'editor', version: '1.0.0' };
const waitingFor = [{ capability: 'designer.illustrate', range: '^1.0.0' }];

describe('renderEvent', () => {
  it.each<[RegistryEvent, string]>([
    [{ event: 'registered', ...of }, 'registered  editor 1.0.0'],
    [
      { event: 'registered', ...of, warnings: [{ pointer: '/uses/0', message: 'does not fit' }] },
      'registered  editor 1.0.0  /uses/0: does not fit',
    ],
    [{ event: 'ready', ...of, instances: ['a', 'b'] }, 'ready       editor 1.0.0  2 live'],
    [
      { event: 'waiting', ...of, instances: ['a'], waitingFor },
      'waiting     editor 1.0.0  for designer.illustrate ^1.0.0',
    ],
    [{ event: 'gone', ...of }, 'gone        editor 1.0.0'],
    [
      { event: 'refused', plugin: 'editor', fault: { code: 'invalid-argument', message: 'It is\u001b[2J\nbad.' } },
      'refused     editor  invalid-argument: It is',
    ],
  ])('%j', (event, line) => {
    const text = renderEvent(told(event), pc.createColors(false));
    expect(text).toContain(`${shortTime(atMs)}  ${line}`);
    expect([...text].every((one) => one >= ' ')).toBe(true);
  });
});

describe('asCloudEvent', () => {
  it('has the attributes of CloudEvents 1.0, and the body as data', () => {
    expect(asCloudEvent(told({ event: 'gone', ...of }))).toEqual({
      ...{ specversion: '1.0', id: 'e1', source: 'registry', type: 'orchestrator.registry.gone' },
      ...{ subject: 'editor@1.0.0', time: '2030-01-31T12:00:00.000Z', datacontenttype: 'application/json' },
      data: of,
    });
  });
});
