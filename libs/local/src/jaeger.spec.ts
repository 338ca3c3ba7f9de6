import { describe, expect, it } from '@jest/globals';
import { otlpUrlFor } from './jaeger.js';

describe('otlpUrlFor', () => {
  it('is port 4318 of the same host unless the environment says otherwise', () => {
    expect(otlpUrlFor('http://jaeger.example:16686', {})).toBe('http://jaeger.example:4318');
    expect(otlpUrlFor('https://[::1]:16686/base', {})).toBe('https://[::1]:4318');
    expect(otlpUrlFor('http://a:1', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b:2' })).toBe('http://b:2');
  });
});
