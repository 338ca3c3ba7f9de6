import { connect, createInbox, errors, type NatsConnection } from '@nats-io/transport-node';
import { Fault } from '@orchestrator/protocol';
import { Outbox } from './outbox.js';

export interface BusOptions {
  /** `nats://[user:password@]host[:port]`. @default nats://127.0.0.1:4222 */
  readonly url?: string | undefined;
  /** Shown by `nats server report connections`. */
  readonly name: string;
  /** Keep trying until a server answers, instead of failing at once. For services, which may start before NATS. @default false */
  readonly waitForServer?: boolean;
}

/** A connection, and the inboxes that its user may listen on. */
export interface Bus {
  readonly nc: NatsConnection;
  /** A fresh reply subject under this user's own prefix. */
  newInbox(): string;
  /** For what is published often, and by many at once. */
  readonly outbox: Outbox;
}

export const DEFAULT_NATS_URL = 'nats://127.0.0.1:4222';

/**
 * Connects, and from then on reconnects for ever. A user of its own gets an inbox prefix of its own, so that nobody
 * else may read its answers.
 * @throws Fault `unavailable` when no server answers, `permission-denied` when it refuses the credentials
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const url = parseUrl(options.url ?? DEFAULT_NATS_URL);
  const user = decodeURIComponent(url.username);
  const inboxPrefix = user ? `_INBOX_${user}` : '_INBOX';
  try {
    const nc = await connect({
      servers: url.host,
      name: options.name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 10_000,
      noAsyncTraces: true,
      waitOnFirstConnect: options.waitForServer ?? false,
      inboxPrefix,
      ...(user && { user, pass: decodeURIComponent(url.password) }),
    });
    shieldReader(nc);
    return { nc, newInbox: () => createInbox(inboxPrefix), outbox: new Outbox(nc) };
  } catch (error) {
    if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
      throw new Fault('permission-denied', `NATS at ${url.host} refuses these credentials.`, undefined, {
        cause: error,
      });
    }
    throw new Fault(
      'unavailable',
      `No NATS server answers at ${url.host}. Start the system with "npx orchestrator up", or set NATS_URL.`,
      undefined,
      { cause: error },
    );
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

function parseUrl(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `nats://${text}`);
  if (!url?.hostname) {
    throw new Fault('invalid-argument', `"${text}" is not a NATS address. Write nats://[user:password@]host[:port].`);
  }
  if (!url.port) url.port = '4222';
  return url;
}
