/** Answers as they stand in messages: a JSON body, or a fault in header and body. */
import type { MsgHdrs } from '@nats-io/transport-node';
import { Fault, HEADERS, parseFault } from '@orchestrator/protocol';
import { OutgoingHeaders } from './outgoing-headers.js';

/** A message that may be an answer. */
export interface Answer {
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs | undefined;
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
function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString());
  } catch (cause) {
    throw new Fault('internal', 'The answer is not JSON.', undefined, { cause });
  }
}
