/** Sends malformed messages to a real system, judges every answer, and then looks whether the system is as it was. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectBus } from '@orchestrator/bus';
import { STREAMS } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';
import { faultWith } from './judge-answer.js';
import { type Malformed, malformedOf, type Sender } from './malformed.js';
import { type RawAnswer, RawNats } from './raw-nats.js';

export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  /** Told now and then how many have been sent. */
  readonly onProgress?: (sent: number) => void;
}

export interface FuzzReport {
  readonly problems: readonly string[];
  readonly answered: number;
  readonly faults: number;
  /** Resident megabytes of choreographer and host, when half had been sent and at the end. */
  readonly residentMb: Readonly<Record<string, readonly [number, number]>>;
}

/** Sent before their answers are waited for. */
const BATCH = 1_000;
const ANSWER_MS = 20_000;
const DRAIN_MS = 60_000;
/** What a process may take, and what it may have grown by since the half: some of its memories are still filling then. */
const MAX_RESIDENT_MB = 700;
const MAX_GROWTH_MB = 160;
const MAX_PROBLEMS = 50;
const WATCHED = ['choreographer', 'probe', 'registry'] as const;
/** Where the inboxes of each sender's user are. */
const INBOXES: Readonly<Record<Sender, string>> = {
  caller: '_INBOX.fuzz',
  probe: '_INBOX_probe.fuzz',
  choreographer: '_INBOX_choreographer.fuzz',
};

export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  // Much of what is sent makes the plugin fail: a circuit would keep the rest from reaching it, and requests waiting.
  const system = await startTestSystem({ plugins: [PROBE], env: { ORC_CIRCUIT: 'off' } });
  try {
    return await new FuzzRun(system, options).run();
  } finally {
    await system.stop();
  }
}

class FuzzRun {
  readonly #system: TestSystem;
  readonly #options: FuzzOptions;
  readonly #problems: string[] = [];
  readonly #open = new Map<number, Malformed>();
  readonly #connections = new Map<Sender, RawNats>();
  #awaited = 0;
  #whenAnswered: (() => void) | undefined;
  #answered = 0;
  #faults = 0;

  constructor(system: TestSystem, options: FuzzOptions) {
    this.#system = system;
    this.#options = options;
  }

