/** What goes wrong at the endpoint, as faults. The API key is in none of them. */
import { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import { Fault, type FaultCode } from '@orchestrator/protocol';

const MAX_MESSAGE_CHARACTERS = 500;

/** By HTTP status; what is not here is `invalid-argument` below 500, and `unavailable` from there. */
const CODE_BY_STATUS: Readonly<Record<number, FaultCode>> = {
  401: 'unauthenticated',
  402: 'permission-denied',
  403: 'permission-denied',
  404: 'not-found',
  408: 'unavailable',
  409: 'unavailable',
  429: 'exhausted',
};

/** By `error.type`: of an error that comes in the middle of a stream, which has no status. */
const STATUS_BY_TYPE: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

/** Why a reply that had begun is of no use. */
export type BrokenReply = 'stalled' | 'cut' | 'garbage';

export function brokenReplyFault(reason: BrokenReply, what: string): Fault {
  return new Fault('unavailable', what, { reason });
}

/** An `error` event in a stream. */
export function faultFromErrorEvent(type: string, message: string): Fault {
  return statusFault(STATUS_BY_TYPE.get(type) ?? 500, `${type}: ${message}`, {});
}

/** Whatever the SDK throws. */
export function faultFromModelError(error: unknown, nowMs: number): Fault {
  if (Fault.is(error)) return error;
  if (error instanceof APIConnectionError || !(error instanceof APIError)) {
    return new Fault(
      'unavailable',
      'The connection to the model endpoint failed.',
      { reason: 'connection' },
      { cause: error },
    );
  }
  const headers: Headers | undefined = error.headers;
  const retryAfterMs = headers && retryAfterMsOf(headers, nowMs);
  const requestId = error.requestID ?? undefined;
  const mayRetry = headers?.get('x-should-retry') === 'false' ? { mayRetry: false } : undefined;
  const details = {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(requestId !== undefined && { requestId }),
    ...mayRetry,
  };
  const status = error.status ?? STATUS_BY_TYPE.get(error.type ?? '') ?? 500;
  return statusFault(status, error.apiMessage ?? 'no message that could be read', details);
}

function statusFault(status: number, message: string, details: object): Fault {
  const code = CODE_BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'invalid-argument');
  const text = message.slice(0, MAX_MESSAGE_CHARACTERS);
  return new Fault(code, `The model endpoint answered ${status} (${text})`, { status, ...details });
}

/** The same fault without the key, wherever the endpoint may have put it. */
export function withoutKey(fault: Fault, apiKey: string | undefined): Fault {
  if (!apiKey) return fault;
  const clean = (value: unknown) => (typeof value === 'string' ? value.replaceAll(apiKey, '[key]') : value);
  const { code, message, details, cause } = fault;
  const cleaned = details && Object.fromEntries(Object.entries(details).map(([name, value]) => [name, clean(value)]));
  return new Fault(code, message.replaceAll(apiKey, '[key]'), cleaned, { cause });
}

/** What the headers ask for: `retry-after-ms`, `retry-after`, or when the limits that are used up begin anew. */
function retryAfterMsOf(headers: Headers, nowMs: number): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (ms >= 0) return ms;
  const after = headers.get('retry-after');
  if (after !== null) {
    const waitMs = /^\d+(\.\d+)?$/.test(after) ? Number(after) * 1000 : Date.parse(after) - nowMs;
    if (!Number.isNaN(waitMs)) return Math.max(0, Math.ceil(waitMs));
  }
  const resetsMs = [...headers]
    .filter(([name, value]) => /^anthropic-ratelimit-.*-remaining$/.test(name) && value === '0')
    .map(([name]) => Date.parse(headers.get(name.replace(/remaining$/, 'reset')) ?? ''))
    .filter((ms) => !Number.isNaN(ms));
  return resetsMs.length > 0 ? Math.max(0, Math.max(...resetsMs) - nowMs) : undefined;
}
