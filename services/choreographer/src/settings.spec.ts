import { describe, expect, it } from '@jest/globals';
import { DEFAULT_MAXIMA, LIMITS } from '@orchestrator/protocol';
import { settingsFromEnv } from './settings.js';

const ORC_CONTEXT_KEYS = `k2:${'5a'.repeat(32)},k1:${'6b'.repeat(32)}`;

const invalidNaming = (variable: string) =>
  expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(variable) });

describe('settingsFromEnv', () => {
  it('with nothing but keys — the defaults of the protocol, with no data folder, without spans', () => {
    expect(settingsFromEnv({ ORC_CONTEXT_KEYS })).toEqual({
      natsUrl: undefined,
      contextKeys: [
        { id: 'k2', secret: Buffer.alloc(32, 0x5a) },
        { id: 'k1', secret: Buffer.alloc(32, 0x6b) },
      ],
      dataDir: undefined,
      otlpEndpoint: undefined,
      traceRatio: 1,
      grants: expect.anything(),
      shares: expect.anything(),
      traceSlowMs: 10_000,
      maxima: DEFAULT_MAXIMA,
      livenessMs: LIMITS.livenessMs,
      retentionMs: undefined,
      capacity: { callsPerInstance: 4_000, callsPerCaller: 10_000, workPerInstance: 128 },
      circuit: { failureRatio: 0.5, minCalls: 20, windowMs: 10_000, openMs: 5_000 },
      maxBytes: {},
      maxWaitMs: 86_400_000,
      replicas: undefined,
      objects: { objectBytes: 64 * 1024 * 1024, storeBytes: LIMITS.objectStoreBytes },
      chunksMs: undefined,
      maxForwarded: LIMITS.forwardedCalls,
    });
  });

  it('takes what is set; empty is not set', () => {
    const env = {
      ORC_CONTEXT_KEYS,
      NATS_URL: 'nats://nats:4222',
      ORC_DATA_DIR: '/data',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318',
      ORC_TRACE_RATIO: '0.1',
      ORC_TRACE_SLOW_MS: '500',
      ORC_MAX_DEPTH: '5',
      ORC_MAX_CALLS: '10000',
      ORC_MAX_WIDTH: '7',
      ORC_MAX_REENTRY: '0',
      ORC_MAX_WALL_MS: '60000',
      ORC_MAX_TOKENS: '0',
      ORC_MAX_USD: '0.25',
      ORC_RETENTION_MS: '60000',
      ORC_REPLICAS: '3',
      ORC_CHUNKS_RETENTION_MS: '30000',
      ORC_MAX_FORWARDED: '10',
      ORC_MAX_OBJECT_BYTES: '64000000',
      ORC_OBJECT_STORE_BYTES: '1000000000',
      ORC_VERSIONS: 'editor: 1.4.2',
    };
    expect(settingsFromEnv(env)).toMatchObject({
      natsUrl: 'nats://nats:4222',
      dataDir: '/data',
      otlpEndpoint: 'http://jaeger:4318',
      traceRatio: 0.1,
      traceSlowMs: 500,
      maxima: { depth: 5, calls: 10_000, width: 7, reentry: 0, wallMs: 60_000, tokens: 0, usd: 0.25 },
      retentionMs: 60_000,
      chunksMs: 30_000,
      maxForwarded: 10,
      objects: { objectBytes: 64_000_000, storeBytes: 1_000_000_000 },
    });
    const empty = Object.fromEntries(Object.keys(env).map((name) => [name, '']));
    expect(settingsFromEnv({ ...empty, ORC_CONTEXT_KEYS, NATS_URL: undefined })).toEqual(
      settingsFromEnv({ ORC_CONTEXT_KEYS }),
    );
  });

  it.each(['ORC_MAX_DEPTH', 'ORC_MAX_FORWARDED'])('%s — 0 is zero', (name) => {
    const settings = settingsFromEnv({ ORC_CONTEXT_KEYS, [name]: '0' });
    expect(name === 'ORC_MAX_DEPTH' ? settings.maxima.depth : settings.maxForwarded).toBe(0);
  });

  it.each([
    'ORC_MAX_DEPTH',
    'ORC_MAX_CALLS',
    'ORC_MAX_TOKENS',
    'ORC_MAX_FORWARDED',
    'ORC_RETENTION_MS',
    'ORC_MAX_OBJECT_BYTES',
    'ORC_OBJECT_STORE_BYTES',
  ])('%s — anything but a whole number is refused', (name) => {
    for (const text of ['-1', '1.5', ' ', ' 1', '1e3', '0x10', 'many', 'Infinity', '99999999999999999999']) {
      expect(() => settingsFromEnv({ ORC_CONTEXT_KEYS, [name]: text })).toThrow(invalidNaming(name));
    }
  });

  it('ORC_MAX_USD — takes millionths, and nothing smaller', () => {
    expect(settingsFromEnv({ ORC_CONTEXT_KEYS, ORC_MAX_USD: '0.000001' }).maxima.usd).toBe(0.000_001);
    for (const text of ['-1', '1.', '.5', '0.0000001', '1e3', '$1', 'many']) {
      expect(() => settingsFromEnv({ ORC_CONTEXT_KEYS, ORC_MAX_USD: text })).toThrow(invalidNaming('ORC_MAX_USD'));
    }
  });

  it('ORC_GRANTS and ORC_CALLERS — what is not understood is refused, with the entry', () => {
    const { grants } = settingsFromEnv({ ORC_CONTEXT_KEYS, ORC_GRANTS: 'agent: editor.*', ORC_CALLERS: 'shop: *' });
    expect(grants.ofPlugin('agent', []).mayCall('editor.spell')).toBe(true);
    expect(grants.ofCaller('market').mayCall('editor.spell')).toBe(false);
    for (const name of ['ORC_GRANTS', 'ORC_CALLERS']) {
      expect(() => settingsFromEnv({ ORC_CONTEXT_KEYS, [name]: 'agent editor' })).toThrow(
        invalidNaming('agent editor'),
      );
    }
  });

  it('ORC_VERSIONS — pins and weights; what is not understood is refused, with the place', () => {
    const { shares } = settingsFromEnv({ ORC_CONTEXT_KEYS, ORC_VERSIONS: 'editor: 1.4.2' });
    expect(shares.list()).toEqual([{ plugin: 'editor', version: '1.4.2', percent: 100 }]);
    for (const text of ['editor 1.4.2', 'editor: latest', 'editor: 1.0.0 10%']) {
      const settings = () => settingsFromEnv({ ORC_CONTEXT_KEYS, ORC_VERSIONS: text });
      expect(settings).toThrow(invalidNaming(`ORC_VERSIONS: "${text}" (at character 1)`));
    }
  });

  it('ORC_TRACE_RATIO — from none to all', () => {
    for (const [text, ratio] of Object.entries({ '0': 0, '1': 1, '0.25': 0.25, '.5': 0.5, '1.0': 1 })) {
      expect(settingsFromEnv({ ORC_CONTEXT_KEYS, ORC_TRACE_RATIO: text }).traceRatio).toBe(ratio);
    }
    for (const text of ['-1', '1.1', '10%', '1.', '1e-1', 'all']) {
      const settings = () => settingsFromEnv({ ORC_CONTEXT_KEYS, ORC_TRACE_RATIO: text });
      expect(settings).toThrow(invalidNaming('ORC_TRACE_RATIO'));
    }
  });

  it('ORC_MAX_OBJECT_BYTES — more than a text of JSON can have is refused, and so is a store without bound', () => {
    const bytes = LIMITS.longestObjectBytes;
    const settings = settingsFromEnv({ ORC_CONTEXT_KEYS, ORC_MAX_OBJECT_BYTES: String(bytes) });
    expect(settings.objects.objectBytes).toBe(bytes);
    for (const [name, text] of [
      ['ORC_MAX_OBJECT_BYTES', String(bytes + 1)],
      ['ORC_OBJECT_STORE_BYTES', '0'],
    ] as const) {
      expect(() => settingsFromEnv({ ORC_CONTEXT_KEYS, [name]: text })).toThrow(invalidNaming(name));
    }
  });

  it('ORC_RETENTION_MS — 0 is refused: a stream would keep everything for ever', () => {
    expect(() => settingsFromEnv({ ORC_CONTEXT_KEYS, ORC_RETENTION_MS: '0' })).toThrow(
      invalidNaming('ORC_RETENTION_MS'),
    );
  });

  it('ORC_CONTEXT_KEYS — must be there, and good; the message says how to make one', () => {
    for (const env of [{}, { ORC_CONTEXT_KEYS: '' }]) {
      expect(() => settingsFromEnv(env)).toThrow(invalidNaming('ORC_CONTEXT_KEYS'));
      expect(() => settingsFromEnv(env)).toThrow(invalidNaming('openssl rand'));
    }
    expect(() => settingsFromEnv({ ORC_CONTEXT_KEYS: 'k1:short' })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});
