import type { NatsConnection } from '@nats-io/transport-node';

/** How long words to the server gather. */
const GATHER_MS = 2;

/**
 * Acknowledgements are in no hurry: published one by one as each piece of work ends, every one of them would be a write to
 * the socket of its own; gathered for a moment, they share one. One that is lost with the process is a redelivery.
 */
export class AckBatch {
  readonly #nc: Pick<NatsConnection, 'publish'>;
  #gathered: [string, string][] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(nc: Pick<NatsConnection, 'publish'>) {
    this.#nc = nc;
  }

  publish(subject: string, word: string): void {
    this.#gathered.push([subject, word]);
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const words = this.#gathered;
    this.#gathered = [];
    for (const [subject, word] of words) this.#nc.publish(subject, word);
  }
}
