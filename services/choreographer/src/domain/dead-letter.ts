/** Dead letters as the choreographer reads them, and the questions that are asked about them. Pure. */
import type { MessageHead, StoredBody } from '@orchestrator/bus/streams';
import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterSelection,
  decodeRun,
  Fault,
  type FaultBody,
  HEADERS,
  isFaultCode,
  type LateResult,
  parseDataRef,
  parseDead,
  parseFault,
} from '@orchestrator/protocol';
import { type Args, isNameText, isWhole, parseFilter, parseInvocation, parseLimit } from './query-arguments.js';

/** Of a fault's message, what stands in a list: a page of letters has to fit an answer. */
const LISTED_MESSAGE = 500;

/** What a letter says of itself; undefined for what is none, such as an acknowledgement that a server has put there. */
export function readLetter(head: MessageHead): DeadLetter | undefined {
  const header = (name: string) => head.headers.get(name);
  if (!header(HEADERS.id)) return undefined;
  return {
    ...parseDead(head.subject),
    correlation: header(HEADERS.correlationId),
    caller: header(HEADERS.caller),
    fault: faultOf(header(HEADERS.faultBody)),
    source: header(HEADERS.source),
    atMs: head.storedAtMs,
    bytes: parseDataRef(header(HEADERS.dataRef))?.bytes ?? head.bytes,
    sequence: head.sequence,
  };
}

/** A result that came late, as its host stored it; undefined for what is none. */
export function readLate({ headers, data, bytes }: StoredBody): LateResult | undefined {
  const run = decodeRun(headers.get(HEADERS.run));
  if (!run) return undefined;
  const at = headers.get(HEADERS.dataRef);
  const size = parseDataRef(at)?.bytes;
  return size === undefined
    ? { ...run, bytes, body: Buffer.from(data).toString('base64') }
    : { ...run, bytes: size, at };
}

function faultOf(text: string): DeadLetter['fault'] {
  try {
    return parseFault(JSON.parse(text)).toJSON();
  } catch {
    return parseFault(undefined).toJSON();
  }
}

/** As it stands in a list. */
export function listedLetter(letter: DeadLetter): DeadLetter {
  return { ...letter, fault: listedFault(letter.fault) };
}

export function listedFault({ code, message }: FaultBody): FaultBody {
  return { code, message: message.length > LISTED_MESSAGE ? `${message.slice(0, LISTED_MESSAGE)}…` : message };
}

/** Plugin, capability and the order of time are seen to where the letters are read. */
export function isWanted(letter: DeadLetter, { caller, code, sinceMs, untilMs }: DeadLetterFilter): boolean {
  return (
    (caller === undefined || letter.caller === caller) &&
    (code === undefined || letter.fault.code === code) &&
    (sinceMs === undefined || letter.atMs >= sinceMs) &&
    (untilMs === undefined || letter.atMs < untilMs)
  );
}

const FILTER = {
  plugin: isNameText,
  capability: isNameText,
  caller: isNameText,
  code: isFaultCode,
  sinceMs: Number.isFinite,
  untilMs: Number.isFinite,
};

/** Which page of a list: `{filter?, before?, limit?}`. @throws Fault `invalid-argument` */
export function parsePage({ filter = {}, before, limit }: Args) {
  return {
    filter: parseFilter(filter, FILTER) as DeadLetterFilter,
    before: parseBefore(before),
    limit: parseLimit(limit),
  };
}

/** One letter, or all that fit a filter: which has to be said, be it as an empty filter. @throws Fault `invalid-argument` */
export function parseSelection({ invocation, filter, before }: Args): DeadLetterSelection {
  if ((invocation === undefined) === (filter === undefined)) {
    throw new Fault('invalid-argument', 'Say either which invocation, or which filter; {} fits all letters.');
  }
  if (invocation !== undefined) return { invocation: parseInvocation(invocation) };
  const until = parseBefore(before);
  return { filter: parseFilter(filter, FILTER) as DeadLetterFilter, ...(until !== undefined && { before: until }) };
}

function parseBefore(value: unknown): number | undefined {
  if (value === undefined || isWhole(value)) return value;
  throw new Fault('invalid-argument', 'before is the sequence of a letter: a whole number from 1.');
}
