/** A damaged entry of the catalogue's bucket: it is said, stops nobody, and is mended by the plugin's next announcement. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { type Bus, connectBus } from '@orchestrator/bus';
import { PROBE, startTestSystem, type TestSystem, until } from '@orchestrator/testing';

const ECHO = { plugin: 'probe', capability: 'echo' };
const KEY = 'probe.1_0_0';

describe('a damaged catalogue', () => {
  let system: TestSystem;
  /** Connected as the choreographer, who may write to the bucket. */
  let service: Bus;
  let original: string;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
    service = await connectBus({ url: system.urlAs('choreographer'), name: 'vandal' });
    original = await stored();
  });

  afterAll(async () => {
    await service?.nc.close();
    await system?.stop();
  });

  async function stored(): Promise<string> {
    const kv = await new Kvm(service.nc).open('ORC_CATALOGUE');
    return (await kv.get(KEY))?.string() ?? '';
  }

  const isWhole = (text: string) => text === original;

  async function damage(key: string, text: string): Promise<void> {
    await jetstream(service.nc).publish(`$KV.ORC_CATALOGUE.${key}`, text);
  }

  const echo = async () => (await system.client.call(ECHO, { text: 'x' })).result;
  const saying = (who: string, key: string) =>
    system.log.filter((line) => line.startsWith(who) && line.includes(`catalogue entry ${key} is not used`)).length;

  const whole = { name: 'probe', version: '1.0.0', description: 'x', uses: [] };
  const capability = { name: 'echo', description: 'x', input: true, output: true };

  it.each([
    ['garbage', '\u0000{nonsense'],
    ['no object', '[1, "two", null]'],
    ['nothing', ''],
    ['the wrong types', JSON.stringify({ ...whole, capabilities: [{ ...capability, input: 5 }] })],
    [
      'needs that are none',
      JSON.stringify({ ...whole, capabilities: [capability], uses: [{ capability: '?', range: 1 }] }),
    ],
    [
      'a range that is none',
      JSON.stringify({ ...whole, capabilities: [capability], uses: [{ capability: 'a.b', range: 'x y' }] }),
    ],
    ['the manifest of another version', JSON.stringify({ ...whole, version: '1.0.1', capabilities: [capability] })],
    ['far too much', JSON.stringify({ ...whole, capabilities: [capability], filler: 'x'.repeat(900_000) })],
  ])('with %s — is said by both services, stops neither, and is mended', async (_what, text) => {
    const [byRegistry, byChoreographer] = [saying('registry', KEY), saying('choreographer', KEY)];
    await damage(KEY, text);
    await until(
      async () => [saying('registry', KEY), saying('choreographer', KEY)],
      ([registry = 0, choreographer = 0]) => registry > byRegistry && choreographer > byChoreographer,
    );
    expect(await echo()).toMatchObject({ ok: true });
    await until(stored, isWhole);
    expect(await echo()).toMatchObject({ ok: true });
  });

  it.each(['probe', 'a.b.c', 'probe.one', 'Probe.1_0_0'])('under the key %s — is said, and left alone', async (key) => {
    await damage(key, JSON.stringify({ ...whole, capabilities: [capability] }));
    await until(
      async () => [saying('registry', key), saying('choreographer', key)],
      (said) => said.every((count) => count > 0),
    );
    expect(await echo()).toMatchObject({ ok: true });
  });

  it('found at the start of both services — keeps neither from starting, and is mended', async () => {
    await Promise.all(['registry', 'choreographer'].map((name) => system.kill(name)));
    await damage(KEY, 'garbage');
    await system.start('choreographer');
    expect(await echo()).toMatchObject({ ok: false, fault: { code: 'not-found' } });
    await system.start('registry');
    await until(echo, (result) => result.ok);
    expect(isWhole(await stored())).toBe(true);
  });
});
