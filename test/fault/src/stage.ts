/**
 * The whole system as real processes, each behind a proxy of its own, and a supervisor that starts again what died, as
 * systemd or Docker would. A process that ends without having been killed here is written down.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { type Bus, connectBus } from '@orchestrator/bus';
import {
  ProcessStartError,
  type RunningProcess,
  type RunningSystem,
  startProcess,
  startSystem,
} from '@orchestrator/local';
import { STREAMS } from '@orchestrator/protocol';
import { EffectLog, MIRROR, PROBE, PROBE_GRANTS } from '@orchestrator/testing';
import { MAX_DEPTH } from './operations.js';
import type { Fault, ProcessName } from './scenario.js';
import { readSentLog, type SentEntry } from './sent-log.js';
import { TcpProxy } from './tcp-proxy.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const LEASE_MS = 2_000;
const RESTART_MS = 250;
/** What had no space and still runs then goes on running. */
const GOING_ON_MS = 3_000;
/** More starts in a row that fail are no bad luck. */
const MAX_STARTS = 20;
/** What a replica is started as. */
const REPLICAS = { 'choreographer-2': 'choreographer', 'probe-2': 'probe' } as const;

export const CALLER = 'soak';

/** Faults that may end their process. */
const ENDING: ReadonlySet<Fault['kind']> = new Set(['kill', 'no-space']);

export interface StageOptions {
  readonly seed: number;
  /** Operations that the caller begins each second. */
  readonly ratePerSecond: number;
  /** Given each line that a process writes. */
  readonly log?: (line: string) => void;
}

