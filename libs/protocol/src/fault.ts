/**
 * The one error of the system. A fault that crosses the wire carries code, message and details, never a stack;
 * foreign errors become faults once, at the edge, by what they are and never by what their text says.
 */

/** What a code means for whoever receives it. */
export interface FaultMeaning {
  /** May the same call, sent again later, end differently? */
  readonly retryable: boolean;
  /** The HTTP status that a gateway answers with (RFC 9110). */
  readonly httpStatus: number;
  /** How loudly a service logs it: a caller's mistake is not the operator's emergency. */
  readonly logLevel: 'debug' | 'log' | 'warn' | 'error';
}

/** The closed list of codes, and the one table that says what each means. */
export const FAULTS = {
  /** The arguments, a header or the subject are not what the capability asks for. */
  'invalid-argument': { retryable: false, httpStatus: 400, logLevel: 'debug' },
  /** No such plugin, capability or record. `details.nearest` names the likeliest ones. */
  'not-found': { retryable: false, httpStatus: 404, logLevel: 'debug' },
  /** The plugin is there, but in no version that the caller accepts. `details.available` lists them. */
  'incompatible-version': { retryable: false, httpStatus: 409, logLevel: 'debug' },
  /** The caller may not do this. */
  'permission-denied': { retryable: false, httpStatus: 403, logLevel: 'warn' },
  /** The call context is forged, altered, spliced, foreign or expired. */
  unauthenticated: { retryable: false, httpStatus: 401, logLevel: 'warn' },
  /** The chain of calls is as deep as its limit allows. */
  'depth-exceeded': { retryable: false, httpStatus: 422, logLevel: 'log' },
  /** The capability is already in the chain of its own callers. `details.path` shows the cycle. */
  'cycle-detected': { retryable: false, httpStatus: 422, logLevel: 'log' },
  /** A budget of the call tree is spent. */
  'budget-exhausted': { retryable: false, httpStatus: 422, logLevel: 'log' },
  /** The deadline passed before there was a result. */
  'deadline-exceeded': { retryable: false, httpStatus: 504, logLevel: 'log' },
  /** Somebody asked for it to stop. */
  cancelled: { retryable: false, httpStatus: 499, logLevel: 'log' },
  /** No instance that could answer lives at the moment. */
  unavailable: { retryable: true, httpStatus: 503, logLevel: 'warn' },
  /** A queue or a limit is full at the moment. */
  exhausted: { retryable: true, httpStatus: 429, logLevel: 'warn' },
  /** The plugin ran and failed, by its own account or by an error that it did not handle. */
  failed: { retryable: true, httpStatus: 500, logLevel: 'log' },
  /** It is not known whether the work was done. */
  'unknown-outcome': { retryable: false, httpStatus: 500, logLevel: 'error' },
  /** The receiver does not offer this operation. */
  unimplemented: { retryable: false, httpStatus: 501, logLevel: 'log' },
  /** A defect of the orchestrator itself. */
  internal: { retryable: true, httpStatus: 500, logLevel: 'error' },
} as const satisfies Record<string, FaultMeaning>;

export type FaultCode = keyof typeof FAULTS;

/** Facts about a fault, for programs: wrong fields, nearest names, the path of a cycle. JSON values only. */
export type FaultDetails = Readonly<Record<string, unknown>>;

/** A fault as it stands in a message body. */
export interface FaultBody {
  readonly code: FaultCode;
  readonly message: string;
  readonly details?: FaultDetails;
}

/** Shared by every copy of this package in a process, so that they recognise each other's faults. */
const BRAND = Symbol.for('orchestrator.fault');

/** A typed failure. `cause` stays in the process that made it. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly details: FaultDetails | undefined;

  constructor(code: FaultCode, message: string, details?: FaultDetails, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Fault';
    this.code = code;
    this.details = details;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Is this a fault, made by whichever copy of this package? */
  static is(value: unknown): value is Fault {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** The fault itself, or a new one around a foreign error; the foreign message is kept, its stack is not sent. */
  static from(error: unknown, code: FaultCode = 'internal'): Fault {
    if (Fault.is(error)) return error;
    return new Fault(code, messageOf(error), undefined, { cause: error });
  }

  get meaning(): FaultMeaning {
    return FAULTS[this.code];
  }

  /** What goes over the wire. */
  toJSON(): FaultBody {
    return { code: this.code, message: this.message, ...(this.details && { details: this.details }) };
  }
}

/** Anything may be thrown, even what has no text. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'Something was thrown that has no text.';
  }
}

export function isFaultCode(value: unknown): value is FaultCode {
  return typeof value === 'string' && Object.hasOwn(FAULTS, value);
}

/** Reads a fault body; anything that is not one becomes an `internal` fault that says so. */
export function parseFault(value: unknown): Fault {
  const body = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  if (!isFaultCode(body.code) || typeof body.message !== 'string') {
    return new Fault('internal', 'The answer claims to be a fault but is not a fault body.');
  }
  const details =
    typeof body.details === 'object' && body.details !== null ? (body.details as FaultDetails) : undefined;
  return new Fault(body.code, body.message, details);
}
