import { type DynamicModule, Module } from '@nestjs/common';
import { CapabilityClient } from './capability-client.js';

/** Who a plugin is. What it can do is said by its `@Capability` methods. */
export interface PluginOptions {
  /** `[a-z0-9-]`, at most 63 characters: the first half of every capability's name. */
  readonly name: string;
  /** Exact semver. */
  readonly version: string;
  readonly description: string;
  /** The capabilities that it calls, with the range of versions that it accepts: `{ 'editor.copy-edit': '^1.0.0' }`. */
  readonly uses?: Readonly<Record<string, string>>;
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
