/** Child processes are ready when they say so, and never outlive what started them. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startProcess } from '@orchestrator/local';

const node = process.execPath;
const script = (code: string) => ({ name: 'child', command: node, args: ['--input-type=module', '-e', code] });
/** Keeps a process alive, whatever happens. */
const FOREVER = 'setInterval(() => {}, 60_000);';

describe('startProcess', () => {
  it('is ready at the line that says so, and gives every line with the name before it', async () => {
    const lines: string[] = [];
    const child = await startProcess({
      ...script(`console.log('one'); console.error('two'); setImmediate(() => console.log('now ready')); ${FOREVER}`),
      log: (line) => lines.push(line),
      readyLine: /\bready\b/,
    });
    expect(lines).toContain('child | now ready');
    await child.stop(); // stdout and stderr are two pipes: only now has all of both surely been read
    expect(lines.sort()).toEqual(['child | now ready', 'child | one', 'child | two']);
  });

  it('writes the output to a file', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'processes-'));
    const logFile = join(dir, 'log');
    const child = await startProcess({ ...script("console.log('hello')"), logFile });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    await startProcess({ ...script("console.log('again')"), logFile }).then((second) => second.exited);
    expect(readFileSync(logFile, 'utf8')).toBe('hello\nagain\n');
    rmSync(dir, { recursive: true });
  });

  it('lets the process end in order', async () => {
    const child = await startProcess({
      ...script(
        `process.on('SIGTERM', () => { console.log('bye'); process.exit(3); }); console.log('ready'); ${FOREVER}`,
      ),
      readyLine: /ready/,
    });
    expect(await child.stop()).toEqual({ code: 3, signal: null });
    expect(child.tail()).toEqual(['ready', 'bye']);
    expect(await child.stop()).toEqual({ code: 3, signal: null });
  });

  it('kills a process that does not end, after the grace', async () => {
    const child = await startProcess({
      ...script(`process.on('SIGTERM', () => {}); console.log('ready'); ${FOREVER}`),
      readyLine: /ready/,
      graceMs: 50,
    });
    expect(await child.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it.each([
    ['that ends before it is ready', script("console.error('no disk left'); process.exitCode = 4;"), 'no disk left'],
    ['that does not exist', { name: 'child', command: '/nowhere/at-all', args: [] }, 'cannot be started'],
  ])('says why of a process %s', async (_, options, why) => {
    const starting = startProcess({ ...options, readyLine: /ready/ });
    await expect(starting).rejects.toMatchObject({ name: 'ProcessStartError', message: expect.stringContaining(why) });
  });

  it('gives up on a process when told to, and ends it', async () => {
    const told = new AbortController();
    const starting = startProcess({
      ...script(`console.log('on its way'); ${FOREVER}`),
      log: () => told.abort(),
      readyLine: /ready/,
      signal: told.signal,
    });
    await expect(starting).rejects.toThrow('child was ended before it was ready');
  });

  it('gives up on a process that stays silent, and ends it', async () => {
    const starting = startProcess({ ...script(FOREVER), readyFn: async () => false, readyTimeoutMs: 100 });
    await expect(starting).rejects.toThrow('child was not ready within 0.1 s');
  });
});

describe('startProcess — nothing is left behind', () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => void server.close());

  /** A process that holds a connection to the test for as long as it lives, and ignores requests to end. */
  const clinging = () => `
    import { connect } from 'node:net';
    process.on('SIGTERM', () => {});
    connect(${port}, '127.0.0.1').on('error', () => {}).resume();`;
  const connected = async () => (await once(server, 'connection'))[0] as Socket;
  const gone = async (socket: Socket) => {
    socket.on('error', () => {}).resume();
    if (!socket.closed) await once(socket, 'close');
  };

  it('ends what the process itself had started', async () => {
    const grandchild = connected();
    const child = await startProcess(
      script(`import { spawn } from 'node:child_process';
        spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(clinging())}]); ${FOREVER}`),
    );
    const socket = await grandchild;
    await child.stop();
    await gone(socket);
  });

  it.each([
    ['gets SIGINT', 'SIGINT', ''],
    ['gets SIGTERM', 'SIGTERM', ''],
    ['is killed', 'SIGKILL', ''],
    ['throws', undefined, "setImmediate(() => { throw new Error('uncaught'); });"],
    ['exits', undefined, 'setImmediate(() => process.exit(0));'],
  ] as const)('ends its children when the parent %s', async (_, signal, end) => {
    const module = pathToFileURL(join(process.cwd(), 'libs/local/dist/index.js')).href;
    const child = connected();
    const parent = await startProcess({
      ...script(`import { startProcess } from ${JSON.stringify(module)};
        await startProcess({ name: 'c', command: process.execPath, args: ['--input-type=module', '-e', ${JSON.stringify(clinging())}] });
        process.stdin.resume(); process.once('SIGUSR2', () => { ${end} }); ${FOREVER}`),
    });
    const socket = await child;
    process.kill(parent.pid, signal ?? 'SIGUSR2');
    await Promise.all([parent.exited, gone(socket)]);
    await parent.stop();
  });
});
