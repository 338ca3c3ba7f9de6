/**
 * What was cancelled: a whole call tree, or what an invocation began. The entry in the bucket `ORC_CANCELLED` is the fact;
 * who runs, queues or admits something that it covers, stops. Pure.
 */
import type { CallContext } from './call-context.js';
import { Fault } from './fault.js';

/** The bucket of cancellations, kept as long as results are. */
export const CANCELLED_BUCKET = 'ORC_CANCELLED';

export interface Cancellation {
  /** 32 hex digits. */
  readonly correlation: string;
  /** Of a sub-tree: the invocation that it begins with. Undefined for the whole tree. */
  readonly invocation: string | undefined;
}

export function cancellationKey({ correlation, invocation }: Cancellation): string {
  return invocation === undefined ? correlation : `${correlation}.${invocation}`;
}

/** What hosts are told: which invocations to stop, or the whole tree. */
export interface CancelNotice {
  readonly invocations: 'all' | readonly string[];
}

/** Undefined for what is no notice. */
export function parseCancelNotice(text: string): CancelNotice | undefined {
  try {
    const { invocations } = JSON.parse(text) as { readonly invocations?: unknown };
    if (invocations === 'all') return { invocations };
    const isList = Array.isArray(invocations) && invocations.every((one) => typeof one === 'string');
    return isList ? { invocations } : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for a key that is none. */
export function parseCancellationKey(key: string): Cancellation | undefined {
  const [, correlation, invocation] = /^([0-9a-f]{32})(?:\.([0-9a-f-]{36}))?$/.exec(key) ?? [];
  return correlation === undefined ? undefined : { correlation, invocation };
}

/** What everything that was cancelled ends in. */
export function cancelledFault(): Fault {
  return new Fault('cancelled', 'The call tree was cancelled.');
}

/** The cancellations that are known, and what they cover. */
export class Cancellations {
  readonly #keys = new Set<string>();

  add(cancellation: Cancellation): void {
    this.#keys.add(cancellationKey(cancellation));
  }

  /** Was the whole tree cancelled? */
  coversTree(correlation: string): boolean {
    return this.#keys.has(cancellationKey({ correlation, invocation: undefined }));
  }

  /** Is it part of a tree that was cancelled, cancelled itself, or called by what was? */
  covers({ correlation, invocation, parent }: Pick<CallContext, 'correlation' | 'invocation' | 'parent'>): boolean {
    if (this.#keys.size === 0) return false;
    return [undefined, invocation, parent ?? invocation].some((one) =>
      this.#keys.has(cancellationKey({ correlation, invocation: one })),
    );
  }
}
