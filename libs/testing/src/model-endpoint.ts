/** A real HTTP endpoint that speaks the Messages API and says what a script tells it, so that no test needs a key. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cassette } from './model-cassette.js';
import {
  errorBody,
  eventsOf,
  type ModelRequestSeen,
  type ScriptedAnswer,
  type ScriptedReply,
  type ServerEvent,
} from './model-script.js';

/** The replies in their order, or what answers a request; undefined where it has no answer. */
export type ModelScript = readonly ScriptedReply[] | ((seen: ModelRequestSeen) => ScriptedReply | undefined);

export interface ModelEndpoint {
  /** For `ANTHROPIC_BASE_URL`. */
  readonly url: string;
  /** What has reached it, oldest first. */
  readonly requests: readonly ModelRequestSeen[];
  /** Requests that nothing in the script or on the cassette answers: each was answered with a 400 that says so. */
  readonly misses: readonly string[];
  /** The most requests that were under way at once. */
  readonly mostAtOnce: number;
  /** Replaces the script. */
  script(script: ModelScript): void;
  /** Resolves once so many requests have come in all. */
  reached(count: number): Promise<void>;
  /** Resolves once no connection is left: those that clients have given up are gone. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function startModelEndpoint(source: ModelScript | Cassette = []): Promise<ModelEndpoint> {
  const endpoint = new ScriptedEndpoint(source);
  await endpoint.listen();
  return endpoint;
}

class ScriptedEndpoint implements ModelEndpoint {
  readonly #server: Server;
  #source: ModelScript | Cassette;
  #at = 0;
  #underWay = 0;
  mostAtOnce = 0;
  readonly requests: ModelRequestSeen[] = [];
  readonly misses: string[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(source: ModelScript | Cassette) {
    this.#source = source;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
  }

  script(script: ModelScript): void {
    this.#source = script;
    this.#at = 0;
  }

  reached(count: number): Promise<void> {
    return this.#when(() => this.requests.length >= count);
  }

  idle(): Promise<void> {
    return this.#when(() => this.#underWay === 0);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #when(holds: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (!holds()) return;
      this.#watchers.delete(look);
      resolve();
    };
    this.#watchers.add(look);
    look();
    return promise;
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
    response.once('close', () => {
      this.#underWay--;
      this.#changed();
    });
    const text = await readAll(request);
    if (request.method !== 'POST' || !request.url?.startsWith('/v1/messages'))
      return sendError(response, { status: 404 });
    const seen = { body: JSON.parse(text) as Record<string, unknown>, headers: request.headers };
    this.requests.push(seen);
    this.#changed();
    if (typeof this.#source === 'object' && 'play' in this.#source) {
      const played = await this.#source.play(seen);
      if (!played) return this.#miss(response, 'The cassette holds no such request');
      response.writeHead(played.status, played.headers).end(played.body);
      return;
    }
    const reply = typeof this.#source === 'function' ? this.#source(seen) : this.#source[this.#at++];
    if (reply === undefined) return this.#miss(response, 'The script has no answer to this request');
    await sendReply(response, reply, String(seen.body.model), this.requests.length);
  }

  #miss(response: ServerResponse, what: string): void {
    const miss = `${what}: ${JSON.stringify(this.requests.at(-1)?.body)}`;
    this.misses.push(miss);
    sendError(response, { status: 400, message: miss });
  }
}

async function sendReply(response: ServerResponse, reply: ScriptedReply, model: string, serial: number): Promise<void> {
  if (reply === 'silence') return;
  if (reply === 'hang-up') {
    response.destroy();
  } else if (reply === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to the hotel network</html>');
  } else if ('status' in reply) {
    sendError(response, reply);
  } else {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': `req_${serial}` });
    await sendEvents(response, reply, eventsOf(reply, model, serial));
  }
}

async function sendEvents(
  response: ServerResponse,
  { breaks, everyMs }: ScriptedAnswer,
  events: readonly ServerEvent[],
): Promise<void> {
  if (everyMs !== undefined) {
    for (const event of events) {
      response.write(frame(event));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    response.end();
    return;
  }
  if (breaks === undefined) {
    response.end(events.map(frame).join(''));
    return;
  }
  response.write(events.slice(0, 3).map(frame).join(''), () => {
    if (breaks === 'cut') response.destroy();
    if (breaks === 'end') response.end();
    if (breaks === 'garbage') response.end('event: content_block_delta\ndata: {"type":"content_block_de\n\n');
    if (breaks === 'overloaded') response.end(frame({ ...errorBody({ status: 529 }), type: 'error' }));
  });
}

function frame(event: ServerEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function sendError(response: ServerResponse, error: Exclude<ScriptedReply, string | ScriptedAnswer>): void {
  response.writeHead(error.status, { 'content-type': 'application/json', 'request-id': 'req_error', ...error.headers });
  response.end(JSON.stringify(errorBody(error)));
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
