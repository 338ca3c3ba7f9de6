/** Answers as they stand in messages: a JSON body, or a fault in header and body. */
import type { MsgHdrs } from '@nats-io/transport-node';
import { type Body, Fault, HEADERS, parseDataRef, parseFault } from '@orchestrator/protocol';
import { OutgoingHeaders } from './outgoing-headers.js';

/** A message that may be an answer. */
export interface Answer {
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs | undefined;
}

/** What a message carries. A reference that cannot be read is none: whoever it was sent to has refused it. */
export function bodyOf({ data, headers }: Answer): Body {
  const reference = headers?.get(HEADERS.dataRef);
  const dataRef = reference ? parseDataRef(reference) : undefined;
  return { data, ...(dataRef && { dataRef }) };
}

/** Marks an answer as a fault; the body is the fault's JSON. */
export function faultHeaders(fault: Fault, base = new OutgoingHeaders()): OutgoingHeaders {
  return base.add(HEADERS.fault, fault.code);
}

/** @throws Fault the fault that the answer carries, or `internal` when the body is not JSON */
export function readAnswer(answer: Answer): unknown {
  const body = parseJson(answer.data);
  if (answer.headers?.get(HEADERS.fault)) throw parseFault(body);
  return body;
}

/** @throws Fault `internal` when the text is not JSON */
export function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString());
  } catch (cause) {
    throw new Fault('internal', 'The answer is not JSON.', undefined, { cause });
  }
}
