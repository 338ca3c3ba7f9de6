import 'reflect-metadata';
import type { InvocationContext } from './invocation-context.js';

type Method = (this: unknown, input: unknown, context: InvocationContext) => unknown;

/**
 * A capability may be an async generator: each value that it yields is a chunk, and what it returns is the result. Made a plain
 * method here, so that guards, interceptors and filters see one answer; it keeps what other decorators have noted on it.
 */
export function streamedMethod<T>(method: T): T {
  const original = method as Method;
  const streamed: Method = async function (input, context) {
    const made = await original.call(this, input, context);
    return isAsyncGenerator(made) ? emitAll(made, context) : made;
  };
  Object.defineProperty(streamed, 'name', { value: original.name });
  for (const key of Reflect.getMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, original), streamed);
  }
  return streamed as T;
}

/** Asks for the next value only when the last one is stored. */
async function emitAll(generator: AsyncGenerator<unknown>, context: InvocationContext): Promise<unknown> {
  try {
    for (;;) {
      const { done, value } = await generator.next();
      if (done) return value;
      await context.emit(value);
    }
  } catch (error) {
    await generator.return(undefined); // gives it the chance to clean up; nothing happens where it threw this itself
    throw error;
  }
}

function isAsyncGenerator(value: unknown): value is AsyncGenerator<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'return' in value;
}
