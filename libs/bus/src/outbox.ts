import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { type OutgoingHeaders, publishable } from './outgoing-headers.js';

export interface OutgoingOptions {
  readonly headers?: MsgHdrs | OutgoingHeaders | undefined;
  readonly reply?: string | undefined;
}

interface Outgoing {
  readonly subject: string;
  readonly data: Uint8Array | string;
  readonly options: OutgoingOptions;
  readonly onError: ((error: unknown) => void) | undefined;
}

/**
 * Publishes with everything else of the same turn of the event loop: what is published one by one, as each piece of work
 * gets on, makes a write to the socket each; gathered, it shares one.
 */
export class Outbox {
  readonly #nc: Pick<NatsConnection, 'publish'>;
  #gathered: Outgoing[] = [];
  #hasEnded = false;

  constructor(nc: Pick<NatsConnection, 'publish'>) {
    this.#nc = nc;
  }

  /**
   * @param onError told when the connection does not take it (closed, or larger than the server allows); without it, such a
   *   message is dropped, as one is that gets lost on its way
   */
  send(
    subject: string,
    data: Uint8Array | string,
    options: OutgoingOptions = {},
    onError?: (error: unknown) => void,
  ): void {
    if (this.#gathered.length === 0 && !this.#hasEnded) setImmediate(() => this.#flush());
    this.#gathered.push({ subject, data, options, onError });
    if (this.#hasEnded) this.#flush();
  }

  /** The connection is about to be drained, after which it takes nothing: from here on nothing waits for the end of its turn. */
  end(): void {
    this.#hasEnded = true;
    this.#flush();
  }

  #flush(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    for (const { subject, data, options, onError } of gathered) {
      try {
        const { headers, reply } = options;
        this.#nc.publish(subject, typeof data === 'string' ? Buffer.from(data) : data, {
          ...(headers && { headers: publishable(headers) }),
          ...(reply && { reply }),
        });
      } catch (error) {
        onError?.(error);
      }
    }
  }
}
