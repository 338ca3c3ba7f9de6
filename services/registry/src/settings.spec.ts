import { describe, expect, it } from '@jest/globals';
import { LIMITS } from '@orchestrator/protocol';
import { settingsFromEnv } from './settings.js';

describe('settingsFromEnv', () => {
  it('with nothing set — the defaults of the protocol', () => {
    expect(settingsFromEnv({})).toMatchObject({
      natsUrl: undefined,
      livenessMs: LIMITS.livenessMs,
      forgetAfterMs: LIMITS.forgetAfterMs,
      leaseMs: LIMITS.leaseMs,
    });
    expect(settingsFromEnv({ ORC_LEASE_MS: '', ORC_FORGET_AFTER_MS: '' })).toEqual(settingsFromEnv({}));
  });

  it('takes what is set', () => {
    const env = { NATS_URL: 'nats://nats:4222', ORC_FORGET_AFTER_MS: '5000', ORC_LEASE_MS: '2000', ORC_REPLICAS: '3' };
    const settings = { natsUrl: 'nats://nats:4222', forgetAfterMs: 5_000, leaseMs: 2_000, replicas: 3 };
    expect(settingsFromEnv(env)).toMatchObject(settings);
  });

  it.each(['ORC_FORGET_AFTER_MS', 'ORC_LEASE_MS'])('%s — anything but a positive whole number is refused', (name) => {
    for (const text of ['0', '-1', '1.5', ' ', ' 1', '1e3', '0x10', 'soon', '99999999999999999999']) {
      expect(() => settingsFromEnv({ [name]: text })).toThrow(
        expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(name) }),
      );
    }
  });
});
