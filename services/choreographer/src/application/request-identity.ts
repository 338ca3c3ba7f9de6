/** How a stored request is named: what follows from its key, or from its place in its stream. */
import type { Delivery } from '@orchestrator/bus';
import {
  type Ask,
  type CallContext,
  invocationIdFromKey,
  invocationIdFromParent,
  invocationIdFromSequence,
  isNested,
  type RequestHeaders,
  STREAMS,
} from '@orchestrator/protocol';

/** A request as it was stored at first. */
type Stored = Pick<Delivery, 'subject' | 'sequence' | 'storedAt'>;

/** The id of a request that names none, or may not have the one that it names. */
export function ownId({ subject, sequence, storedAt }: Stored): string {
  const { name } = isNested(subject) ? STREAMS.nested : STREAMS.requests;
  return invocationIdFromSequence(name, sequence, storedAt);
}

/** The sequence that its caller was told, by which it can be found; who asks while it works finds its own by their keys. */
export function sequenceOf({ subject, sequence }: Stored): number | undefined {
  return isNested(subject) ? undefined : sequence;
}

export function invocationOf(
  stored: Stored,
  { caller, plugin, capability }: Ask,
  { key }: Pick<RequestHeaders, 'key'>,
  parent: CallContext | undefined,
): string {
  if (key === undefined) return ownId(stored);
  if (parent) return invocationIdFromParent(parent.invocation, plugin, capability, key);
  return invocationIdFromKey(caller, plugin, capability, key);
}
