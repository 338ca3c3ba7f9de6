/** The product's own compose file and images, on a real Docker engine: a request from the host is answered and traced. */
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, type Bus, CallClient, connectBus } from '@orchestrator/bus';
import { flattenTree, type InstalledPlugin, spanIdOf } from '@orchestrator/protocol';
import { treeWhere } from '@orchestrator/testing';
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment, Wait } from 'testcontainers';

const ROOT = resolve(import.meta.dirname, '../..');
const SERVICES = ['nats', 'jaeger', 'registry', 'choreographer', 'editor', 'designer'];
const TIMEOUT_MS = 30_000;
const POLL_MS = 100;

interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly spanID: string }[];
}

describe('docker compose up', () => {
  let environment: StartedDockerComposeEnvironment;
  let bus: Bus;
  let client: CallClient;
  let jaegerUrl: string;

  beforeAll(async () => {
    const [nats, jaeger, otlp] = await Promise.all([freePort(), freePort(), freePort()]);
    let description = new DockerComposeEnvironment(ROOT, 'docker-compose.yml')
      .withProjectName(`orchestrator-test-${process.pid}`)
      .withBuild()
      .withEnvironment({ ORC_NATS_PORT: `${nats}`, ORC_JAEGER_PORT: `${jaeger}`, ORC_OTLP_PORT: `${otlp}` });
    for (const name of SERVICES) description = description.withWaitStrategy(`${name}-1`, Wait.forHealthCheck());
    environment = await description.up();
    bus = await connectBus({ url: `nats://127.0.0.1:${nats}`, name: 'compose-test' });
    client = new CallClient(bus, 'host');
    jaegerUrl = `http://127.0.0.1:${jaeger}`;
  });

  afterAll(async () => {
    await bus?.nc.close();
    await environment?.down({ removeVolumes: true });
  });

  it('every service — runs as somebody who is not root', async () => {
    for (const name of SERVICES.filter((service) => service !== 'nats' && service !== 'jaeger')) {
      const { output } = await environment.getContainer(`${name}-1`).exec(['id', '-u']);
      expect([name, output.trim()]).not.toEqual([name, '0']);
    }
  });

  it('the plugins — are installed and live', async () => {
    const { plugins } = await ask<{ plugins: InstalledPlugin[] }>(client.requester, 'registry', 'plugins');
    expect(plugins.map(({ name, instances }) => [name, instances.length]).sort()).toEqual([
      ['designer', 1],
      ['editor', 1],
    ]);
  });

  it('a durable request from the host — is answered, and its trace is in that Jaeger', async () => {
    const text = '# Tea\n\nIt is a apple  that we utilize for the the tea.\n';
    const handle = await client.request({ plugin: 'editor', capability: 'prepare-article' }, { text });
    const { result, correlation = '' } = await handle.outcome();
    expect(result).toMatchObject({ ok: true });
    expect((result as { value: { text: string } }).value.text).toContain('an apple');

    const tree = await treeWhere(client, { correlation }, (nodes) => nodes.every((node) => node.state === 'succeeded'));
    const nodes = flattenTree(tree);
    expect(nodes.map((node) => `${node.plugin}.${node.capability}`)).toEqual([
      'editor.prepare-article',
      'designer.illustrate',
    ]);
    const spans = await spansOf(tree.traceId, nodes.length);
    const [root, child] = nodes.map((node) => spans.find((span) => span.spanID === spanIdOf(node.invocation)));
    expect(root?.operationName).toBe('editor.prepare-article');
    expect(child?.operationName).toBe('designer.illustrate');
    expect(child?.references[0]?.spanID).toBe(root?.spanID);
  });

  it('a synchronous call from the host — is answered, or refused with a typed fault', async () => {
    const designer = { plugin: 'designer', capability: 'illustrate' };
    const good = await client.call(designer, { title: 'Tea', terms: ['tea', 'apple'] });
    expect(good.result).toMatchObject({ ok: true, value: { width: 1200, height: 630 } });
    const bad = await client.call(designer, { title: 1 });
    expect(bad.result).toMatchObject({ ok: false, fault: { code: 'invalid-argument' } });
  });

  /** Asks until the trace has so many spans. */
  async function spansOf(traceId: string, count: number): Promise<readonly JaegerSpan[]> {
    const giveUpAtMs = Date.now() + TIMEOUT_MS;
    for (;;) {
      const response = await fetch(`${jaegerUrl}/api/traces/${traceId}`);
      const { data } = (await response.json()) as { data: { spans: JaegerSpan[] }[] | null };
      const spans = data?.[0]?.spans ?? [];
      if (spans.length === count) return spans;
      if (Date.now() > giveUpAtMs) throw new Error(`Not ${count} spans: ${JSON.stringify(spans)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
});

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
