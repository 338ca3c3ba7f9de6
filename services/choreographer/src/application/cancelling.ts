/**
 * Cancellation of a call tree, or of what an invocation began. The entry in the bucket is the fact: every replica watches it,
 * admits nothing below from then on, answers for what it has forwarded, and ends what the history shows as open. So it is
 * carried out though whoever was asked dies, and doing it twice changes nothing.
 */
import { type Bus, type Requester, readTree, serveQuery } from '@orchestrator/bus';
import type { CancellationBucket } from '@orchestrator/bus/streams';
import {
  type Cancellation,
  type Cancellations,
  type CancelNotice,
  cancelledFault,
  Fault,
  flattenTree,
  type InvocationNode,
  parseCancellationKey,
  subjects,
} from '@orchestrator/protocol';
import type { OpenWork } from './open-work.js';
import type { SyncCalls } from './sync-calls.js';
import type { WaitingRequests } from './waiting-requests.js';

/** What was admitted elsewhere in that instant is in the history by then, and the entries of one tree come together. */
const SETTLE_MS = 250;

export interface CancellingParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly bucket: CancellationBucket;
  readonly cancellations: Cancellations;
  readonly calls: SyncCalls;
  readonly openWork: OpenWork;
  readonly waiting: Pick<WaitingRequests, 'find'>;
  /** Has a request that was set aside decided now. */
  readonly decideAside: (sequence: number) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** The invocations that were open, and are no longer. */
interface CancelAnswer {
  readonly cancelled: readonly string[];
}

export class Cancelling {
  readonly #parts: CancellingParts;
  /** Correlations that are about to be looked at. */
  readonly #settling = new Map<string, NodeJS.Timeout>();

  constructor(parts: CancellingParts) {
    this.#parts = parts;
  }

  /** Resolves when every cancellation there is is known. */
  async start(): Promise<void> {
    await this.#parts.bucket.watch((cancellation) => this.#onAdded(cancellation));
    serveQuery(this.#parts.bus, 'choreographer', 'cancel', (args) => this.#cancel(parseTarget(args)));
  }

  stop(): void {
    for (const timer of this.#settling.values()) clearTimeout(timer);
  }

  #onAdded(cancellation: Cancellation): void {
    const { cancellations, calls, onError } = this.#parts;
    const { correlation } = cancellation;
    cancellations.add(cancellation);
    calls.onCancelled(cancellations);
    if (this.#settling.has(correlation)) return;
    const settle = () => {
      this.#settling.delete(correlation);
      // A tree that the history has forgotten has nothing open.
      this.#endCovered(correlation).catch((error) => isNotFound(error) || onError(error));
    };
    this.#settling.set(correlation, setTimeout(settle, SETTLE_MS));
  }

  async #cancel(target: Cancellation): Promise<CancelAnswer> {
    const { requester, bucket, cancellations } = this.#parts;
    const { correlation, invocation } = target;
    // The history first: what it does not know cannot be cancelled, and a mistyped id shall be told.
    const open = await openBelow(requester, target).catch((error) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (!open) return this.#cancelWaiting(target);
    const parts = invocation === undefined ? [] : open.map((node) => ({ correlation, invocation: node.invocation }));
    for (const one of [target, ...parts]) {
      await bucket.put(one);
      cancellations.add(one);
    }
    const ended = await this.#endCovered(correlation);
    // What ran may have ended by now: whoever hears of the entry first ends its own.
    return { cancelled: [...new Set([...open.map((node) => node.invocation), ...ended])] };
  }

  /** What the history does not know may wait to be admitted: then it never is. @throws Fault `not-found` */
  async #cancelWaiting(target: Cancellation): Promise<CancelAnswer> {
    const { bucket, cancellations, waiting, decideAside } = this.#parts;
    const found = await waiting.find(target);
    if (found.length === 0) {
      throw new Fault('not-found', 'The history holds no such invocation, and none waits.', { ...target });
    }
    await bucket.put(target);
    cancellations.add(target);
    // Whoever keeps one sees it there; nobody sees those that are set aside.
    for (const { sequence, isAside } of found) if (isAside) await decideAside(sequence);
    return { cancelled: found.map(({ run }) => run.invocation) };
  }

  /** Ends what is open of a tree and covered by a cancellation; answers which. */
  async #endCovered(correlation: string): Promise<string[]> {
    const { bus, requester, cancellations, openWork } = this.#parts;
    const open = (await openBelow(requester, { correlation, invocation: undefined })).filter((node) =>
      cancellations.covers(node),
    );
    const invocations = open.map((node) => node.invocation);
    const notice: CancelNotice = { invocations: cancellations.coversTree(correlation) ? 'all' : invocations };
    bus.nc.publish(subjects.cancelled(correlation), JSON.stringify(notice));
    const durable = open.filter((node) => node.mode === 'durable');
    await Promise.all(durable.map((node) => openWork.end({ ...node, version: node.version ?? '' }, cancelledFault())));
    return invocations;
  }
}

function isNotFound(error: unknown): boolean {
  return Fault.is(error) && error.code === 'not-found';
}

/** What has not ended, of the tree or below the invocation, it included. @throws Fault `not-found` */
async function openBelow(requester: Requester, { correlation, invocation }: Cancellation): Promise<InvocationNode[]> {
  const tree = await readTree(requester, { correlation });
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
