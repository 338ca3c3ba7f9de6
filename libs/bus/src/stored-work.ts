/** Work that waits in the stream: read and taken out by its subject, by whoever decides that it shall not run any more. */
import { jetstreamManager } from '@nats-io/jetstream';
import { STREAMS } from '@orchestrator/protocol';
import type { Answer } from './answers.js';
import type { Bus } from './connection.js';

/** The queued or running work; undefined when it has been acknowledged. */
export async function readWork(bus: Bus, subject: string): Promise<Answer | undefined> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const stored = await jsm.streams.getMessage(STREAMS.work.name, { last_by_subj: subject });
  return stored ? { data: stored.data, headers: stored.header } : undefined;
}

export async function purgeWork(bus: Bus, subject: string): Promise<void> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  await jsm.streams.purge(STREAMS.work.name, { filter: subject });
}

/** Clears the place of a result of something that is none. */
export async function purgeResultPlace(bus: Bus, subject: string): Promise<void> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  await jsm.streams.purge(STREAMS.results.name, { filter: subject });
}
