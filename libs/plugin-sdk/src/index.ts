export type {
  Agent,
  Answer,
  Conversation,
  JsonSchema,
  Message,
  ModelSettings,
  Persona,
  PriceTable,
  PromptOptions,
  ReplyDelta,
  StructuredAnswer,
  Tool,
} from '@orchestrator/agent';
export { type CallLimits, Fault, type FaultCode, type FaultDetails } from '@orchestrator/protocol';
export type { AgentOptions } from './agent/agent-options.js';
export { Capability, type CapabilityOptions } from './capability.decorator.js';
export { CapabilityClient } from './capability-client.js';
export { InvocationContext, type Spent } from './invocation-context.js';
export type { NestedCallOptions, NestedCalls, RequestedCall, StreamedCall } from './nested-calls.js';
export type { Phase, PhaseInput, PhaseOutput, PluginRequest, SharedContext } from './pipeline/phase.js';
export { type Pipeline, pipeline } from './pipeline/pipeline.js';
export type { Plugin } from './plugin/plugin.js';
export { loadPlugin, type PluginFactory, registeredPlugins, registerPlugin } from './plugin/plugin-registry.js';
export { PluginModule, type PluginOptions } from './plugin.module.js';
export { runPlugin } from './run-plugin.js';
export { EmptyDto } from './schema/empty-dto.js';
