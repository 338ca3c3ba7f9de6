import { Injectable } from '@nestjs/common';
import { type Bus, CallClient, type CallOptions, type CallOutcome } from '@orchestrator/bus';
import { Fault, parseCapabilityRef } from '@orchestrator/protocol';
import { InvocationContext } from './invocation-context.js';
import type { NestedCallOptions, NestedCalls, RequestedCall } from './nested-calls.js';

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
    const key = keyOf(options, context);
    // A synchronous child is made again when its parent runs again: its id says in which attempt.
    const attemptKey = context && context.attempt > 1 ? `attempt ${context.attempt}: ${key}` : key;
    const outcome = await this.#client().call(ref, args, this.#options(capability, options, attemptKey, context));
    return unwrap<Output>(outcome);
  }

  async request<Output = unknown>(
    capability: string,
    args: object,
    options: NestedCallOptions = {},
  ): Promise<RequestedCall<Output>> {
    const context = InvocationContext.current();
    const ref = parseCapabilityRef(capability);
    const key = keyOf(options, context);
    const handle = await this.#client().request(ref, args, this.#options(capability, options, key, context));
    return {
      invocation: handle.invocation,
      result: async () => unwrap<Output>(await handle.outcome(context?.signal)),
    };
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
      key,
      signal: context?.signal,
      parent: context && { invocation: context.invocation, token: context.token },
    };
  }
}

function unwrap<Output>(outcome: CallOutcome): Output {
  if (!outcome.result.ok) throw outcome.result.fault;
  return outcome.result.value as Output;
}

function keyOf(options: NestedCallOptions, context: InvocationContext | undefined): string | undefined {
  return options.key ?? (context && String(context.nextOrdinal()));
}
