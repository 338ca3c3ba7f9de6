/** How a command ends when it cannot do what it was asked: a message that says what to do next, and an exit code. */
import { ComponentMissingError, JaegerStartError, NatsStartError, ProcessStartError } from '@orchestrator/local';
import { Fault, type FaultCode } from '@orchestrator/protocol';

/** 0 is success. */
export const EXIT = {
  /** The call ended in a fault, or what was asked for is not there. */
  fault: 1,
  /** The command line or an input file is wrong. */
  usage: 2,
  /** The system, or something that it needs, cannot be reached or started. */
  unavailable: 3,
  /** As shells say it: 128 and the number of SIGINT. */
  interrupted: 130,
} as const;

/** Ctrl-C half way. */
export class InterruptedError extends Error {
  constructor() {
    super('Interrupted.');
  }
}

/** A mistake of the person at the keyboard. */
export class UsageError extends Error {}

/** Of faults that are thrown, where no call could be made at all: how a call ended is the outcome of the call. */
const EXIT_OF_FAULT: { readonly [code in FaultCode]?: number } = {
  'invalid-argument': EXIT.usage,
  unavailable: EXIT.unavailable,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (Fault.is(error)) return EXIT_OF_FAULT[error.code] ?? EXIT.fault;
  return isStartError(error) ? EXIT.unavailable : EXIT.fault;
}

/** One message, no stack: faults and start errors say what to do. Anything else is a defect, and keeps its stack. */
export function messageOf(error: unknown): string {
  if (Fault.is(error)) return `${error.code}: ${error.message}`;
  if (error instanceof UsageError || error instanceof InterruptedError || isStartError(error)) {
    return (error as Error).message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function isStartError(error: unknown): boolean {
  return [ComponentMissingError, JaegerStartError, NatsStartError, ProcessStartError].some(
    (kind) => error instanceof kind,
  );
}
