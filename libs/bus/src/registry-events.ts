/** What the registry has told of plugins, read back from the stream that keeps it. */
import { JetStreamError, jetstreamManager } from '@nats-io/jetstream';
import { Fault, HEADERS, parseRegistryEvent, type RegistryEvent, STREAMS, subjects } from '@orchestrator/protocol';
import type { Bus } from './connection.js';

/** An event as it was stored. */
export interface ToldEvent {
  /** The CloudEvent's id. */
  readonly id: string;
  /** `editor@1.0.0`, or `editor` where no version is known. */
  readonly subject: string;
  readonly sequence: number;
  /** Unix time in milliseconds. */
  readonly atMs: number;
  readonly event: RegistryEvent;
}

export interface EventsQuery {
  /** The first sequence, or Unix time, that is asked for. A server that holds nothing so late begins with what is earlier. */
  readonly from: { readonly sequence: number } | { readonly atMs: number };
  /** Only of this plugin. @default any */
  readonly plugin?: string | undefined;
}

export interface EventsPage {
  /** Oldest first. What is no event is left out. */
  readonly events: readonly ToldEvent[];
  /** Where to ask on; undefined when there is no more yet. */
  readonly next: number | undefined;
}

const PAGE = 500;
const NOTHING_THERE = 404;

/** @throws Fault `unavailable` when NATS does not answer */
export async function readRegistryEvents(bus: Bus, { from, plugin }: EventsQuery): Promise<EventsPage> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const start = 'sequence' in from ? { seq: from.sequence } : { start_time: new Date(from.atMs) };
  const filter = subjects.registryEvent('*', plugin ?? '*');
  const events: ToldEvent[] = [];
  let next: number | undefined;
  try {
    const stored = await jsm.direct.getBatch(STREAMS.registryEvents.name, {
      ...start,
      batch: PAGE,
      next_by_subj: filter,
    });
    for await (const msg of stored) {
      next = msg.seq + 1;
      const event = parseRegistryEvent(msg.subject, msg.string());
      if (!event) continue;
      const [id, subject] = [msg.header.get(HEADERS.id), msg.header.get(HEADERS.subject)];
      events.push({ id, subject, sequence: msg.seq, atMs: msg.time.getTime(), event });
    }
  } catch (cause) {
    if (cause instanceof JetStreamError && 'code' in cause && cause.code === NOTHING_THERE)
      return { events, next: undefined };
    throw new Fault('unavailable', 'The stream of the registry’s events does not answer.', undefined, { cause });
  }
  return { events, next };
}
