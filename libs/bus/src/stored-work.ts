/** Work that waits in the stream: read and taken out by its subject, by whoever decides that it shall not run any more. */
import { jetstreamManager } from '@nats-io/jetstream';
import { STREAMS, subjects, type Target } from '@orchestrator/protocol';
import type { Answer } from './answers.js';
import type { Bus } from './connection.js';

/** The queued or running work; undefined when it has been acknowledged. */
export function readWork(bus: Bus, subject: string): Promise<Answer | undefined> {
  return readLast(bus, STREAMS.work.name, subject);
}

/** The work that waits for its next attempt; undefined when none does. */
export function readTimer(bus: Bus, invocation: string): Promise<Answer | undefined> {
  return readLast(bus, STREAMS.timers.name, subjects.timer('retry', invocation));
}

async function readLast(bus: Bus, stream: string, subject: string): Promise<Answer | undefined> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const stored = await jsm.streams.getMessage(stream, { last_by_subj: subject });
  return stored ? { data: stored.data, headers: stored.header } : undefined;
}

/** Takes it out, whether it is queued, running or waiting. */
export async function purgeWork(bus: Bus, work: Target & { readonly invocation: string }): Promise<void> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  await jsm.streams.purge(STREAMS.work.name, { filter: subjects.work(work, work.invocation) });
  await jsm.streams.purge(STREAMS.timers.name, { filter: subjects.timer('retry', work.invocation) });
}

/** Clears the place of a result of something that is none. */
export async function purgeResultPlace(bus: Bus, subject: string): Promise<void> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  await jsm.streams.purge(STREAMS.results.name, { filter: subject });
}
