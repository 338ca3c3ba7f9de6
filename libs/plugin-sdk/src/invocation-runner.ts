/** Runs one invocation: arguments in, JSON or a fault out. Knows nothing of how it came or where the answer goes. */
import { isUtf8 } from 'node:buffer';
import { type Body, type CallContext, type DataRef, Fault, sendableFault } from '@orchestrator/protocol';
import { isObservable, lastValueFrom } from 'rxjs';
import type { GiveBack } from './byte-budget.js';
import type { CapabilityOptions } from './capability.decorator.js';
import type { Deadline } from './deadline.js';
import { faultFromError } from './faults.filter.js';
import { describe } from './input.pipe.js';
import { InvocationContext, type InvocationSource, type Spent } from './invocation-context.js';
import type { Journal } from './journal.js';
import type { LargeValues } from './large-values.js';
import type { NestedCalls } from './nested-calls.js';
import type { OutputStream } from './output-stream.js';
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
  readonly body: Body;
  readonly large: LargeValues;
  readonly client: NestedCalls;
  readonly publishProgress: (percent: number, message: string | undefined) => void;
  readonly reportSpending: (spent: Spent) => Promise<void>;
  readonly openAgent: InvocationSource['openAgent'];
  readonly openJournal: (signal: AbortSignal) => Journal;
  /** Of a capability that streams: where its chunks go, until the signal aborts. */
  readonly openOutput: ((signal: AbortSignal) => OutputStream) | undefined;
  /** When it ends at the latest. */
  readonly deadline: Deadline;
}

export type RunOutcome =
  /** The body is empty where it lies in the object store. */
  (
    | { readonly ok: true; readonly body: string; readonly dataRef?: DataRef }
    | { readonly ok: false; readonly fault: Fault; readonly body: string }
  ) & {
    /** What it has streamed. */
    readonly output?: OutputStream;
  };

/** Never throws. A capability that does not heed its signal is left behind at the deadline; what it answers later is dropped. */
export async function runInvocation(run: Run): Promise<RunOutcome> {
  const { context: call, capability, deadline } = run;
  const output = run.openOutput?.(deadline.signal);
  const streamed = output && { output };
  let giveBack: GiveBack | undefined;
  try {
    deadline.throwIfPassed();
    const { data, dataRef } = run.body;
    const fetched = dataRef && (await inTime(run.large.fetch(dataRef, call, deadline.signal), deadline));
    giveBack = fetched?.giveBack;
    const args = fetched ? await parseLarge(run.large, fetched.bytes) : parseArguments(data);
    deadline.throwIfPassed(); // that took its time
    const context = new InvocationContext({ ...run, output });
    const answer = context.run(() => settle(capability.handler(args, context)));
    const body = encodeOutput(await inTime(answer, deadline));
    if (output) await inTime(output.flush(), deadline);
    if (body === undefined || run.large.fits(body)) {
      return { ok: true, body: checkedOutput(capability.options, body), ...streamed };
    }
    const stored = await inTime(storeResult(run, body, deadline.signal), deadline);
    return { ok: true, body: '', dataRef: stored, ...streamed };
  } catch (error) {
    return { ...failure(faultFromError(error)), ...streamed };
  } finally {
    giveBack?.();
    output?.close();
  }
}

function inTime<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  return Promise.race([work, deadline.passed]);
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

async function parseLarge(large: LargeValues, bytes: Uint8Array): Promise<unknown> {
  await large.beforeBusy();
  const args = parseArguments(bytes);
  await large.beforeBusy();
  return args;
}

async function storeResult({ large, capability, context }: Run, body: string, signal: AbortSignal): Promise<DataRef> {
  await large.beforeBusy();
  const checked = checkedOutput(capability.options, body);
  await large.beforeBusy();
  return large.store(checked, context, signal);
}

/** Undefined for what JSON leaves out. */
function encodeOutput(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new Fault('failed', 'What the capability answered cannot be written as JSON.', undefined, { cause });
  }
}

/** As JSON has it: a value that fits may be written as one that does not. */
function checkedOutput(options: CapabilityOptions<object, object>, body: string | undefined): string {
  const checked = validateDto(options.output, body === undefined ? undefined : JSON.parse(body));
  if (body !== undefined && checked.ok) return body;
  const problems = checked.ok ? [] : checked.problems;
  throw new Fault(
    'failed',
    `What ${options.name} answered does not fit its own output schema: ${problems.map(describe).join('; ')}.`,
    { problems },
  );
}
