/** Counters that all replicas share: subjects of a stream whose messages hold a sum, which the server itself adds to. */
import { type CounterName, countersStream, Fault, subjects } from '@orchestrator/protocol';
import type { Answer } from './answers.js';
import type { Bus } from './connection.js';
import { OutgoingHeaders, publishable } from './outgoing-headers.js';
import type { Requester } from './requester.js';

const TIMEOUT_MS = 5_000;

export class Counters {
  readonly #bus: Bus;
  readonly #requester: Requester;

  constructor(bus: Bus, requester: Requester) {
    this.#bus = bus;
    this.#requester = requester;
  }

  /** Resolves with the sum after it. @throws Fault `unavailable` when it may or may not have been added */
  async add(counter: CounterName, amount: number): Promise<number> {
    return sumOf(await this.#request(subjects.count(counter), increment(amount)));
  }

  /** Adds without waiting: for what is given back, where a loss costs only what was to be given. */
  addLater(counter: CounterName, amount: number): void {
    this.#bus.outbox.send(subjects.count(counter), '', { headers: increment(amount) });
  }

  /** 0 for one that nobody has added to. @throws Fault `unavailable` */
  async read(counter: CounterName): Promise<number> {
    const stream = countersStream(counter).name;
    const answer = await this.#request(`$JS.API.DIRECT.GET.${stream}.${subjects.count(counter)}`);
    return answer.headers?.code === 404 ? 0 : sumOf(answer);
  }

  async #request(subject: string, headers?: OutgoingHeaders): Promise<Answer> {
    try {
      const options = { timeoutMs: TIMEOUT_MS, ...(headers && { headers: publishable(headers) }) };
      return await this.#requester.request(subject, '', options);
    } catch (error) {
      throw uncounted(error);
    }
  }
}

function increment(amount: number): OutgoingHeaders {
  return new OutgoingHeaders().add('Nats-Incr', String(amount));
}

function sumOf({ data }: Answer): number {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString();
  const { val } = JSON.parse(text) as { val?: string };
  if (val === undefined) throw uncounted(text);
  return Number(val);
}

function uncounted(cause: unknown): Fault {
  return new Fault('unavailable', 'What the tree has used could not be counted.', undefined, { cause });
}
