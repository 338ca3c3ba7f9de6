/** nats-server as the CLI, the demo and the tests start it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type NatsOptions, type RunningNats, startNats } from '@orchestrator/local';

const running: RunningNats[] = [];
const dirs: string[] = [];

async function start(options: NatsOptions = {}): Promise<RunningNats> {
  const nats = await startNats(options);
  running.push(nats);
  return nats;
}

function createDataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'local-nats-'));
  dirs.push(dir);
  return dir;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((nats) => nats.stop()));
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

describe('startNats', () => {
  it('starts servers side by side, ready with JetStream, and removes all that was theirs', async () => {
    const servers = await Promise.all([start(), start()]);
    expect(servers[0].port).not.toBe(servers[1].port);
    for (const nats of servers) {
      const connection = await connect({ servers: nats.url });
      expect((await (await jetstreamManager(connection)).getAccountInfo()).streams).toBe(0);
      await connection.close();
      expect(readFileSync(nats.logFile ?? '', 'utf8')).toContain('Server is ready');
      await nats.stop();
      expect(await nats.process?.exited).toEqual({ code: 0, signal: null });
      expect(existsSync(nats.dataDir ?? '')).toBe(false);
      expect(existsSync(nats.logFile ?? '')).toBe(false);
      await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow();
    }
  });

  it.each([
    ['a data folder that is kept', true],
    ['a private data folder', false],
  ])('with %s — is started again after kill -9, on the same port and with what was acknowledged', async (_, isKept) => {
    const nats = await start(isKept ? { dataDir: createDataDir() } : {});
    const connection = await connect({ servers: nats.url, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
    await jetstream(connection).publish('kept', 'still here');
    const reconnected = (async () => {
      for await (const status of connection.status()) if (status.type === 'reconnect') return;
    })();
    const killed = nats.process;
    killed?.kill('SIGKILL');
    expect(await killed?.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const again = await nats.restart();
    expect(nats.process).toBe(again);
    expect(again.pid).not.toBe(killed?.pid);
    await reconnected;
    expect((await manager.streams.getMessage('KEPT', { seq: 1 }))?.string()).toBe('still here');
    await connection.close();
    await nats.stop();
    expect(existsSync(nats.dataDir ?? '')).toBe(isKept);
  });

  it('names a port that is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    await expect(start({ port })).rejects.toMatchObject({
      name: 'NatsStartError',
      message: `Port ${port} of 127.0.0.1 is in use. Choose another, or end what listens there.`,
    });
    other.close();
  });

  it('names a data folder that is in use, and by whom', async () => {
    const dataDir = createDataDir();
    const first = await start({ dataDir });
    const message = `The data folder ${dataDir} is in use by the process ${first.process?.pid}.`;
    await expect(start({ dataDir })).rejects.toMatchObject({ name: 'NatsStartError', message });
    await first.stop();
    await start({ dataDir });
  });

  it('repeats what the server says of a configuration that it cannot read', async () => {
    const starting = start({ config: 'authorization: { users: [ { user: a, password: $ORC_NOT_SET_ANYWHERE } ] }' });
    await expect(starting).rejects.toMatchObject({
      name: 'ProcessStartError',
      message: expect.stringContaining('ORC_NOT_SET_ANYWHERE'),
    });
  });
});

describe('startNats — a server that runs already', () => {
  it('is used when asked for, and left running', async () => {
    const nats = await start();
    const env = { ...process.env, ORC_NATS_URL: nats.url };
    const used = await startNats({ acceptAddress: true, env });
    expect(used).toMatchObject({ url: nats.url, port: nats.port, process: undefined });
    await expect(used.restart()).rejects.toThrow('was not started here');
    await used.stop();
    await (await connect({ servers: nats.url })).close();
    expect((await start({ env })).process).toBeDefined();
  });

  it('is named when it does not answer', async () => {
    const nats = await start();
    await nats.stop();
    const starting = startNats({ acceptAddress: true, env: { ORC_NATS_URL: nats.url } });
    await expect(starting).rejects.toThrow(`ORC_NATS_URL is set, but no NATS server answers at 127.0.0.1:${nats.port}`);
  });
});
