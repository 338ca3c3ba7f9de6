/** Runs one invocation: arguments in, JSON or a fault out. Knows nothing of how it came or where the answer goes. */
import { isUtf8 } from 'node:buffer';
import { type CallContext, Fault, LIMITS, sendableFault } from '@orchestrator/protocol';
import { isObservable, lastValueFrom } from 'rxjs';
import type { CapabilityOptions } from './capability.decorator.js';
import { Deadline } from './deadline.js';
import { faultFromError } from './faults.filter.js';
import { describe } from './input.pipe.js';
import { InvocationContext, type Spent } from './invocation-context.js';
import type { NestedCalls } from './nested-calls.js';
import { validateDto } from './schema/validate-dto.js';

/** A method as Nest hands it over: with pipes, guards, interceptors and filters around it. */
export type CapabilityHandler = (args: unknown, context: InvocationContext) => Promise<unknown>;

export interface HostedCapability {
  readonly options: CapabilityOptions<object, object>;
  readonly handler: CapabilityHandler;
}

export interface Run {
  readonly capability: HostedCapability;
  readonly context: CallContext;
  readonly token: string;
  readonly attempt: number;
  readonly body: Uint8Array;
  readonly client: NestedCalls;
  readonly publishProgress: (percent: number, message: string | undefined) => void;
  readonly reportSpending: (spent: Spent) => Promise<void>;
  /** Given the way to end it before its time. */
  readonly onStart: (cancel: (fault: Fault) => void) => void;
}

export type RunOutcome =
  | { readonly ok: true; readonly body: string }
  | { readonly ok: false; readonly fault: Fault; readonly body: string };

/** Never throws. A capability that does not heed its signal is left behind at the deadline; what it answers later is dropped. */
export async function runInvocation(run: Run): Promise<RunOutcome> {
  const { context: call, capability } = run;
  const deadline = new Deadline(call.deadlineMs, `${call.plugin}.${call.capability}`);
  run.onStart((fault) => deadline.cancel(fault));
  try {
    const args = parseArguments(run.body);
    const context = new InvocationContext({ ...run, deadline });
    const answer = context.run(() => settle(capability.handler(args, context)));
    return { ok: true, body: encodeOutput(capability.options, await Promise.race([answer, deadline.passed])) };
  } catch (error) {
    return failure(faultFromError(error));
  } finally {
    deadline.clear();
  }
}

function failure(thrown: Fault): RunOutcome {
  const fault = sendableFault(thrown);
  return { ok: false, fault, body: JSON.stringify(fault) };
}

/** Nest's handlers answer a value, or an observable of it. */
async function settle(answer: Promise<unknown>): Promise<unknown> {
  const value = await answer;
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : value;
}

function parseArguments(body: Uint8Array): unknown {
  if (!isUtf8(body)) throw new Fault('invalid-argument', 'The body is not UTF-8; it must be JSON.');
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString();
  try {
    return JSON.parse(text);
  } catch (cause) {
    const what = text === '' ? 'is empty' : `is not JSON (${(cause as SyntaxError).message})`;
    throw new Fault('invalid-argument', `The body ${what}; it must be the arguments as a JSON object.`, undefined, {
      cause,
    });
  }
}

function encodeOutput(options: CapabilityOptions<object, object>, value: unknown): string {
  let body: string | undefined;
  try {
    body = JSON.stringify(value);
  } catch (cause) {
    throw new Fault('failed', 'What the capability answered cannot be written as JSON.', undefined, { cause });
  }
  const checked = validateDto(options.output, body === undefined ? undefined : JSON.parse(body));
  if (body === undefined || !checked.ok) {
    const problems = checked.ok ? [] : checked.problems;
    throw new Fault(
      'failed',
      `What ${options.name} answered does not fit its own output schema: ${problems.map(describe).join('; ')}.`,
      { problems },
    );
  }
  const bytes = Buffer.byteLength(body);
  if (bytes > LIMITS.inlineBytes) {
    throw new Fault('failed', `The result is ${bytes} bytes; the limit is ${LIMITS.inlineBytes}.`, {
      bytes,
      maxBytes: LIMITS.inlineBytes,
    });
  }
  return body;
}
