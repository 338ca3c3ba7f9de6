import { type DynamicModule, Module, type Type } from '@nestjs/common';
import type { JsonSchema } from '@orchestrator/manifest/schema';
import { CapabilityClient } from './capability-client.js';

/** Who a plugin is. What it can do is said by its `@Capability` methods. */
export interface PluginOptions {
  /** `[a-z0-9-]`, at most 63 characters: the first half of every capability's name. */
  readonly name: string;
  /** Exact semver. */
  readonly version: string;
  readonly description: string;
  /** A name for people. */
  readonly title?: string;
  readonly author?: string;
  /** An SPDX expression: `Apache-2.0`. */
  readonly license?: string;
  /** A URL. */
  readonly homepage?: string;
  readonly keywords?: readonly string[];
  /**
   * The capabilities that it calls, with the range of versions that it accepts: `{ 'editor.copy-edit': '^1.0.0' }`, or
   * `{ range: '^1.0.0', optional: true }` for one that it can do without, and `{ range: '^1.0.0', input: Draft }` to say what
   * it sends.
   */
  readonly uses?: Readonly<Record<string, string | UseOptions>>;
  /** What it asks the operator to grant it beyond its uses: `editor.*`, `start-root`. */
  readonly grants?: readonly string[];
}

export interface UseOptions {
  readonly range: string;
  readonly optional?: boolean;
  /** The class or JSON Schema of what it sends. A version that would refuse any of it is not chosen for its calls. */
  readonly input?: Type | JsonSchema;
  /** The same for what it relies on in results. */
  readonly output?: Type | JsonSchema;
}

export const PLUGIN_OPTIONS = Symbol('orchestrator.plugin-options');

/** Makes a Nest module a plugin: provides the `CapabilityClient` to all of it. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: Nest's dynamic modules are classes
export class PluginModule {
  static forRoot(options: PluginOptions): DynamicModule {
    return {
      module: PluginModule,
      global: true,
      providers: [{ provide: PLUGIN_OPTIONS, useValue: options }, CapabilityClient],
      exports: [PLUGIN_OPTIONS, CapabilityClient],
    };
  }
}
