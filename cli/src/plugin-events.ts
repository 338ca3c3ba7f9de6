/** Reading what the registry has told of plugins. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '@orchestrator/bus';
import { readRegistryEvents, type ToldEvent } from '@orchestrator/bus/streams';
import { Fault, subjects } from '@orchestrator/protocol';

export interface EventsOptions {
  /** Unix time. */
  readonly sinceMs: number;
  readonly plugin?: string | undefined;
  readonly onEvent: (event: ToldEvent) => void;
}

export interface FollowEventsOptions extends EventsOptions {
  /** Told when NATS does not answer, and when it does again. */
  readonly onAway: (isAway: boolean) => void;
  readonly until: AbortSignal;
}

type Place = { readonly sequence: number } | { readonly atMs: number };

/** After so long what is new is looked for, though nothing was heard. */
const POLL_MS = 2_000;

/** All that there are, oldest first. @throws Fault `unavailable` */
export async function readEvents(bus: Bus, options: EventsOptions): Promise<void> {
  await readFrom(bus, { atMs: options.sinceMs }, options);
}

/** Answers where the next one will be. */
async function readFrom(bus: Bus, from: Place, { plugin, sinceMs, onEvent }: EventsOptions): Promise<Place> {
  let place = from;
  for (;;) {
    const { events, next } = await readRegistryEvents(bus, { from: place, plugin });
    for (const event of events) if (event.atMs >= sinceMs) onEvent(event);
    if (next === undefined) return place;
    place = { sequence: next };
  }
}

/**
 * The same, and on, until the signal. What is heard on the subject only says that there is more: it is read from the stream, so
 * that nothing is left out or told twice, however long NATS was away. @throws Fault `unavailable` when it is at first
 */
export async function followEvents(bus: Bus, options: FollowEventsOptions): Promise<void> {
  const { plugin, until, onAway } = options;
  let wake = new AbortController();
  const heard = bus.nc.subscribe(subjects.registryEvent('*', plugin ?? '*'), { callback: () => wake.abort() });
  let place = await readFrom(bus, { atMs: options.sinceMs }, options);
  let isAway = false;
  while (!until.aborted) {
    await delay(POLL_MS, undefined, { signal: AbortSignal.any([until, wake.signal]) }).catch(() => {});
    wake = new AbortController();
    try {
      place = await readFrom(bus, place, options);
      if (isAway) onAway(false);
      isAway = false;
    } catch (error) {
      if (Fault.from(error).code !== 'unavailable') throw error;
      if (!isAway && !until.aborted) onAway(true);
      isAway = true;
    }
  }
  heard.unsubscribe();
}
