import { Injectable } from '@nestjs/common';
import { type Bus, CallClient, type CallOptions, type CallOutcome, type InvocationHandle } from '@orchestrator/bus';
import { type CapabilityRef, Fault, formatCapabilityRef, parseCapabilityRef } from '@orchestrator/protocol';
import { InvocationContext } from './invocation-context.js';
import type { NestedCallOptions, NestedCalls, RequestedCall, StreamedCall } from './nested-calls.js';

/** Calls other plugins. Inject it, or use `call` and `request` of the `InvocationContext`. */
@Injectable()
export class CapabilityClient implements NestedCalls {
  #calls: CallClient | undefined;
  #uses: ReadonlyMap<string, string> = new Map();

  /** Called by the host once it is connected. */
  attach(bus: Bus, plugin: string, uses: ReadonlyMap<string, string>): void {
    this.#calls = new CallClient(bus, plugin);
    this.#uses = uses;
  }

  async call<Output = unknown>(capability: string, args: object, options: NestedCallOptions = {}): Promise<Output> {
    const context = InvocationContext.current();
    const ref = parseCapabilityRef(capability);
    const key = syncKey(ref, options, context);
    const outcome = await this.#client().call(ref, args, this.#options(capability, options, key, context));
    return unwrap<Output>(outcome);
  }

  async request<Output = unknown>(
    capability: string,
    args: object,
    options: NestedCallOptions = {},
  ): Promise<RequestedCall<Output>> {
    const context = InvocationContext.current();
    const ref = parseCapabilityRef(capability);
    const key = context ? callName(options, context) : options.key;
    const handle = await this.#client().request(ref, args, this.#options(capability, options, key, context));
    return streamedCall(handle, context?.signal);
  }

  stream<Output = unknown>(capability: string, args: object, options: NestedCallOptions = {}): StreamedCall<Output> {
    const context = InvocationContext.current();
    const ref = parseCapabilityRef(capability);
    const key = syncKey(ref, options, context);
    const handle = this.#client().stream(ref, args, this.#options(capability, options, key, context));
    return streamedCall(handle, context?.signal);
  }

  #client(): CallClient {
    if (!this.#calls) throw new Fault('unavailable', 'The plugin is not connected yet; call from within a capability.');
    return this.#calls;
  }

  #options(
    capability: string,
    options: NestedCallOptions,
    key: string | undefined,
    context: InvocationContext | undefined,
  ): CallOptions {
    return {
      range: options.range ?? this.#uses.get(capability),
      timeoutMs: options.timeoutMs,
      limits: options.limits,
      sticky: options.sticky,
      key,
      signal: context?.signal,
      parent: context && {
        invocation: context.invocation,
        token: context.token,
        deadlineMs: context.deadline.getTime(),
      },
    };
  }
}

function streamedCall<Output>(handle: InvocationHandle, signal: AbortSignal | undefined): StreamedCall<Output> {
  return {
    invocation: handle.invocation,
    result: async () => unwrap<Output>(await handle.outcome(signal)),
    chunks: (options) => handle.chunks({ ...options, signal }),
  };
}

function unwrap<Output>(outcome: CallOutcome): Output {
  if (!outcome.result.ok) throw outcome.result.fault;
  return outcome.result.value as Output;
}

/** Names a call within its invocation. Keys that a plugin chooses and ordinals never give the same name. */
function callName({ key }: NestedCallOptions, context: InvocationContext): string {
  if (key === undefined) return `#${context.nextOrdinal()}`;
  if (key.trim() === '') throw new Fault('invalid-argument', 'The key is empty.');
  return `=${key.trim()}`;
}

/**
 * A synchronous child is made again when its parent runs again, so that its name says in which attempt; and nothing of it
 * is kept, so that a second call by the same name would be taken for the first. @throws Fault `invalid-argument`
 */
function syncKey(ref: CapabilityRef, options: NestedCallOptions, context: InvocationContext | undefined) {
  if (!context) return options.key;
  const name = callName(options, context);
  if (context.takeName(`${formatCapabilityRef(ref)}${name}`)) return `${context.attempt}${name}`;
  throw new Fault('invalid-argument', 'This key was used for another call of the same run.', { key: options.key });
}
