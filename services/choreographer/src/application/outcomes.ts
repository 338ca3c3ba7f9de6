/**
 * Faults that the choreographer itself stores as results of durable requests, with the dead letter that a redrive needs.
 * The first stored result wins, whoever wrote it.
 */
import { faultHeaders, headers, type MsgHdrs, type StoredPublisher } from '@orchestrator/bus';
import { type Ask, encodeRun, type Fault, HEADERS, subjects } from '@orchestrator/protocol';

export interface FaultyOutcome {
  readonly ask: Ask;
  readonly invocation: string;
  readonly correlation: string;
  readonly fault: Fault;
  /** The original arguments; undefined when they are no longer there. */
  readonly body: Uint8Array | undefined;
  /** The original headers that a redrive would send again. */
  readonly original: MsgHdrs | undefined;
  readonly nowMs: number;
}

/** Dead letter first: what has a result is in the dead letters already. Answers whether this result is the first. @throws Fault when not acknowledged */
export async function storeFault(publisher: StoredPublisher, outcome: FaultyOutcome): Promise<boolean> {
  const { ask, invocation, correlation, fault, nowMs } = outcome;
  const dead = faultHeaders(fault, eventHeaders(outcome, 'orc.v1.dead-letter'));
  dead.set(HEADERS.faultBody, JSON.stringify(fault));
  dead.set(HEADERS.caller, ask.caller);
  for (const name of [HEADERS.version, HEADERS.traceparent]) {
    const value = outcome.original?.get(name);
    if (value) dead.set(name, value);
  }
  await publisher.store(subjects.dead(ask.plugin, ask.capability, invocation), outcome.body ?? '', dead);
  const result = faultHeaders(fault, eventHeaders(outcome, 'orc.v1.result'));
  result.set(HEADERS.correlationId, correlation);
  result.set(HEADERS.run, encodeRun({ attempt: 0, startedAtMs: nowMs, endedAtMs: nowMs, instance: '' }));
  const stored = await publisher.store(subjects.result({ ...ask, invocation }), JSON.stringify(fault), result);
  return stored.stored;
}

function eventHeaders({ ask, invocation, correlation, nowMs }: FaultyOutcome, type: string): MsgHdrs {
  const result = headers();
  result.set(HEADERS.specVersion, '1.0');
  result.set(HEADERS.id, invocation);
  result.set(HEADERS.type, type);
  result.set(HEADERS.source, '/choreographer');
  result.set(HEADERS.subject, `${ask.plugin}.${ask.capability}`);
  result.set(HEADERS.time, new Date(nowMs).toISOString());
  result.set(HEADERS.correlationId, correlation);
  return result;
}
