import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cassetteFrom, cassetteRecorder } from './model-cassette.js';
import { type ModelEndpoint, startModelEndpoint } from './model-endpoint.js';

const KEY = 'sk-test-0123456789';

describe('a cassette', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orc-cassette-'));
  const file = join(folder, 'tea.json');
  let upstream: ModelEndpoint;

  beforeAll(async () => {
    upstream = await startModelEndpoint([
      { text: 'Green.' },
      { text: 'Black.' },
      { status: 401, message: `${KEY} is no key` },
    ]);
  });

  afterAll(async () => {
    await upstream.close();
    rmSync(folder, { recursive: true });
  });

  async function ask({ url }: ModelEndpoint, body: object): Promise<string> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${KEY}` };
    const answer = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) });
    return `${answer.status} ${await answer.text()}`;
  }

  const tea = { model: 'm', messages: [{ role: 'user', content: 'Which tea?' }] };
  const milk = { model: 'm', messages: [{ role: 'user', content: 'Milk?' }] };

  it('records what a real endpoint answers, without the key, and plays it to whoever asks the same', async () => {
    const recorder = await startModelEndpoint(cassetteRecorder(file, upstream.url));
    const recorded = [await ask(recorder, tea), await ask(recorder, tea), await ask(recorder, milk)];
    await recorder.close();
    expect(recorded[0]).toContain('Green.');
    expect(recorded[2]).toMatch(/^401 /);
    expect(upstream.requests.at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(readFileSync(file, 'utf8')).not.toContain(KEY);

    const player = await startModelEndpoint(cassetteFrom(file));
    const { messages, model } = tea;
    expect(await ask(player, milk)).toBe(recorded[2]?.replace(KEY, 'removed'));
    expect(await ask(player, tea)).toBe(recorded[0]);
    expect(await ask(player, { messages, model })).toBe(recorded[1]);
    expect(player.misses).toEqual([]);

    expect(await ask(player, { ...tea, model: 'n' })).toMatch(/^400 .*The cassette holds no such request.*Which tea/);
    expect(await ask(player, tea)).toMatch(/^400 /); // it was recorded twice
    expect(player.misses).toHaveLength(2);
    await player.close();
  });
});

describe('a scripted endpoint', () => {
  it('whose script has no answer left — answers that, and remembers it', async () => {
    const endpoint = await startModelEndpoint([]);
    const answer = await fetch(`${endpoint.url}/v1/messages`, { method: 'POST', body: '{"model":"m"}' });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('has no answer')]);
    expect(endpoint.misses).toHaveLength(1);
    await endpoint.close();
  });
});
