export { type InvocationRun, type SpanSubject, spanFromInvocation, spanFromStep } from './invocation-span.js';
export { sampledShare } from './sampled-share.js';
export { SpanQueue, type SpanQueueOptions } from './span-queue.js';
