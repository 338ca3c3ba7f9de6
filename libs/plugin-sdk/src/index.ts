export { type CallLimits, Fault, type FaultCode, type FaultDetails } from '@orchestrator/protocol';
export { Capability, type CapabilityOptions } from './capability.decorator.js';
export { CapabilityClient } from './capability-client.js';
export { InvocationContext, type Spent } from './invocation-context.js';
export type { NestedCallOptions, NestedCalls, RequestedCall, StreamedCall } from './nested-calls.js';
export { PluginModule, type PluginOptions } from './plugin.module.js';
export { runPlugin } from './run-plugin.js';
export { EmptyDto } from './schema/empty-dto.js';
