/**
 * Cancellation of a call tree, or of what an invocation began. The entry in the bucket is the fact: every replica watches it,
 * and from then on admits nothing below, answers for what it has forwarded, and ends what is open (see open-work.ts). Whoever
 * is asked also does at once what the sweeps would do seconds later. Asking again changes nothing.
 */
import { ask, type Bus, type Requester, serveQuery } from '@orchestrator/bus';
import type { CancellationBucket } from '@orchestrator/bus/streams';
import {
  type CallTree,
  type Cancellation,
  type CancelNotice,
  cancelledFault,
  Fault,
  flattenTree,
  type InvocationNode,
  parseCancellationKey,
  subjects,
} from '@orchestrator/protocol';
import type { OpenWork } from './open-work.js';

export interface CancellingParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly bucket: CancellationBucket;
  readonly openWork: OpenWork;
}

/** The invocations that were open, and are no longer. */
interface CancelAnswer {
  readonly cancelled: readonly string[];
}

export function serveCancel(parts: CancellingParts): void {
  serveQuery(parts.bus, 'choreographer', 'cancel', (args) => cancel(parts, parseTarget(args)));
}

async function cancel(
  { bus, requester, bucket, openWork }: CancellingParts,
  target: Cancellation,
): Promise<CancelAnswer> {
  const { correlation, invocation } = target;
  // The history first: what it does not know cannot be cancelled, and a mistyped id shall be told.
  await openBelow(requester, target);
  await bucket.put(target);
  const open = await openBelow(requester, target);
  const invocations = open.map((node) => node.invocation);
  if (invocation !== undefined)
    await Promise.all(invocations.map((one) => bucket.put({ correlation, invocation: one })));
  const notice: CancelNotice = { invocations: invocation === undefined ? 'all' : invocations };
  bus.nc.publish(subjects.cancelled(correlation), JSON.stringify(notice));
  const durable = open.filter((node) => node.mode === 'durable');
  await Promise.all(durable.map((node) => openWork.end({ ...node, version: node.version ?? '' }, cancelledFault())));
  return { cancelled: invocations };
}

/** What has not ended, of the tree or below the invocation, it included. @throws Fault `not-found` */
async function openBelow(requester: Requester, { correlation, invocation }: Cancellation): Promise<InvocationNode[]> {
  const tree = await ask<CallTree>(requester, 'choreographer', 'tree', { correlation });
  const all = flattenTree(tree);
  const top = all.find((node) => node.invocation === invocation);
  if (invocation !== undefined && !top) {
    throw new Fault('not-found', 'The history holds no such invocation in that tree.', { correlation, invocation });
  }
  const below = top ? flattenTree({ ...tree, roots: [top] }) : all;
  return below.filter((node) => node.endedAtMs === undefined);
}

/** @throws Fault `invalid-argument` */
function parseTarget({ correlation, invocation }: Record<string, unknown>): Cancellation {
  const isText = typeof correlation === 'string' && (invocation === undefined || typeof invocation === 'string');
  const target = isText ? parseCancellationKey([correlation, invocation].filter((one) => one).join('.')) : undefined;
  if (target) return target;
  throw new Fault('invalid-argument', 'Give correlation (32 hex digits), and for a part of it invocation (a UUID).');
}
