/**
 * Was this invocation asked for before, by this request or by another? The answer is in what this replica remembers, in the
 * history, which may lag behind, and in the streams, where the work is on its way.
 */
import { type Answer, type Bus, type Requester, readResult } from '@orchestrator/bus';
import { readWaiting } from '@orchestrator/bus/streams';
import { type Ask, type CallContext, HEADERS } from '@orchestrator/protocol';
import type { OpenInvocations } from '../adapters/open-invocations.js';
import { decide, type LifecycleDecision } from '../domain/invocation-lifecycle.js';
import type { Gate } from './gate.js';
import type { RecentWork } from './recent-work.js';

interface EarlierRequestsParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly gate: Gate;
  readonly invocations: OpenInvocations;
}

interface AskedAgain {
  readonly ask: Ask;
  readonly invocation: string;
  readonly bodyHash: string;
}

interface Earlier {
  /** What is to be done with the request that came now. */
  readonly decision: LifecycleDecision;
  /** The first one, where it is remembered or in the history. */
  readonly known: { readonly correlation: string; readonly bodyHash: string | undefined } | undefined;
  /** Was it counted in its tree's budget? */
  readonly isCounted: boolean;
  /** Its admission, where whoever placed the work has not told the history, and perhaps died. */
  readonly untold: CallContext | undefined;
}

export class EarlierRequests {
  readonly #parts: EarlierRequestsParts;

  constructor(parts: EarlierRequestsParts) {
    this.#parts = parts;
  }

  /** Undefined when it is certain that there was none. @param mayBePlaced may its work have been placed by somebody who did not live to tell? */
  async lookUp(
    { ask, invocation, bodyHash }: AskedAgain,
    recent: RecentWork | undefined,
    mayBePlaced: boolean,
  ): Promise<Earlier | undefined> {
    const { bus, requester, invocations } = this.#parts;
    const isRemembered = recent?.bodyHash !== undefined;
    if (!isRemembered && !mayBePlaced && !invocations.mayKnow(invocation)) return undefined;
    const asked = isRemembered ? undefined : await invocations.firstAsked(invocation);
    const known = isRemembered ? recent : asked;
    const result = await readResult(requester, { ...ask, invocation });
    // The first of two requests is delivered until its work is placed: the second has nothing to add.
    const isRepeated = known !== undefined && !mayBePlaced;
    const waiting = result || isRepeated ? undefined : await readWaiting(bus, ask.plugin, invocation);
    const notEnded = isRepeated ? 'placed' : waiting ? 'waiting' : 'absent';
    const firstHash = known ? known.bodyHash : result?.headers?.get(HEADERS.bodyHash);
    const event = { kind: 'requested', bodyHash, knownBodyHash: firstHash || undefined } as const;
    return {
      decision: decide(result ? 'ended' : notEnded, event),
      known,
      isCounted: isRemembered ? recent.context !== undefined : asked?.isAdmitted === true,
      untold: known ? undefined : this.#contextOf(result ?? waiting, invocation),
    };
  }

  #contextOf(message: Answer | undefined, invocation: string): CallContext | undefined {
    const { gate } = this.#parts;
    const token = message?.headers?.get(HEADERS.context);
    try {
      const context = token ? gate.contextOf(token) : gate.verifyReceipt(message?.headers?.get(HEADERS.receipt) ?? '');
      return context.invocation === invocation ? context : undefined;
    } catch {
      return undefined; // of a refusal, which is in the history before it is a result; or a bad plugin's
    }
  }
}
