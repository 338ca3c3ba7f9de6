/** A real Jaeger: what is sent to it is found in it. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningJaeger, startJaeger } from '@orchestrator/local';

let jaeger: RunningJaeger;
/** The first run on a machine builds Jaeger. */
beforeAll(async () => {
  jaeger = await startJaeger({ log: (line) => process.stderr.write(`${line}\n`) });
}, 15 * 60_000);
afterAll(() => jaeger?.stop());

async function sendSpan(url: string, traceId: string): Promise<void> {
  const span = {
    traceId,
    spanId: randomBytes(8).toString('hex'),
    name: 'editor.copy-edit',
    kind: 2,
    startTimeUnixNano: `${Date.now()}000000`,
    endTimeUnixNano: `${Date.now() + 5}000000`,
  };
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'editor' } }] };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(response.status).toBe(200);
}

describe('startJaeger', () => {
  it('takes spans over OTLP, and answers for them by trace and by service at once', async () => {
    const traceId = randomBytes(16).toString('hex');
    await sendSpan(jaeger.otlpHttpUrl, traceId);
    const trace = await (await fetch(`${jaeger.queryUrl}/api/v3/traces/${traceId}`)).json();
    expect(JSON.stringify(trace)).toContain('"name":"editor.copy-edit"');
    const services = await (await fetch(`${jaeger.queryUrl}/api/services`)).json();
    expect(services).toMatchObject({ data: ['editor'] });
  });

  it('runs beside another one', async () => {
    const other = await startJaeger();
    expect(other.queryUrl).not.toBe(jaeger.queryUrl);
    expect(await (await fetch(`${other.queryUrl}/api/services`)).json()).toMatchObject({ total: 0 });
    await other.stop();
    await expect(fetch(`${other.queryUrl}/api/services`)).rejects.toThrow();
  });

  it('uses one that runs already, and says so when it does not answer', async () => {
    const used = await startJaeger({ acceptAddress: true, env: { ORC_JAEGER_URL: `${jaeger.queryUrl}/` } });
    expect(used).toMatchObject({ queryUrl: jaeger.queryUrl, otlpHttpUrl: 'http://127.0.0.1:4318', process: undefined });
    await used.stop();
    const missing = startJaeger({ acceptAddress: true, env: { ORC_JAEGER_URL: 'http://127.0.0.1:1' } });
    await expect(missing).rejects.toThrow(
      'ORC_JAEGER_URL is set, but no Jaeger query API answers at http://127.0.0.1:1.',
    );
  });

  it('is started again after kill -9, at the same addresses', async () => {
    const { process: killed, queryUrl } = jaeger;
    killed?.kill('SIGKILL');
    await killed?.exited;
    await jaeger.restart();
    const traceId = randomBytes(16).toString('hex');
    await sendSpan(jaeger.otlpHttpUrl, traceId);
    expect((await fetch(`${queryUrl}/api/v3/traces/${traceId}`)).status).toBe(200);
  });

  it('names a port that is in use', async () => {
    const queryPort = Number(new URL(jaeger.queryUrl).port);
    await expect(startJaeger({ queryPort })).rejects.toThrow(`Port ${queryPort} of 127.0.0.1 is in use.`);
  });
});
