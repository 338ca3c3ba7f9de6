import { setTimeout as delay } from 'node:timers/promises';
import { connect, createInbox, errors, type NatsConnection } from '@nats-io/transport-node';
import { Fault } from '@orchestrator/protocol';
import { ConnectionLife } from './connection-life.js';
import { Outbox } from './outbox.js';

export interface BusOptions {
  /** `nats://[user:password@]host[:port][,host[:port]…]`: of a cluster, some of its servers. @default nats://127.0.0.1:4222 */
  readonly url?: string | undefined;
  /** Shown by `nats server report connections`. */
  readonly name: string;
  /** Keep trying until a server answers, instead of failing at once. For services, which may start before NATS. @default false */
  readonly waitForServer?: boolean;
  /** Keep trying for so long. @default not at all */
  readonly waitMs?: number | undefined;
}

/** A connection, and the inboxes that its user may listen on. */
export interface Bus {
  readonly nc: NatsConnection;
  /** A fresh reply subject under this user's own prefix. */
  newInbox(): string;
  /** The largest message that the server takes, headers included. */
  readonly maxPayload: number;
  readonly life: ConnectionLife;
  /** For what is published often, and by many at once. */
  readonly outbox: Outbox;
  /** Ends the connection once all that was sent has left, what is gathered in the outbox, too; resolves when it is closed. */
  end(): Promise<void>;
}

/** What nats-server takes when nobody has configured it. */
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;

export const DEFAULT_NATS_URL = 'nats://127.0.0.1:4222';
const CONNECT_AGAIN_MS = 250;

/**
 * Connects, and from then on reconnects for ever. A user of its own gets an inbox prefix of its own, so that nobody
 * else may read its answers.
 * @throws Fault `unavailable` when no server answers, `permission-denied` when it refuses the credentials
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { servers, user, password } = parseAddress(options.url ?? DEFAULT_NATS_URL);
  const inboxPrefix = user ? `_INBOX_${user}` : '_INBOX';
  const giveUpAtMs = Date.now() + (options.waitMs ?? 0);
  const begin = () =>
    connect({
      servers,
      name: options.name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 10_000,
      noAsyncTraces: true,
      waitOnFirstConnect: options.waitForServer ?? false,
      inboxPrefix,
      ...(user && { user, pass: password }),
    });
  try {
    const nc = await connectUntil(giveUpAtMs, begin);
    shieldReader(nc);
    const outbox = new Outbox(nc);
    return {
      nc,
      newInbox: () => createInbox(inboxPrefix),
      get maxPayload() {
        return nc.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
      },
      life: new ConnectionLife(nc),
      outbox,
      end: () => {
        outbox.end();
        return nc.drain();
      },
    };
  } catch (error) {
    if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
      throw new Fault('permission-denied', `NATS at ${servers.join(', ')} refuses these credentials.`, undefined, {
        cause: error,
      });
    }
    throw new Fault(
      'unavailable',
      `No NATS server answers at ${servers.join(', ')}. Start the system with "npx orchestrator up", or set NATS_URL.`,
      undefined,
      { cause: error },
    );
  }
}

async function connectUntil(giveUpAtMs: number, begin: () => Promise<NatsConnection>): Promise<NatsConnection> {
  for (;;) {
    try {
      return await begin();
    } catch (error) {
      if (!(error instanceof errors.ConnectionError) || Date.now() + CONNECT_AGAIN_MS > giveUpAtMs) throw error;
    }
    await delay(CONNECT_AGAIN_MS);
  }
}

/**
 * nats.js stops reading for good, with the connection up, when a callback throws. No message may do that to a process: one
 * on which a callback fails is dropped, and Node is told as of any other defect.
 */
function shieldReader(nc: NatsConnection): void {
  const subscribe = nc.subscribe.bind(nc);
  nc.subscribe = (subject, { callback, ...options } = {}) =>
    subscribe(subject, {
      ...options,
      ...(callback && {
        callback: (error, msg) => {
          try {
            callback(error, msg);
          } catch (thrown) {
            process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
          }
        },
      }),
    });
}

interface Address {
  /** `host:port` of each. */
  readonly servers: string[];
  readonly user: string;
  readonly password: string;
}

/** Credentials hold for all servers; the first that has some says which. */
function parseAddress(text: string): Address {
  const urls = text.split(',').map((one) => parseUrl(one.trim(), text));
  const named = urls.find((url) => url.username);
  return {
    servers: urls.map((url) => url.host),
    user: decodeURIComponent(named?.username ?? ''),
    password: decodeURIComponent(named?.password ?? ''),
  };
}

function parseUrl(server: string, whole: string): URL {
  const url = URL.parse(server.includes('://') ? server : `nats://${server}`);
  if (!url?.hostname) {
    throw new Fault(
      'invalid-argument',
      `"${whole}" is not a NATS address. Write nats://[user:password@]host[:port][,host[:port]…].`,
    );
  }
  if (!url.port) url.port = '4222';
  return url;
}
