/**
 * `@orchestrator/bus/streams`: making and reading streams and buckets, which only services do. Apart from the rest, so that
 * a plugin's process does not load the JetStream and KV clients.
 */
export { CancellationBucket } from './cancellation-bucket.js';
export { type BrokenEntry, CatalogueBucket } from './catalogue-bucket.js';
export {
  type ObjectStoreBounds,
  type ProvisionOptions,
  provisionConsumer,
  provisionStreams,
  removeConsumer,
} from './provision.js';
export { readRegistryEvents, type ToldEvent } from './registry-events.js';
export {
  lookBack,
  type MessageHead,
  readNewest,
  readStoredAt,
  removeStored,
  removeStoredOn,
  type ScannedMessage,
  type StoredBody,
  scanStored,
} from './stored-messages.js';
export {
  clearResultPlace,
  invocationsInWork,
  readAsideQueues,
  readWaiting,
  readWork,
  removeWork,
  requestsStored,
} from './stored-work.js';
export { followStream, readStored, type StoredMessage, streamStart } from './stream-follower.js';
export { type FoundConsumer, listWorkConsumers, removeWorkConsumer } from './work-consumers.js';
