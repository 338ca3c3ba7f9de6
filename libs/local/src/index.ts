export { ComponentMissingError } from './finding.js';
export { getTools } from './get-tools.js';
export { type JaegerOptions, JaegerStartError, type RunningJaeger, startJaeger } from './jaeger.js';
export type { LocateOptions } from './locate.js';
export {
  ANY_PLUGIN_USER,
  createNatsPasswords,
  type NatsConfigOptions,
  natsUrlAs,
  natsUsers,
  passwordVariable,
  renderNatsConfig,
} from './nats-config.js';
export { type NatsOptions, NatsStartError, type RunningNats, startNats } from './nats-server.js';
export {
  type ProcessExit,
  type ProcessOptions,
  ProcessStartError,
  type RunningProcess,
  startProcess,
} from './processes.js';
export { type PluginEntry, type RunningSystem, type SystemOptions, shippedPlugins, startSystem } from './system.js';
