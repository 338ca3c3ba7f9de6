/**
 * A NATS client of a few lines that checks nothing of what it sends: header blocks are bytes, so that they can be any
 * bytes. https://docs.nats.io/reference/reference-protocols/nats-protocol
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What arrived on an inbox. */
export interface RawAnswer {
  readonly subject: string;
  /** The header block as text; empty without one. */
  readonly headers: string;
  readonly body: Buffer;
}

export interface RawMessage {
  /** Tokens without white space: anything else would be another protocol. */
  readonly subject: string;
  readonly reply?: string;
  /** The whole header block; without it the message has none. */
  readonly headers?: Buffer;
  readonly body: Buffer;
}

const END = '\r\n';

export class RawNats {
  readonly #socket: Socket;
  readonly #onAnswer: (answer: RawAnswer) => void;
  /** What the server complained of: of a permission, or of a message that is too large. */
  readonly complaints: string[] = [];
  #received: Buffer = Buffer.alloc(0);
  #pongs: PromiseWithResolvers<void>[] = [];

  private constructor(socket: Socket, onAnswer: (answer: RawAnswer) => void) {
    this.#socket = socket;
    this.#onAnswer = onAnswer;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => this.complaints.push(error.message));
    socket.on('close', () => {
      for (const pong of this.#pongs) pong.reject(new Error(`The server hung up: ${this.complaints.at(-1)}`));
    });
  }

  /** @param url with user and password where there are any */
  static async open(url: string, inboxes: string, onAnswer: (answer: RawAnswer) => void): Promise<RawNats> {
    const { hostname, port, username, password } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    const raw = new RawNats(socket, onAnswer);
    const credentials = username && { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
    const about = { verbose: false, pedantic: false, headers: true, no_responders: true, lang: 'raw', version: '1' };
    socket.write(`CONNECT ${JSON.stringify({ ...about, ...credentials })}${END}SUB ${inboxes} 1${END}`);
    await raw.flush();
    return raw;
  }

  publish({ subject, reply = '', headers, body }: RawMessage): void {
    const address = reply ? `${subject} ${reply}` : subject;
    const size = headers ? `${headers.length} ${headers.length + body.length}` : body.length;
    this.#socket.cork();
    this.#socket.write(`${headers ? 'HPUB' : 'PUB'} ${address} ${size}${END}`);
    if (headers) this.#socket.write(headers);
    this.#socket.write(body);
    this.#socket.write(END);
    process.nextTick(() => this.#socket.uncork());
  }

  /** Resolves when the server has taken everything that was published before. */
  flush(): Promise<void> {
    const pong = Promise.withResolvers<void>();
    this.#pongs.push(pong);
    this.#socket.write(`PING${END}`);
    return pong.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    for (;;) {
      const end = this.#received.indexOf(END);
      if (end < 0) return;
      const line = this.#received.toString('latin1', 0, end);
      const [verb, ...rest] = line.split(' ');
      const bodyAt = end + END.length;
      if (verb !== 'MSG' && verb !== 'HMSG') {
        this.#received = this.#received.subarray(bodyAt);
        this.#onLine(verb ?? '', line);
        continue;
      }
      const size = Number(rest.at(-1));
      const after = bodyAt + size + END.length;
      if (this.#received.length < after) return;
      const headerSize = verb === 'HMSG' ? Number(rest.at(-2)) : 0;
      const headers = this.#received.toString('latin1', bodyAt, bodyAt + headerSize);
      const body = Buffer.from(this.#received.subarray(bodyAt + headerSize, bodyAt + size));
      this.#received = this.#received.subarray(after);
      this.#onAnswer({ subject: rest[0] ?? '', headers, body });
    }
  }

  #onLine(verb: string, line: string): void {
    if (verb === 'PING') this.#socket.write(`PONG${END}`);
    else if (verb === 'PONG') this.#pongs.shift()?.resolve();
    else if (verb === '-ERR') this.complaints.push(line);
  }
}
