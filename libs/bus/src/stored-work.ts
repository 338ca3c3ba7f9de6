/** Work that waits in the stream: read and taken out by its subject, by whoever decides that it shall not run any more. */
import { jetstreamManager } from '@nats-io/jetstream';
import {
  type AsideQueue,
  parseAside,
  parseWork,
  patterns,
  requestSubject,
  STREAMS,
  subjects,
  type Target,
} from '@orchestrator/protocol';
import type { Answer } from './answers.js';
import type { Bus } from './connection.js';
import { removeStoredOn } from './stored-messages.js';

/** The queued or running work; undefined when it has been acknowledged. */
export function readWork(bus: Bus, subject: string): Promise<Answer | undefined> {
  return readLast(bus, STREAMS.work.name, subject);
}

/**
 * The work between two attempts: given up by its host, waiting for its time, or about to be placed again. Looked for against
 * the way that it takes, so that it is not missed on its way. Undefined when there is none.
 */
export async function readWaiting(bus: Bus, plugin: string, invocation: string): Promise<Answer | undefined> {
  return (
    (await readLast(bus, STREAMS.timers.name, subjects.due('retry', invocation))) ??
    (await readLast(bus, STREAMS.timers.name, subjects.timer('retry', invocation))) ??
    (await readLast(bus, STREAMS.attempts.name, subjects.attempt(plugin, invocation)))
  );
}

async function readLast(bus: Bus, stream: string, subject: string): Promise<Answer | undefined> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const stored = await jsm.streams.getMessage(stream, { last_by_subj: subject });
  return stored ? { data: stored.data, headers: stored.header } : undefined;
}

/** The invocations of one capability of a version whose work is queued or running. */
export async function invocationsInWork(bus: Bus, target: Target): Promise<ReadonlySet<string>> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const { state } = await jsm.streams.info(STREAMS.work.name, { subjects_filter: patterns.workOf(target) });
  return new Set(Object.keys(state.subjects ?? {}).map((subject) => parseWork(subject).invocation));
}

/** The queues in which requests are set aside at the moment. */
export async function readAsideQueues(bus: Bus): Promise<AsideQueue[]> {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const { state } = await jsm.streams.info(STREAMS.requests.name, { subjects_filter: patterns.aside });
  return Object.keys(state.subjects ?? {}).flatMap((subject) => parseAside(subject) ?? []);
}

/** Requests that are stored, but those of running work: how much they take of what there is room for, and how many each caller has. */
export async function requestsStored(bus: Bus) {
  const jsm = await jetstreamManager(bus.nc, { checkAPI: false });
  const { state, config } = await jsm.streams.info(STREAMS.requests.name, { subjects_filter: '>' });
  const counts = new Map<string, number>();
  for (const [subject, count] of Object.entries(state.subjects ?? {})) {
    const caller = requestSubject(subject).split('.')[3] ?? '';
    counts.set(caller, (counts.get(caller) ?? 0) + count);
  }
  return { bytes: state.bytes, maxBytes: config.max_bytes, lastSequence: state.last_seq, counts };
}

/** Takes it out, whether it is queued, running or waiting. */
export async function removeWork(bus: Bus, work: Target & { readonly invocation: string }): Promise<void> {
  await removeStoredOn(bus, STREAMS.work.name, subjects.work(work, work.invocation));
  await removeStoredOn(bus, STREAMS.timers.name, subjects.timer('retry', work.invocation));
  await removeStoredOn(bus, STREAMS.timers.name, subjects.due('retry', work.invocation)); // a timer becomes that
}

/** Clears the place of a result of something that is none. */
export function clearResultPlace(bus: Bus, subject: string): Promise<void> {
  return removeStoredOn(bus, STREAMS.results.name, subject);
}
