/** How durable work ends, as messages: the result that is stored, and the dead letter that goes before a fault. */
import type { MsgHdrs } from '@nats-io/transport-node';
import {
  type Body,
  type CapabilityRef,
  encodeDataRef,
  type Fault,
  HEADERS,
  hashOfBody,
  LIMITS,
  subjects,
} from '@orchestrator/protocol';
import { faultHeaders } from './answers.js';
import { OutgoingHeaders } from './outgoing-headers.js';
import type { StoredPublisher } from './stored-publisher.js';

/** Which invocation ended, and who says so. */
export interface EndedInvocation extends CapabilityRef {
  readonly caller: string;
  readonly invocation: string;
  readonly correlation: string;
  readonly parent?: string | undefined;
  /** `/plugins/<plugin>` or `/choreographer`. */
  readonly source: string;
  readonly atMs: number;
  /** The original arguments, byte for byte; undefined when they are no longer there. */
  readonly body: Body | undefined;
  /** Headers that prove to a choreographer whose request it was, so that it can be redriven. */
  readonly proof?: Readonly<Record<string, string>> | undefined;
}

/** The headers of its stored result: a CloudEvent, with the fault's code where it ended in one. */
export function resultHeaders(ended: EndedInvocation, run: string, fault?: Fault): OutgoingHeaders {
  const result = eventHeaders(ended, 'orc.v1.result');
  if (ended.parent) result.add(HEADERS.causationId, ended.parent);
  result.add(HEADERS.run, run);
  if (ended.body) result.add(HEADERS.bodyHash, hashOfBody(ended.body));
  return fault ? faultHeaders(fault, result) : result;
}

/**
 * Stores the dead letter of work that ends in this fault: to be done before the fault is stored as the result, so that
 * what has a faulty result is always among the dead letters. The first one of an invocation is kept.
 * @param request the headers of the original request, as far as there are any
 * @throws Fault when it is not known to be stored
 */
export async function storeDeadLetter(
  publisher: Pick<StoredPublisher, 'store' | 'maxBytes'>,
  ended: EndedInvocation,
  fault: Fault,
  request?: MsgHdrs,
): Promise<void> {
  if (fault.code === 'cancelled') return; // somebody wanted it so
  const dead = faultHeaders(fault, eventHeaders(ended, 'orc.v1.dead-letter'));
  dead.add(HEADERS.faultBody, JSON.stringify(fault));
  dead.add(HEADERS.caller, ended.caller);
  for (const name of [HEADERS.version, HEADERS.attempts, HEADERS.limits, HEADERS.sticky, HEADERS.traceparent]) {
    const value = request?.get(name);
    if (value) dead.add(name, value);
  }
  for (const [name, value] of Object.entries(ended.proof ?? {})) dead.add(name, value);
  if (ended.body?.dataRef) dead.add(HEADERS.dataRef, encodeDataRef(ended.body.dataRef));
  // A request may fill a whole message, which leaves no room for what a dead letter says of it.
  const data = ended.body?.data ?? '';
  const body = data.length <= publisher.maxBytes - LIMITS.headroomBytes ? data : '';
  await publisher.store(subjects.dead(ended.plugin, ended.capability, ended.invocation), body, dead);
}

function eventHeaders(ended: EndedInvocation, type: string): OutgoingHeaders {
  const result = new OutgoingHeaders();
  result.add(HEADERS.specVersion, '1.0');
  result.add(HEADERS.id, ended.invocation);
  result.add(HEADERS.type, type);
  result.add(HEADERS.source, ended.source);
  result.add(HEADERS.subject, `${ended.plugin}.${ended.capability}`);
  result.add(HEADERS.time, new Date(ended.atMs).toISOString());
  result.add(HEADERS.correlationId, ended.correlation);
  return result;
}
