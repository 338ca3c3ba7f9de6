/** How a capability calls others: the shape that `CapabilityClient` has and `InvocationContext` passes on. */
import type { Chunk, ReadOptions } from '@orchestrator/bus';
import type { CallLimits } from '@orchestrator/protocol';

export interface NestedCallOptions {
  /** Which versions are acceptable. @default what the plugin's `uses` says of this capability */
  readonly range?: string;
  /** How long it may take; never longer than the calling invocation itself. @default what the capability declares, or 30 s */
  readonly timeoutMs?: number;
  /** Narrower bounds for what is called and all below it: depth, calls, width, tokens and so on. */
  readonly limits?: CallLimits;
  /**
   * The whole call tree uses one version of each plugin. For a call outside of any invocation (`start-root`); within one it
   * counts for nothing: whoever started the tree has said.
   */
  readonly sticky?: boolean;
  /**
   * Names this call within the invocation, in at most 250 characters. Give one where calls are made in an order that a
   * second run might not repeat: a run that starts again finds its durable children by it. A run may use it for one
   * synchronous call of a capability; a durable one with the same key is the same request. @default the ordinal of the call
   */
  readonly key?: string;
}

/** A call on its way whose output can be read while it is made. */
export interface StreamedCall<Output> {
  readonly invocation: string;
  /** Resolves with the result, or rejects with the fault that it ended in. */
  result(): Promise<Output>;
  /** What it streams, in order, until it ends, in whatever. A chunk of a higher `attempt` than before begins the output anew. */
  chunks(options?: Pick<ReadOptions, 'after'>): AsyncGenerator<Chunk, void>;
}

/** A durable call on its way. */
export type RequestedCall<Output> = StreamedCall<Output>;

export interface NestedCalls {
  /**
   * Calls a capability and waits for its answer; nothing is stored on the way.
   * @param capability `plugin.capability`
   * @throws Fault what the call ended in
   */
  call<Output = unknown>(capability: string, args: object, options?: NestedCallOptions): Promise<Output>;

  /**
   * Calls a capability without waiting for its answer, to read what it streams meanwhile. Nobody reads what it streams unless
   * `chunks` is gone through.
   * @throws Fault when it cannot be asked for
   */
  stream<Output = unknown>(capability: string, args: object, options?: NestedCallOptions): StreamedCall<Output>;

  /**
   * Requests a capability durably: once this resolves, the request outlives every process.
   * @throws Fault when the request could not be stored
   */
  request<Output = unknown>(
    capability: string,
    args: object,
    options?: NestedCallOptions,
  ): Promise<RequestedCall<Output>>;
}
