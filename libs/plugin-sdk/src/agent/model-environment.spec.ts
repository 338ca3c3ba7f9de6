import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { processSlots } from '@orchestrator/agent';
import { modelFromEnvironment, pricesFromEnvironment } from './model-environment.js';

describe('the environment of models', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-prices-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
    processSlots.limit = 8;
  });

  it('with neither key nor endpoint — says at once what to set', () => {
    const says = expect.objectContaining({ code: 'unavailable', message: expect.stringMatching(/ANTHROPIC_API_KEY/) });
    expect(() => modelFromEnvironment({})).toThrow(says);
    expect(modelFromEnvironment({ ANTHROPIC_API_KEY: 'sk-test' })).toBeDefined();
    expect(modelFromEnvironment({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' })).toBeDefined();
  });

  it('with a concurrency that is none — names the variable', () => {
    const env = { ANTHROPIC_API_KEY: 'sk-test' };
    expect(() => modelFromEnvironment({ ...env, ORC_MODEL_CONCURRENCY: '0' })).toThrow(/ORC_MODEL_CONCURRENCY/);
    expect(modelFromEnvironment({ ...env, ORC_MODEL_CONCURRENCY: '2' })).toBeDefined();
  });

  it('reads prices from a file, or says which file cannot be used', async () => {
    const file = join(folder, 'prices.json');
    writeFileSync(file, '{"claude-test": {"input": 3, "output": 15}}');
    expect(await pricesFromEnvironment({ ORC_MODEL_PRICES: file })).toEqual({
      'claude-test': { input: 3, output: 15 },
    });
    expect(await pricesFromEnvironment({})).toEqual({});
    writeFileSync(file, '{"claude-test": 3}');
    await expect(pricesFromEnvironment({ ORC_MODEL_PRICES: file })).rejects.toMatchObject({ details: { file } });
    await expect(pricesFromEnvironment({ ORC_MODEL_PRICES: `${file}.not` })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
