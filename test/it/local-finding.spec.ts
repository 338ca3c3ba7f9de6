/** The search for a component, with stand-ins for the tools on PATH: what is run, what is built, what is said. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { locate } from '../../libs/local/src/locate.js';
import { NATS_SERVER } from '../../libs/local/src/versions.js';

let home: string;
let bin: string;
let tools: string;
let env: NodeJS.ProcessEnv;
const cached = () => join(tools, `nats-server-${NATS_SERVER.version}`, 'nats-server');

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'local-finding-'));
  bin = join(home, 'bin');
  tools = join(home, 'tools');
  mkdirSync(bin);
  env = { PATH: bin, ORC_TOOLS_DIR: tools };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function put(path: string, shell: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${shell}\n`, { mode: 0o755 });
}

/** Stands in for Go: notes each run, takes a moment, and "builds" a nats-server. */
const slowGo = () => `echo run >> ${home}/go-runs; /bin/sleep 0.3
printf '#!/bin/sh\\necho nats-server: v2.15.2\\n' > "$GOBIN/nats-server"; /bin/chmod 755 "$GOBIN/nats-server"`;
const goRuns = () => readFileSync(join(home, 'go-runs'), 'utf8').split('\n').filter(Boolean).length;

describe('locate', () => {
  it('takes a new enough binary on PATH', async () => {
    put(join(bin, 'nats-server'), 'echo nats-server: v2.15.1');
    put(cached(), 'echo nats-server: v2.15.2');
    expect(await locate(NATS_SERVER, { env })).toEqual({ kind: 'binary', path: join(bin, 'nats-server') });
  });

  it('passes over one that is too old, for the cache', async () => {
    put(join(bin, 'nats-server'), 'echo nats-server: v2.9.10');
    put(cached(), 'echo nats-server: v2.15.2');
    expect(await locate(NATS_SERVER, { env })).toEqual({ kind: 'binary', path: cached() });
  });

  it('builds with Go into the cache, in place of what does not run, and says so', async () => {
    put(cached(), 'exit 1');
    put(join(bin, 'go'), slowGo());
    const said: string[] = [];
    const log = (line: string) => said.push(line);
    expect(await locate(NATS_SERVER, { env, log })).toEqual({ kind: 'binary', path: cached() });
    expect(said[0]).toBe('building nats-server 2.15.2 with Go, once; this usually takes 30 s');
    expect(said[1]).toMatch(/^built nats-server 2\.15\.2 in \d+ s$/);
    expect(readdirSync(tools)).toEqual([`nats-server-${NATS_SERVER.version}`]);
    await locate(NATS_SERVER, { env, log });
    expect(goRuns()).toBe(1);
  });

  it('builds once when several processes want it at the same time', async () => {
    put(join(bin, 'go'), slowGo());
    const dist = (name: string) => JSON.stringify(pathToFileURL(join(process.cwd(), 'libs/local/dist', name)).href);
    const code = `import { locate } from ${dist('locate.js')}; import { NATS_SERVER } from ${dist('versions.js')};
      console.log((await locate(NATS_SERVER)).path);`;
    const processes = [1, 2, 3].map(async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], { env });
      const [stdout] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      return stdout.trim();
    });
    expect(await Promise.all(processes)).toEqual([cached(), cached(), cached()]);
    expect(goRuns()).toBe(1);
  });

  it('takes over from a build that was killed', async () => {
    mkdirSync(join(tools, '.building-nats-server-abc'), { recursive: true });
    const dead = spawn(process.execPath, ['--version']);
    await once(dead, 'exit');
    writeFileSync(join(tools, 'nats-server.lock'), `${dead.pid}\n`);
    put(join(bin, 'go'), slowGo());
    expect(await locate(NATS_SERVER, { env })).toEqual({ kind: 'binary', path: cached() });
    expect(readdirSync(tools)).toEqual([`nats-server-${NATS_SERVER.version}`]);
  });

  it('goes on to Docker when the build fails, and pulls the image when it is missing', async () => {
    put(join(bin, 'go'), 'exit 1');
    put(join(bin, 'docker'), `echo "$@" >> ${home}/docker-runs; [ "$1" != image ]`);
    expect(await locate(NATS_SERVER, { env })).toEqual({ kind: 'docker', docker: join(bin, 'docker') });
    expect(readFileSync(join(home, 'docker-runs'), 'utf8')).toContain('pull --quiet nats:2.15-alpine\n');
  });

  it('names every way and why it does not serve', async () => {
    put(join(bin, 'nats-server'), 'echo nats-server: v2.9.10');
    put(join(bin, 'go'), 'echo "dial tcp: no route to host" >&2; exit 1');
    put(join(bin, 'docker'), 'exit 1');
    const failure = await locate(NATS_SERVER, { env, acceptAddress: true }).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: 'ComponentMissingError' });
    const { message } = failure as Error;
    expect(message).toContain('ORC_NATS_URL is not set');
    expect(message).toContain('is 2.9.10, which is too old');
    expect(message).toContain(`nothing at ${cached()}`);
    expect(message).toContain('dial tcp: no route to host');
    expect(message).toContain('docker info does not answer');
  });

  it('neither builds nor pulls where that was not asked for', async () => {
    put(join(bin, 'go'), slowGo());
    await expect(locate(NATS_SERVER, { env, allowBuild: false })).rejects.toThrow('building was not asked for');
    expect(readdirSync(home)).toEqual(['bin']);
  });
});
