export { type CallContext, decodeContext, encodeContext, type Mode, readContextToken } from './call-context.js';
export { type CallLimits, formatCallLimits, parseCallLimit, parseCallLimits } from './call-limits.js';
export {
  buildCallTree,
  type CallTree,
  type CallTreePage,
  flattenTree,
  foldInvocation,
  foldInvocations,
  type Invocation,
  type InvocationNode,
  type InvocationState,
  joinPages,
  treeOf,
} from './call-tree.js';
export {
  CANCELLED_BUCKET,
  type Cancellation,
  Cancellations,
  type CancelNotice,
  cancellationKey,
  cancelledFault,
  parseCancellationKey,
  parseCancelNotice,
} from './cancellation.js';
export {
  type ChunkHeader,
  type ChunkRead,
  decodeChunkHeader,
  encodeChunkHeader,
  parseChunkRead,
} from './chunks.js';
export { type CircuitChange, type CircuitList, type CircuitView, parseCircuits } from './circuits.js';
export { type ContextKey, ContextSigner, parseContextKeys, receiptFromToken } from './context-signature.js';
export { CreditWindow } from './credit-window.js';
export {
  type Body,
  type DataRef,
  encodeDataRef,
  hashOfBody,
  inlineLimit,
  parseDataRef,
  sizeOfBody,
  tooLargeFault,
  type ValueKind,
} from './data-ref.js';
export type {
  DeadLetter,
  DeadLetterDetail,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterSelection,
  DiscardAnswer,
  LateResult,
  RedriveAnswer,
} from './dead-letters.js';
export { FAULTS, Fault, type FaultBody, type FaultCode, type FaultDetails, isFaultCode, parseFault } from './fault.js';
export { HEADERS, type HeaderLookup, parseRequestHeaders, type RequestHeaders } from './headers.js';
export {
  bodyHash,
  correlationIdOf,
  invocationIdFromKey,
  invocationIdFromParent,
  invocationIdFromSequence,
  invocationIdFromStream,
  invocationIdOfRedrive,
  isCorrelationId,
  isInvocationId,
  newCorrelationId,
  randomId,
  randomInvocationId,
  spanIdOf,
} from './ids.js';
export { LIMITS } from './limits.js';
export {
  type CapabilityRef,
  formatCapabilityRef,
  isInstanceId,
  isName,
  isVersion,
  NAME_PATTERN,
  parseCapabilityRef,
  versionFromToken,
  versionToToken,
} from './names.js';
export type { PluginGrants, PluginGrantsList } from './plugin-grants.js';
export type { FoundRoot, FoundRoots, InstalledPlugin, KeyQuery, PluginPage, TreeQuery } from './queries.js';
export {
  type AdmittedRecord,
  decodeFrame,
  decodeReports,
  type EndedRecord,
  encodeFrame,
  encodeReports,
  expandRecord,
  type HostReport,
  type InvocationRecord,
  type RefusedRecord,
  type RepeatedRecord,
  type ReportedStep,
  type RetryingRecord,
  type StartedRecord,
  type StepRecord,
} from './records.js';
export { decodeRedrive, encodeRedrive, type Redrive } from './redrive.js';
export { type MissingNeedBody, parseRegistryEvent, type RegistryEvent } from './registry-events.js';
export { parseReplicas } from './replicas.js';
export { reservedReason } from './reserved-names.js';
export { DEFAULT_RETRY, RETRY_LIMITS, type RetryPolicy, retryDelayMs } from './retry.js';
export { decodeRun, encodeRun, type RunHeader } from './run-header.js';
export {
  RUN_STATES,
  type Run,
  type RunChanges,
  type RunCursor,
  type RunFilter,
  type RunPage,
  type RunState,
  type WaitingPage,
  type WaitingRun,
} from './runs.js';
export { sendableFault } from './sendable-fault.js';
export { parseSpending, type Spending } from './spending.js';
export { splitFrame } from './split-frame.js';
export {
  asideConsumer,
  attemptsConsumer,
  CATALOGUE_BUCKET,
  type ConsumerDefinition,
  catalogueKey,
  countersStream,
  dueConsumer,
  formerRequestsConsumers,
  keptForMs,
  MAX_OBJECT_BYTES,
  nestedConsumer,
  parseCatalogueKey,
  parseWorkConsumer,
  requestsConsumers,
  STREAMS,
  type StreamDefinition,
  unpartitionedConsumer,
  workConsumer,
} from './streams.js';
export {
  type AsideQueue,
  type Ask,
  asideSubject,
  type CounterName,
  type Instance,
  isAside,
  isNested,
  OBJECTS_BUCKET,
  paddedBase64Url,
  parseAside,
  parseAsk,
  parseAttempt,
  parseBeat,
  parseCancelled,
  parseDead,
  parseDueWait,
  parseExec,
  parsePluginOf,
  parseReplica,
  parseResultAddress,
  parseWork,
  patterns,
  type ResultAddress,
  readableAsk,
  requestSubject,
  subjects,
  type Target,
} from './subjects.js';
export { formatTraceparent, parseTraceparent, type TraceParent } from './traceparent.js';
export {
  type Budget,
  boundsAbove,
  counterId,
  DEFAULT_MAXIMA,
  limitsOf,
  longLived,
  microUsd,
  nestedBounds,
  rootBounds,
  type TreeBounds,
  type TreeMaxima,
} from './tree-bounds.js';
export { type BoundPlugin, isBindingOf, type VersionBinding } from './version-binding.js';
export type { VersionShare, VersionShareList } from './version-shares.js';
