import type { CapabilityOptions } from '../capability.decorator.js';
import type { PluginRequest } from '../pipeline/phase.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PluginOptions } from '../plugin.module.js';

/** How the capability `<plugin>.run` is called: see `CapabilityOptions`. */
type RunOptions = Pick<
  CapabilityOptions<object, object>,
  'deadlineMs' | 'concurrency' | 'retry' | 'title' | 'tags' | 'costHint'
>;

/** A plugin that does its work in phases. Its pipeline is the capability `<name>.run`. */
export interface Plugin extends PluginOptions {
  readonly run?: RunOptions;
  /** Before anything is asked of it: opens what it needs. What it throws keeps the plugin from starting. */
  init?(): void | Promise<void>;
  /** Asked for each run; the same each time. */
  getPipeline(): Pipeline<unknown>;
  /** Before the first phase. @throws Fault `invalid-argument` for a request that it cannot take; any other error becomes one */
  validateRequest?(request: PluginRequest): void | Promise<void>;
  /** When nothing runs any more, however the process ends in order, and also when `init` failed. */
  close?(): void | Promise<void>;
}
