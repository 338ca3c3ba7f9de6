export { type Effect, EffectLog } from './effect-log.js';
export { MIRROR, PROBE } from './fixtures.js';
export { Load, type LoadAnswer } from './load.js';
export { startTestSystem, type TestSystem, type TestSystemOptions, treeWhere } from './test-system.js';
