import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';

export interface OutgoingOptions {
  readonly headers?: MsgHdrs | undefined;
  readonly reply?: string | undefined;
}

interface Outgoing {
  readonly subject: string;
  readonly data: Uint8Array | string;
  readonly options: OutgoingOptions;
  readonly onError: ((error: unknown) => void) | undefined;
}

/** Turns of the event loop that a gathering goes on for at most while each brings more. */
const MAX_TURNS = Number(process.env.TURNS ?? 4);

export class Outbox {
  readonly #nc: Pick<NatsConnection, 'publish'>;
  #gathered: Outgoing[] = [];
  #seen = 0;
  #turns = 0;
  #busy = false;

  constructor(nc: Pick<NatsConnection, 'publish'>) {
    this.#nc = nc;
  }

  send(
    subject: string,
    data: Uint8Array | string,
    options: OutgoingOptions = {},
    onError?: (error: unknown) => void,
  ): void {
    if (this.#gathered.length === 0) {
      this.#seen = 0;
      this.#turns = 0;
      setImmediate(this.#turn);
    }
    this.#gathered.push({ subject, data, options, onError });
  }

  readonly #turn = (): void => {
    const count = this.#gathered.length;
    if (this.#busy && count > this.#seen && ++this.#turns < MAX_TURNS) {
      this.#seen = count;
      setImmediate(this.#turn);
      return;
    }
    this.#flush();
  };

  #flush(): void {
    const gathered = this.#gathered;
    this.#busy = gathered.length > 1;
    this.#gathered = [];
    for (const { subject, data, options, onError } of gathered) {
      try {
        const { headers, reply } = options;
        const payload = typeof data === 'string' ? Buffer.from(data) : data;
        this.#nc.publish(subject, payload, { ...(headers && { headers }), ...(reply && { reply }) });
      } catch (error) {
        onError?.(error);
      }
    }
  }
}
