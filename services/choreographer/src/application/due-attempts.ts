/**
 * What is due after its wait between two attempts: placed again, or, past its deadline, ended. Its message is all that is left of
 * the work, with its arguments and the proof of whose it is: it goes only once these lie elsewhere.
 */
import {
  bodyOf,
  type Delivery,
  isResult,
  OutgoingHeaders,
  type Requester,
  readResultPlace,
  type StoredPublisher,
} from '@orchestrator/bus';
import {
  type CallContext,
  encodeDataRef,
  Fault,
  HEADERS,
  LIMITS,
  receiptFromToken,
  subjects,
} from '@orchestrator/protocol';
import { decide } from '../domain/invocation-lifecycle.js';
import type { Gate } from './gate.js';
import type { History } from './history.js';
import { storeFault } from './outcomes.js';

export interface DueAttemptsParts {
  readonly requester: Pick<Requester, 'request'>;
  readonly publisher: Pick<StoredPublisher, 'store' | 'maxBytes'>;
  readonly gate: Pick<Gate, 'contextOf'>;
  readonly history: Pick<History, 'endedByChoreographer'>;
  /** Told of work that was placed from here, whose reports are then its own. */
  readonly onPlaced: (context: CallContext) => void;
  readonly onError: (error: unknown) => void;
}

/** Acknowledges what it has dealt with. @throws Fault where it is to come again */
export async function onDueAttempt(parts: DueAttemptsParts, delivery: Delivery): Promise<void> {
  const token = delivery.headers?.get(HEADERS.context) ?? '';
  const context = verified(parts, delivery, token);
  if (!context) return delivery.ack();
  const nowMs = Date.now();
  const due = { kind: 'due', deadlineMs: context.deadlineMs, nowMs } as const;
  const decision = decide(await placedOrEnded(parts.requester, context), due);
  if (decision.do === 'end') await end(parts, delivery, context, { token, fault: decision.fault, nowMs });
  if (decision.do === 'place') {
    parts.onPlaced(context);
    const work = new OutgoingHeaders().add(HEADERS.context, token);
    const { dataRef } = bodyOf(delivery);
    if (dataRef) work.add(HEADERS.dataRef, encodeDataRef(dataRef));
    // Refused where the work of the earlier attempt is still there, unacknowledged: then that one runs again.
    await parts.publisher.store(subjects.work(context, context.invocation), delivery.data, work);
  }
  delivery.ack();
}

/** Has it a result yet? */
export async function placedOrEnded(
  requester: Pick<Requester, 'request'>,
  context: CallContext,
): Promise<'placed' | 'ended'> {
  const found = await readResultPlace(requester, context);
  return found && isResult(found) ? 'ended' : 'placed';
}

/**
 * Undefined for what no key verifies, and has not for as long as replicas may differ in their keys. Nothing can be stored for it:
 * anybody could have had the server put it there, in another's name. The work itself ends at its deadline.
 */
function verified({ gate, onError }: DueAttemptsParts, delivery: Delivery, token: string): CallContext | undefined {
  try {
    return gate.contextOf(token);
  } catch (error) {
    if (delivery.deliveries <= LIMITS.deliveries) throw error;
    const message = `${delivery.subject} is given up: no key of this choreographer verifies it. ${Fault.from(error).message}`;
    onError(new Fault('unauthenticated', message, undefined, { cause: error }));
    return undefined;
  }
}

async function end(
  { publisher, history }: DueAttemptsParts,
  delivery: Delivery,
  context: CallContext,
  { token, fault, nowMs }: { readonly token: string; readonly fault: Fault; readonly nowMs: number },
): Promise<void> {
  const { caller, plugin, capability, invocation, correlation } = context;
  const outcome = { ask: { caller, plugin, capability }, invocation, correlation, fault, nowMs };
  const proof = { [HEADERS.receipt]: receiptFromToken(token) };
  const isFirst = await storeFault(publisher, { ...outcome, body: bodyOf(delivery), original: undefined, proof });
  if (isFirst) await history.endedByChoreographer(context, nowMs, fault.toJSON());
}
