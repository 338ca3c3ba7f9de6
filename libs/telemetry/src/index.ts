export { type InvocationRun, type SpanSubject, spanFromInvocation } from './invocation-span.js';
export { SpanQueue, type SpanQueueOptions } from './span-queue.js';
