/** The consumers of work that there are, and taking out what nobody needs any more. */
import { JetStreamApiError } from '@nats-io/jetstream';
import { parseWorkConsumer, STREAMS, type Target, workConsumer } from '@orchestrator/protocol';
import type { Bus } from './connection.js';
import { withJetStream } from './jetstream-api.js';

/** JetStream's error for a consumer that is not there. */
const NO_CONSUMER = 10014;

/** A consumer of work of one capability of one version. */
export interface FoundConsumer {
  readonly target: Target;
  /** Nothing waits in it, nothing that it has handed out is unacknowledged, and nobody asks it for work. */
  readonly idle: boolean;
}

/** Those of the names that work consumers have; others are not ours. */
export function listWorkConsumers(bus: Bus): Promise<FoundConsumer[]> {
  return withJetStream(bus, async (jsm) => {
    const found: FoundConsumer[] = [];
    for await (const { name, num_pending, num_ack_pending, num_waiting } of jsm.consumers.list(STREAMS.work.name)) {
      const target = parseWorkConsumer(name);
      if (target) found.push({ target, idle: num_pending + num_ack_pending + num_waiting === 0 });
    }
    return found;
  });
}

/** What still waits in the stream for it stays there. One that is gone already is no error. */
export function removeWorkConsumer(bus: Bus, target: Target): Promise<void> {
  return withJetStream(bus, async (jsm) => {
    try {
      await jsm.consumers.delete(STREAMS.work.name, workConsumer(target).name);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== NO_CONSUMER) throw error;
    }
  });
}
