/**
 * Who reads the output that this plugin streams, and how far each is. Heard for all invocations, also before one of them begins
 * here: readers say it every second.
 */
import { type Bus, headersOf, type Msg, type Subscription } from '@orchestrator/bus';
import { LIMITS, parseChunkRead, patterns, type ResultAddress, subjects } from '@orchestrator/protocol';

/** Of more invocations than that it is not remembered that somebody reads: their output is then held up by nobody. */
const MAX_HEARD = 10_000;

interface Heard {
  readonly acknowledged: number;
  readonly atMs: number;
}

export class AttachedReaders {
  readonly #subscription: Subscription;
  readonly #sweep: NodeJS.Timeout;
  /** By subject, the longest silent first. */
  readonly #heard = new Map<string, Heard>();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(bus: Bus, plugin: string) {
    this.#subscription = bus.nc.subscribe(patterns.readsOf(plugin), {
      callback: (error, msg) => {
        if (!error && !isOutOfStream(msg)) this.#hear(msg.subject, msg.string());
      },
    });
    this.#sweep = setInterval(() => this.#forgetSilent(Date.now()), LIMITS.readerBeatMs).unref();
  }

  /** The number of the chunk up to which somebody has read; undefined while nobody reads. */
  acknowledged(address: ResultAddress): number | undefined {
    return this.#heard.get(subjects.read(address))?.acknowledged;
  }

  /** Resolves when that may have changed, or the signal aborts. */
  async changed(address: ResultAddress, signal: AbortSignal): Promise<void> {
    const subject = subjects.read(address);
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(subject) ?? new Set();
    this.#waiting.set(subject, waiting.add(resolve));
    const onAbort = () => resolve();
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) resolve();
    try {
      await promise;
    } finally {
      waiting.delete(resolve);
      if (waiting.size === 0) this.#waiting.delete(subject);
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#subscription.unsubscribe();
  }

  /** Of several readers the foremost counts: what is stored waits for the others. */
  #hear(subject: string, text: string): void {
    const read = parseChunkRead(text);
    if (!read) return;
    const before = this.#heard.get(subject);
    this.#heard.delete(subject);
    if (read.acknowledged !== undefined && this.#heard.size < MAX_HEARD) {
      const acknowledged = Math.max(read.acknowledged, before?.acknowledged ?? 0);
      this.#heard.set(subject, { acknowledged, atMs: Date.now() });
    }
    this.#wake(subject);
  }

  #forgetSilent(nowMs: number): void {
    for (const [subject, { atMs }] of this.#heard) {
      if (nowMs - atMs < LIMITS.readerSilenceMs) return;
      this.#heard.delete(subject);
      this.#wake(subject);
    }
  }

  #wake(subject: string): void {
    for (const resolve of this.#waiting.get(subject) ?? []) resolve();
  }
}

/** What nats-server itself sends to such a subject, because a reply subject says so, is no reader's. */
function isOutOfStream(msg: Msg): boolean {
  try {
    return Boolean(headersOf(msg)?.get('Nats-Stream'));
  } catch {
    return true; // readers send no headers at all
  }
}
