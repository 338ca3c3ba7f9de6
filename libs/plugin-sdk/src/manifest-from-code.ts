import type { CapabilityManifest, Manifest, UsedCapability } from '@orchestrator/manifest';
import { DEFAULT_RETRY, Fault } from '@orchestrator/protocol';
import type { CapabilityOptions } from './capability.decorator.js';
import type { PluginOptions, UseOptions } from './plugin.module.js';
import { dtoToJsonSchema } from './schema/dto-to-json-schema.js';

/**
 * The manifest of a plugin, from its options and its decorated methods.
 * @throws Fault `invalid-argument` naming class, property and decorator when a DTO cannot be expressed in JSON Schema
 */
export function manifestFromCode(
  plugin: PluginOptions,
  capabilities: readonly CapabilityOptions<object, object>[],
): Manifest {
  if (capabilities.length === 0) {
    throw new Fault(
      'invalid-argument',
      `The plugin ${plugin.name} has no capability: decorate a method of one of its module's controllers with @Capability.`,
    );
  }
  const { name, version, description, uses = {} } = plugin;
  return {
    ...{ name, version, description },
    capabilities: capabilities.map(capabilityFromCode),
    uses: Object.entries(uses).map(([capability, use]) => usedFromCode(capability, use)),
    ...aboutOf(plugin),
  };
}

/** What was said of it; a plugin may be an object with more than that. */
function aboutOf({ title, author, license, homepage, keywords, grants }: PluginOptions): Partial<Manifest> {
  const about = Object.entries({ title, author, license, homepage, keywords, grants });
  return Object.fromEntries(about.filter(([, value]) => value !== undefined));
}

function usedFromCode(capability: string, use: string | UseOptions): UsedCapability {
  if (typeof use === 'string') return { capability, range: use };
  const { input, output, ...rest } = use;
  return {
    capability,
    ...rest,
    ...(input !== undefined && { input: typeof input === 'function' ? dtoToJsonSchema(input) : input }),
    ...(output !== undefined && { output: typeof output === 'function' ? dtoToJsonSchema(output) : output }),
  };
}

function capabilityFromCode(options: CapabilityOptions<object, object>): CapabilityManifest {
  return {
    name: options.name,
    description: options.description,
    input: dtoToJsonSchema(options.input),
    output: dtoToJsonSchema(options.output),
    ...(options.deadlineMs !== undefined && { deadlineMs: options.deadlineMs }),
    ...(options.idempotent === false && { idempotent: false }),
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    ...(options.streaming && { streaming: true }),
    ...(options.retry && { retry: { ...DEFAULT_RETRY, ...options.retry } }),
    ...(options.title !== undefined && { title: options.title }),
    ...(options.tags && { tags: options.tags }),
    ...(options.costHint && { costHint: options.costHint }),
    ...(options.deprecated && { deprecated: options.deprecated }),
    ...(options.examples && { examples: options.examples }),
  };
}