export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'orc-fault-'));
  readonly #sentFile = join(this.#folder, 'sent.jsonl');
  readonly #effects = new EffectLog();
  readonly #proxies = new Map<string, Promise<TcpProxy>>();
  readonly #returning = new Map<ProcessName, Promise<void>>();
  readonly #faults = new Set<Promise<void>>();
  /** How many bytes a stream may hold, by its name, where it was made to hold less. */
  readonly #roomOf = new Map<string, number>();
  readonly #killed = new WeakSet<RunningProcess>();
  readonly #surprises: string[] = [];
  #operator: Promise<Bus> | undefined;
  #system: RunningSystem | undefined;
  #caller: RunningProcess | undefined;
  #isEnding = false;
  #failedStarts = 0;

  static async start(options: StageOptions): Promise<Stage> {
    const stage = new Stage();
    try {
      await stage.#start(options);
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  get system(): RunningSystem {
    if (!this.#system) throw new Error('The system does not run.');
    return this.#system;
  }

  get effects(): EffectLog {
    return this.#effects;
  }

  get sent(): SentEntry[] {
    return readSentLog(this.#sentFile);
  }

  /** Processes that ended, or did not start, although nobody here had done anything to them. */
  get surprises(): readonly string[] {
    return this.#surprises;
  }

  /** Starts that failed, for which a fault was to blame. */
  get failedStarts(): number {
    return this.#failedStarts;
  }

  /** Begins a fault. What it does ends by itself; a process that is still coming back is waited for first. */
  async inflict(fault: Fault): Promise<void> {
    if (ENDING.has(fault.kind) || fault.kind === 'pause') await this.#returning.get(fault.target as ProcessName);
    const work = this.#perform(fault);
    this.#faults.add(work);
    void work.finally(() => this.#faults.delete(work));
    if (ENDING.has(fault.kind)) this.#returning.set(fault.target as ProcessName, work);
  }

  /** Resolves once everything runs again and no fault lasts. */
  async calm(): Promise<void> {
    while (this.#faults.size > 0) await Promise.all(this.#faults);
  }

  /** The caller sends nothing new, and waits for what it has sent. */
  async endCaller(): Promise<void> {
    this.#caller?.kill('SIGTERM');
    await this.#caller?.exited;
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#caller?.stop();
    await (await this.#operator)?.nc.close();
    await this.#system?.stop();
    for (const proxy of this.#proxies.values()) await (await proxy).stop();
    this.#effects.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start({ seed, ratePerSecond, log }: StageOptions): Promise<void> {
    this.#system = await startSystem({
      plugins: [PROBE, MIRROR],
      dataDir: this.#folder,
      env: {
        PROBE_EFFECTS: this.#effects.file,
        ORC_LEASE_MS: String(LEASE_MS),
        ORC_MAX_DEPTH: String(MAX_DEPTH),
        ORC_GRANTS: PROBE_GRANTS,
        FAULT_CLOCKS: this.#folder,
        NODE_OPTIONS: `--import ${join(HERE, '../dist/skewed-clock.js')}`,
        ORC_CIRCUIT: 'off', // what always fails is part of the load, and would be kept waiting
      },
      route: (name, url) => this.#route(name, url),
      ...(log && { log }),
    });
    for (const [as, name] of Object.entries(REPLICAS)) await this.#system.start(name, as);
    for (const [name, running] of this.#system.processes) this.#watch(name as ProcessName, running);
    this.#caller = await startProcess({
      name: 'caller',
      command: process.execPath,
      args: [join(HERE, '../dist/caller.js')],
      env: {
        NATS_URL: await this.#route('caller', this.#system.nats.url),
        FAULT_SEED: String(seed),
        FAULT_RATE: String(ratePerSecond),
        FAULT_CALLER: CALLER,
        FAULT_SENT_LOG: this.#sentFile,
      },
      readyLine: / ready$/,
      ...(log && { log }),
    });
    void this.#caller.exited.then(({ code }) => {
      if (code !== 0 && !this.#isEnding)
        this.#surprises.push(`caller ended with ${code}: ${this.#caller?.tail().join('\n')}`);
    });
  }

  /** The address of the proxy that stands between this process and NATS. */
  async #route(name: string, url: string): Promise<string> {
    const target = new URL(url);
    let proxy = this.#proxies.get(name);
    if (!proxy) {
      proxy = TcpProxy.start(Number(target.port));
      this.#proxies.set(name, proxy);
    }
    target.port = String((await proxy).port);
    return target.href;
  }

  async #perform(fault: Fault): Promise<void> {
    if (fault.kind === 'kill') {
      await this.#kill(fault.target);
      await delay(fault.downMs);
      await this.#startAgain(fault.target);
    } else if (fault.kind === 'pause') {
      const running = this.system.processes.get(fault.target);
      running?.kill('SIGSTOP');
      await delay(fault.ms);
      running?.kill('SIGCONT');
    } else if (fault.kind === 'full') {
      await this.#fill(STREAMS[fault.target].name, fault.ms);
    } else if (fault.kind === 'no-space') {
      await this.#leaveNoSpace(fault.target, fault.ms);
    } else if (fault.kind === 'clock') {
      const file = join(this.#folder, String((await this.#proxies.get(fault.target))?.port));
      writeFileSync(file, String(fault.skewMs));
      await delay(fault.ms);
      rmSync(file, { force: true }); // of two jumps that overlap, the first to end ends both
    } else {
      const proxy = await this.#proxies.get(fault.target);
      proxy?.set(fault.kind);
      await delay(fault.ms);
      proxy?.set('open');
    }
  }

  /** The stream takes no byte more than it holds; however long it takes, it is given its room back. */
  async #fill(stream: string, ms: number): Promise<void> {
    await this.#limitStream(stream, ({ state }) => Math.max(1, state.bytes));
    await delay(ms);
    await this.#limitStream(stream, ({ config }) => this.#roomOf.get(stream) ?? config.max_bytes);
  }

  async #limitStream(stream: string, maxBytes: (info: StreamInfo) => number): Promise<void> {
    this.#operator ??= connectBus({ url: this.system.urlAs('choreographer'), name: 'operator', waitForServer: true });
    const { nc } = await this.#operator;
    for (;;) {
      try {
        const jsm = await jetstreamManager(nc);
        const info = await jsm.streams.info(stream);
        if (!this.#roomOf.has(stream)) this.#roomOf.set(stream, info.config.max_bytes);
        await jsm.streams.update(stream, { max_bytes: maxBytes(info) });
        return;
      } catch (error) {
        if (this.#isEnding) throw error;
        await delay(RESTART_MS);
      }
    }
  }

  /** No file may grow beyond one byte: writes fail as on a full disk. */
  async #leaveNoSpace(target: ProcessName, ms: number): Promise<void> {
    const running = this.system.processes.get(target);
    if (!running) return;
    this.#killed.add(running);
    await limitFiles(running.pid, '1');
    await Promise.race([delay(ms), running.exited]);
    // A stream that could not be written refuses everything until its server is started again, which its operator has to see to.
    if (target === 'nats-server') running.kill('SIGKILL');
    const isGone = target === 'nats-server' || (await Promise.race([running.exited.then(() => true), delay(0, false)]));
    if (!isGone) await limitFiles(running.pid, 'unlimited');
    const goesOn = delay(GOING_ON_MS, false);
    if (isGone || (await Promise.race([running.exited.then(() => true), goesOn]))) return this.#startAgain(target);
    this.#killed.delete(running);
  }

  async #kill(target: ProcessName): Promise<void> {
    const running = this.system.processes.get(target);
    if (!running) return;
    this.#killed.add(running);
    running.kill('SIGKILL');
    await running.exited;
  }

  /** Tries until it runs: while NATS is away, or a network is cut, a start may fail. */
  async #startAgain(name: ProcessName): Promise<void> {
    for (let starts = 1; !this.#isEnding; starts++) {
      try {
        const started = await this.system.start(
          name in REPLICAS ? REPLICAS[name as keyof typeof REPLICAS] : name,
          name,
        );
        this.#watch(name, started);
        return;
      } catch (error) {
        if (!(error instanceof ProcessStartError) || this.#isEnding) return;
        this.#failedStarts++;
        if (starts === MAX_STARTS) {
          this.#surprises.push(`${name} did not start: ${error.message}`);
          return;
        }
        await delay(RESTART_MS);
      }
    }
  }

  #watch(name: ProcessName, running: RunningProcess): void {
    void running.exited.then(async ({ code, signal }) => {
      if (this.#isEnding || this.#killed.has(running)) return;
      const output = running.tail().map((line) => `    ${line}`);
      this.#surprises.push([`${name} ended by itself with ${signal ?? `exit code ${code}`}:`, ...output].join('\n'));
      await this.#startAgain(name);
    });
  }
}

const run = promisify(execFile);

/** Of a process that runs, and which may have ended meanwhile. */
async function limitFiles(pid: number, bytes: string): Promise<void> {
  await run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]).catch(() => {});
}
