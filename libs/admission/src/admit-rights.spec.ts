import { describe, expect, it } from '@jest/globals';
import { grants, headersWith, nested, request } from './admit.fixture.js';
import { admit } from './admit.js';

describe('what the plugin waits for', () => {
  const waitingFor = [{ capability: 'designer.illustrate', range: '^1.0.0', optional: false }];
  const resolve = () =>
    ({ ok: true, version: '1.0.0', live: true, deadlineMs: undefined, maxAttempts: 3, waitingFor }) as const;

  it('a call — is refused with the list; durable work waits by itself', () => {
    expect(admit(request({ resolve }))).toMatchObject({
      fault: {
        code: 'unavailable',
        details: { plugin: 'editor', waitingFor: [{ capability: 'designer.illustrate', range: '^1.0.0' }] },
      },
    });
    expect(admit(request({ resolve, mode: 'durable' })).ok).toBe(true);
  });
});

describe('rights', () => {
  it('what is missing — is named', () => {
    const refused = admit(nested({ rights: grants.ofPlugin('growth', []) }));
    expect(refused).toMatchObject({
      fault: {
        details: { caller: 'editor', missing: 'designer.illustrate' },
        message: expect.stringContaining('uses'),
      },
    });
  });

  it('a plugin that may start trees — needs no context', () => {
    const clock = {
      rights: grants.ofPlugin('clock', []),
      ask: { caller: 'clock', plugin: 'editor', capability: 'copy-edit' },
    };
    expect(admit(request(clock)).ok).toBe(true);
    expect(admit(request({ ...clock, ask: { ...clock.ask, capability: 'spell' } })).ok).toBe(false);
  });

  it('a call that names no range — has that of its caller’s manifest', () => {
    const asked: (string | undefined)[] = [];
    const resolve = (range: string | undefined) => {
      asked.push(range);
      return { ok: true, version: '1.0.0', live: true, deadlineMs: undefined, maxAttempts: 3, waitingFor: [] } as const;
    };
    const rights = grants.ofPlugin('editor', [{ capability: 'designer.illustrate', range: '^2.0.0' }]);
    admit(nested({ rights, resolve }));
    admit(nested({ rights, resolve, headers: headersWith({ range: '1.x' }) }));
    expect(asked).toEqual(['^2.0.0', '1.x']);
  });
});
