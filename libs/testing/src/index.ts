export { type Effect, EffectLog } from './effect-log.js';
export { ASSISTANT, MIRROR, NOVELIST, PROBE, PROBE_GRANTS, STEPPER } from './fixtures.js';
export { Load, type LoadAnswer } from './load.js';
export { cassetteFrom, cassetteRecorder } from './model-cassette.js';
export { type ModelEndpoint, startModelEndpoint } from './model-endpoint.js';
export { startTestSystem, type TestSystem, type TestSystemOptions, treeWhere } from './test-system.js';
export { until } from './until.js';