  async run(): Promise<FuzzReport> {
    const { seed, count, onProgress } = this.#options;
    const pids = this.#measure((pid) => pid);
    const token = await this.#ordinaryCall();
    let before = this.#measure(residentMbOf);
    for (const sender of Object.keys(INBOXES) as Sender[]) await this.#connect(sender);
    for (let n = 0; n < count && this.#problems.length < MAX_PROBLEMS; n += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, count - n) }, (_, k) => malformedOf(seed, n + k, { token }));
      await this.#send(n, batch);
      if (n <= count / 2) before = this.#measure(residentMbOf);
      onProgress?.(n + batch.length);
    }
    await this.#drained().catch((error) => this.#say(`the choreographer does not tell: ${error}`));
    for (const connection of this.#connections.values()) connection.close();
    await this.#ordinaryCall().catch((error) => this.#say(`an ordinary call fails afterwards: ${error}`));
    const after = this.#measure(residentMbOf);
    const now = this.#measure((pid) => pid);
    for (const name of WATCHED) {
      if (now[name] !== pids[name]) this.#say(`${name} is not the process that it was`);
      const growth = after[name] - before[name];
      if (growth > MAX_GROWTH_MB || after[name] > MAX_RESIDENT_MB) {
        this.#say(`${name} has grown from ${before[name]} to ${after[name]} MB`);
      }
    }
    if (this.#problems.length > 0) this.#problems.push(...this.#system.log.slice(-MAX_PROBLEMS));
    const residentMb = Object.fromEntries(WATCHED.map((name) => [name, [before[name], after[name]] as const]));
    return { problems: this.#problems, answered: this.#answered, faults: this.#faults, residentMb };
  }

  async #connect(sender: Sender): Promise<void> {
    const url = this.#system.urlAs(sender);
    const opened = await RawNats.open(url, `${INBOXES[sender]}.*`, (answer) => this.#onAnswer(answer));
    this.#connections.set(sender, opened);
  }

  async #send(first: number, batch: readonly Malformed[]): Promise<void> {
    this.#open.clear();
    this.#awaited = batch.filter((message) => message.mustBeAnswered).length;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenAnswered = resolve;
    for (const [k, message] of batch.entries()) {
      this.#open.set(first + k, message);
      const { sender, subject, headers, body } = message;
      const reply = `${INBOXES[sender]}.${first + k}`;
      this.#connections.get(sender)?.publish({ subject, reply, body, ...(headers && { headers }) });
    }
    await Promise.all([...this.#connections.values()].map((connection) => connection.flush()));
    if (this.#awaited > 0) await Promise.race([promise, delay(ANSWER_MS, undefined, { ref: false })]);
    for (const [n, message] of this.#open) {
      if (message.mustBeAnswered) this.#say(`message ${n} to ${message.subject} is not answered`);
    }
  }

  #onAnswer(answer: RawAnswer): void {
    const n = Number(answer.subject.split('.').at(-1));
    const message = this.#open.get(n);
    if (!message) return; // of an earlier batch, to a message that nobody has to answer
    this.#open.delete(n);
    this.#answered++;
    if (answer.headers.includes('orc-fault')) this.#faults++;
    const problem = faultWith(answer, message);
    if (problem !== undefined) this.#say(`message ${n} to ${message.subject} is answered with ${problem}`);
    if (message.mustBeAnswered && --this.#awaited === 0) this.#whenAnswered?.();
  }

  #say(problem: string): void {
    this.#problems.push(problem);
  }

  #measure<Name extends (typeof WATCHED)[number]>(of: (pid: number) => number): Record<Name, number> {
    const { processes } = this.#system;
    const measured = WATCHED.map((name) => [name, of(processes.get(name)?.pid ?? 0)]);
    return Object.fromEntries(measured) as Record<Name, number>;
  }

  /** Answers the token of an invocation. */
  async #ordinaryCall(): Promise<string> {
    const { result } = await this.#system.client.call({ plugin: 'probe', capability: 'token' }, {});
    if (!result.ok) throw result.fault;
    return (result.value as { text: string }).text;
  }

  /** Every request is decided, all work is done, each result is typed, and no call is kept in mind any more. */
  async #drained(): Promise<void> {
    const bus = await connectBus({ url: this.#system.urlAs('choreographer'), name: 'fuzz-checker' });
    try {
      const jsm = await jetstreamManager(bus.nc);
      const waiting = async () => {
        const streams = await Promise.all(
          [STREAMS.requests, STREAMS.nested, STREAMS.work].map(({ name }) => jsm.streams.info(name)),
        );
        return { messages: streams.reduce((sum, { state }) => sum + state.messages, 0), calls: await this.#underWay() };
      };
      const giveUpAtMs = Date.now() + DRAIN_MS;
      let left = await waiting();
      while (left.messages + left.calls > 0 && Date.now() < giveUpAtMs) {
        await delay(200);
        left = await waiting();
      }
      if (left.messages > 0) this.#say(`${left.messages} requests and pieces of work are still there`);
      if (left.calls > 0) this.#say(`${left.calls} calls are still kept in mind`);
      const { state } = await jsm.streams.info(STREAMS.dead.name);
      if (state.messages === 0) this.#say('no request was refused');
    } finally {
      await bus.nc.close();
    }
  }

  async #underWay(): Promise<number> {
    const { requester } = this.#system.client;
    const reply = await requester.request('$SRV.STATS.choreographer', '', { timeoutMs: 5_000 });
    const { endpoints } = reply.json<{ endpoints: { data?: { callsUnderWay?: number } }[] }>();
    const count = endpoints.find(({ data }) => data)?.data?.callsUnderWay;
    if (count === undefined) throw new Error('The choreographer does not say how many calls are under way.');
    return count;
  }
}

/** From /proc, where there is one; else 0, which never grows. */
function residentMbOf(pid: number): number {
  try {
    const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}
