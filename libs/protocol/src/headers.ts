/** Header names, and what a caller may say in them. CloudEvents 1.0 binary mode over NATS at the edges. */
import { type CallLimits, parseCallLimits } from './call-limits.js';
import { type DataRef, parseDataRef } from './data-ref.js';
import { Fault } from './fault.js';
import { LIMITS } from './limits.js';
import { parseTraceparent, type TraceParent } from './traceparent.js';

export const HEADERS = {
  /** The caller's idempotency key; on results, the invocation id. */
  id: 'ce-id',
  specVersion: 'ce-specversion',
  type: 'ce-type',
  source: 'ce-source',
  subject: 'ce-subject',
  time: 'ce-time',
  /** Where the body lies, when it is too large for the message (see `data-ref.ts`). */
  dataRef: 'ce-dataref',
  /** The deadline, RFC 3339. */
  expiryTime: 'ce-expirytime',
  correlationId: 'ce-correlationid',
  causationId: 'ce-causationid',
  traceparent: 'traceparent',
  /** A semver range that the called plugin's version must satisfy. */
  version: 'orc-version',
  /** On requests: how often durable work may be tried at most; less than the capability's own policy, or nothing changes. */
  attempts: 'orc-attempts',
  /** On requests: narrower bounds for what is called (see `call-limits.ts`). */
  limits: 'orc-limits',
  /** On requests that were set aside: the sequence and the time, in nanoseconds, that they were stored with at first. */
  request: 'orc-request',
  /** On requests of roots: the whole tree is to use one version of each plugin. */
  sticky: 'orc-sticky',
  /** The signed call context. */
  context: 'orc-context',
  /** On stored results: proves whose work it is (see `context-signature.ts`). */
  receipt: 'orc-receipt',
  /** On results: the hash of the arguments, so that whoever used a key for others does not take the result for theirs. */
  bodyHash: 'orc-body-hash',
  /** On what a choreographer keeps of refused requests, and on redrives: proves whose request is asked again (see `redrive.ts`). */
  redrive: 'orc-redrive',
  /** On dead letters of refused requests: how long the caller had allowed, in milliseconds. */
  allowedMs: 'orc-allowed-ms',
  /** On dead letters: who asked. */
  caller: 'orc-caller',
  /** On dead letters and failed attempts: the fault, as JSON. */
  faultBody: 'orc-fault-body',
  /** The code of a fault: present means that the body is a fault. */
  fault: 'orc-fault',
  /** On results and failed attempts: how the run went, for history. */
  run: 'orc-run',
  /** On synchronous calls: names the streamed output, so that the caller knows where to read it. */
  stream: 'orc-stream',
  /** On chunks: attempt and number (see `chunks.ts`). */
  chunk: 'orc-chunk',
  /** On results and answers: the number of the last chunk; absent where nothing was streamed. */
  chunks: 'orc-chunks',
} as const;

/** What a caller said in headers, checked. */
export interface RequestHeaders {
  readonly key: string | undefined;
  readonly correlation: string | undefined;
  readonly range: string | undefined;
  readonly expiryMs: number | undefined;
  readonly maxAttempts: number | undefined;
  readonly limits: CallLimits | undefined;
  /** Is its whole tree to use one version of each plugin? What a nested call says of it counts for nothing. */
  readonly sticky: boolean;
  /** Of a synchronous call whose output is read while it is made. */
  readonly stream: string | undefined;
  readonly traceParent: TraceParent | undefined;
  readonly dataRef: DataRef | undefined;
  /** Still to be verified. */
  readonly contextToken: string | undefined;
}

/** Looks a header up; the empty string and undefined both mean that it is absent. */
export type HeaderLookup = (name: string) => string | undefined;

const NONE: RequestHeaders = {
  key: undefined,
  correlation: undefined,
  range: undefined,
  expiryMs: undefined,
  maxAttempts: undefined,
  limits: undefined,
  sticky: false,
  stream: undefined,
  traceParent: undefined,
  dataRef: undefined,
  contextToken: undefined,
};

function malformed(header: string, expectation: string): Fault {
  return new Fault('invalid-argument', `The header ${header} ${expectation}.`, { header });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Unix time in milliseconds; NaN for what is no time, such as the 30th of February, which `Date` would read as the 2nd of March. */
function parseTime(text: string): number {
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  const exists = RFC3339.test(text) && !Number.isNaN(day) && new Date(day).getUTCDate() === Number(text.slice(8, 10));
  return exists ? Date.parse(text) : Number.NaN;
}

/** Reads what a caller may say. `lookup` is undefined for a message without headers. @throws Fault `invalid-argument` */
export function parseRequestHeaders(lookup: HeaderLookup | undefined): RequestHeaders {
  if (!lookup) return NONE;
  const read = (name: string) => lookup(name) || undefined;

  const spec = read(HEADERS.specVersion);
  if (spec !== undefined && spec !== '1.0') throw malformed(HEADERS.specVersion, 'must be 1.0');

  const key = read(HEADERS.id);
  if (key !== undefined && (key.length > LIMITS.keyLength || CONTROL.test(key))) {
    throw malformed(HEADERS.id, `must be at most ${LIMITS.keyLength} characters, none of them a control character`);
  }
  const correlation = read(HEADERS.correlationId);
  if (correlation !== undefined && !/^(?!0{32})[0-9a-f]{32}$/.test(correlation)) {
    throw malformed(HEADERS.correlationId, 'must be 32 lower-case hex digits, not all zero');
  }
  const expiry = read(HEADERS.expiryTime);
  const expiryMs = expiry === undefined ? undefined : parseTime(expiry);
  if (Number.isNaN(expiryMs)) {
    throw malformed(HEADERS.expiryTime, 'must be an RFC 3339 time, like 2030-01-31T12:00:00Z');
  }
  const range = read(HEADERS.version);
  if (range !== undefined && range.length > 256) throw malformed(HEADERS.version, 'must be at most 256 characters');
  const attempts = read(HEADERS.attempts);
  if (attempts !== undefined && !/^[1-9]\d{0,8}$/.test(attempts)) {
    throw malformed(HEADERS.attempts, 'must be a whole number from 1 on');
  }
  const maxAttempts = attempts === undefined ? undefined : Number(attempts);
  const asked = read(HEADERS.limits);
  const limits = asked === undefined ? undefined : parseCallLimits(asked);
  const sticky = read(HEADERS.sticky);
  if (sticky !== undefined && sticky !== 'true') throw malformed(HEADERS.sticky, 'must be true, or absent');
  const stream = read(HEADERS.stream);
  if (stream !== undefined && !/^[A-Za-z0-9-]{16,64}$/.test(stream)) {
    throw malformed(HEADERS.stream, 'must be 16 to 64 letters, digits and hyphens');
  }
  const contextToken = read(HEADERS.context);
  if (contextToken !== undefined && contextToken.length > LIMITS.contextBytes) {
    throw malformed(HEADERS.context, `must be at most ${LIMITS.contextBytes} bytes`);
  }
  const traceparent = read(HEADERS.traceparent);
  const traceParent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  const reference = read(HEADERS.dataRef);
  const dataRef = reference === undefined ? undefined : parseDataRef(reference);
  if (reference !== undefined && !dataRef) {
    throw malformed(HEADERS.dataRef, 'must be /objects/<name>?size=<bytes>&sha256=<64 lower-case hex digits>');
  }
  const isSticky = sticky !== undefined;
  const said = { key, correlation, range, expiryMs, maxAttempts, limits, sticky: isSticky };
  return { ...said, stream, traceParent, dataRef, contextToken };
}
