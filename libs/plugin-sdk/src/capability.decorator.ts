import { applyDecorators, type Type } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { CapabilityManifest } from '@orchestrator/manifest';
import type { RetryPolicy } from '@orchestrator/protocol';
import { streamedMethod } from './streamed-method.js';

export interface CapabilityOptions<Input extends object, Output extends object> {
  /** `[a-z0-9-]`, part of the public name: `<plugin>.<name>`. */
  readonly name: string;
  /** One sentence: what it does for whoever calls it. */
  readonly description: string;
  /** A class whose properties carry class-validator decorators; arguments are checked against it. */
  readonly input: Type<Input>;
  /** The same for what the method answers. */
  readonly output: Type<Output>;
  /** How long a call may take when its caller does not say. @default 30 s for synchronous, 15 min for durable calls */
  readonly deadlineMs?: number;
  /** Whether it may run again for the same invocation; `false` starts it at most once. @default true */
  readonly idempotent?: boolean;
  /** How many calls of it, synchronous and durable, this process works on at once. @default 4,000 synchronous, 64 durable */
  readonly concurrency?: number;
  /** Whether it sends output while it runs: `InvocationContext.emit`, or what an async generator yields. @default false */
  readonly streaming?: boolean;
  /** How durable calls that fail are tried again. @default 3 attempts, 0.5 s doubling to 60 s, with full jitter */
  readonly retry?: Partial<RetryPolicy>;
  /** A name for people. */
  readonly title?: string;
  readonly tags?: readonly string[];
  /** What a call costs, as a rule. */
  readonly costHint?: NonNullable<CapabilityManifest['costHint']>;
  /** It still works, and is not to be relied on. */
  readonly deprecated?: NonNullable<CapabilityManifest['deprecated']>;
  /** They fit input and output. */
  readonly examples?: NonNullable<CapabilityManifest['examples']>;
}

/** What a capability's method carries into the host. */
export interface CapabilityExtras {
  readonly capability: CapabilityOptions<object, object>;
}

/**
 * Publishes a method of a Nest controller as a capability. The method takes the checked input and, if it likes, the
 * `InvocationContext`; what it returns (or its promise) is checked and sent back. One that is `streaming` may be an async
 * generator: each value that it yields is a chunk of output. Guards, pipes, interceptors and
 * exception filters apply as in any Nest controller.
 */
export function Capability<Input extends object, Output extends object>(options: CapabilityOptions<Input, Output>) {
  type Handler = (...args: never[]) => Output | Promise<Output> | AsyncGenerator<unknown, Output, void>;
  const decorate = applyDecorators(MessagePattern(options.name, { capability: options }));
  return <T extends Handler>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<T>): void => {
    if (options.streaming && descriptor.value) descriptor.value = streamedMethod(descriptor.value);
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
    decorate(target, key, descriptor);
  };
}
