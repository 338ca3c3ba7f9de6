/** Talking to JetStream's own API: a cluster that is choosing a leader is waited for, and what it refuses is said in words. */
import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { Fault } from '@orchestrator/protocol';
import type { Bus } from './connection.js';

/** JetStream's error codes, as far as they mean something here. */
const NO_LEADER = 10008;
const NO_CLUSTER = 10074;
const NO_STORAGE = new Set([10002, 10047]);
const TOO_FEW_SERVERS = new Set([10005, 10023]);

/** A cluster has chosen its leader within seconds, once enough of its servers run. */
const PATIENCE_MS = 30_000;
/** Servers that have just started may not know each other yet. */
const PEERS_MS = 10_000;
const RETRY_MS = 250;

/**
 * Does something with streams, consumers or buckets; again while the cluster has no leader, and for a moment while it has too few servers.
 * @throws Fault `unavailable` without JetStream or without a leader, `invalid-argument` where the server has fewer replicas to give
 */
export async function withJetStream<T>(bus: Bus, work: (jsm: JetStreamManager) => Promise<T>): Promise<T> {
  const sinceMs = Date.now();
  for (;;) {
    try {
      return await work(await jetstreamManager(bus.nc));
    } catch (error) {
      const patienceMs = isPassing(error) ? PATIENCE_MS : isOfPeers(error) ? PEERS_MS : 0;
      if (Date.now() - sinceMs >= patienceMs) throw inWords(error);
    }
    await delay(RETRY_MS);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof errors.TimeoutError || (error instanceof JetStreamApiError && error.code === NO_LEADER);
}

function isOfPeers(error: unknown): boolean {
  return error instanceof JetStreamApiError && TOO_FEW_SERVERS.has(error.code);
}

function inWords(cause: unknown): unknown {
  if (cause instanceof Error && cause.name === 'JetStreamNotEnabled') {
    return new Fault('unavailable', 'This NATS server has no JetStream. Start it with -js.', undefined, { cause });
  }
  if (isPassing(cause)) return new Fault('unavailable', 'JetStream has no leader.', undefined, { cause });
  if (!(cause instanceof JetStreamApiError)) return cause;
  if (cause.code === NO_CLUSTER) {
    const message =
      'More than one replica needs a cluster of NATS servers, and this one is alone. Set ORC_REPLICAS to 1.';
    return new Fault('invalid-argument', message, undefined, { cause });
  }
  if (isOfPeers(cause)) {
    const message = `The NATS cluster cannot hold so many replicas (ORC_REPLICAS): ${cause.message}.`;
    return new Fault('unavailable', message, undefined, { cause });
  }
  if (NO_STORAGE.has(cause.code)) {
    const message = `NATS has not as much room as its streams may take (ORC_REQUESTS_MAX_BYTES and the like): ${cause.message}.`;
    return new Fault('exhausted', message, undefined, { cause });
  }
  return cause;
}
