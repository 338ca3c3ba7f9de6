/**
 * Faults that the choreographer itself stores as results of durable requests, with the dead letter that a redrive needs.
 * The first stored result wins, whoever wrote it.
 */
import {
  type EndedInvocation,
  type MsgHdrs,
  resultHeaders,
  type StoredPublisher,
  storeDeadLetter,
} from '@orchestrator/bus';
import { type Ask, type Body, encodeRun, type Fault, HEADERS, subjects } from '@orchestrator/protocol';

export interface FaultyOutcome {
  readonly ask: Ask;
  readonly invocation: string;
  readonly correlation: string;
  readonly fault: Fault;
  /** The original arguments; undefined when they are no longer there. */
  readonly body: Body | undefined;
  /** The original headers that a redrive would send again. */
  readonly original: MsgHdrs | undefined;
  /** Headers that prove whose request it was. */
  readonly proof: Readonly<Record<string, string>> | undefined;
  readonly nowMs: number;
}

/** Dead letter first: what has a result is in the dead letters already. Answers whether this result is the first. @throws Fault when not acknowledged */
export async function storeFault(
  publisher: Pick<StoredPublisher, 'store' | 'maxBytes'>,
  outcome: FaultyOutcome,
): Promise<boolean> {
  const { ask, invocation, correlation, fault, nowMs, body, proof } = outcome;
  const { caller, plugin, capability } = ask;
  const source = '/choreographer';
  const what = { caller, plugin, capability, invocation, correlation };
  const ended: EndedInvocation = { ...what, source, atMs: nowMs, body, proof };
  await storeDeadLetter(publisher, ended, fault, outcome.original);
  const run = encodeRun({ attempt: 0, startedAtMs: nowMs, endedAtMs: nowMs, instance: '' });
  const result = resultHeaders(ended, run, fault);
  const receipt = proof?.[HEADERS.receipt];
  if (receipt) result.add(HEADERS.receipt, receipt);
  const stored = await publisher.store(subjects.result({ ...ask, invocation }), JSON.stringify(fault), result);
  return stored.stored;
}
