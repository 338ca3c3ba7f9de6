/** What a phase is: one named part of a pipeline's work, whose output is the input of the next. */
import type { InvocationContext } from '../invocation-context.js';

/** What a plugin with a pipeline is asked for. */
export interface PluginRequest {
  readonly input: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What phases tell those that come later, by key. */
export interface SharedContext {
  /** Undefined where no phase has set it. */
  get<T = unknown>(key: string): T | undefined;
  /** What JSON can hold. @throws Fault `failed` when a phase that runs beside this one sets the same key */
  set(key: string, value: unknown): void;
}

/** What a phase is given. */
export interface PhaseInput<Previous> {
  /** What the phase before has answered; the first phase of a pipeline is given the request. */
  readonly previous: Previous;
  readonly request: PluginRequest;
  readonly shared: SharedContext;
  /** Calls other capabilities, reports progress and spending. */
  readonly invocation: InvocationContext;
  /** Aborts when the run is to end; its reason is the fault. */
  readonly signal: AbortSignal;
}

/** What JSON can hold of both; `metadata` is for whoever looks at the run. */
export interface PhaseOutput<Data> {
  readonly data: Data;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** One part of a pipeline. When it has finished, its output is kept, and no later attempt of the run does it again. */
export interface Phase<Previous, Data> {
  /** For people; unique in its pipeline. */
  readonly name: string;
  execute(input: PhaseInput<Previous>): PhaseOutput<Data> | Promise<PhaseOutput<Data>>;
}

/** What a phase answers. */
export type DataOf<P> = P extends Phase<never, infer Data> ? Data : never;
