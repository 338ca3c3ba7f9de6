/**
 * What an operator does about dead letters: discards them, or has their requests made again. A redrive is a request like
 * any other, stored before its letter is taken out and admitted on the one durable path; its id is derived from that of the
 * invocation that died. So whoever asks for it again, at the same time or after a crash between any two steps, asks for the
 * same invocation, and `durable-requests.ts` takes out a letter that was left lying.
 */
import { bodyOf, OutgoingHeaders, type Requester, readResult, type StoredPublisher } from '@orchestrator/bus';
import {
  type Body,
  type DeadLetterSelection,
  type DiscardAnswer,
  encodeDataRef,
  Fault,
  HEADERS,
  hashOfBody,
  invocationIdOfRedrive,
  type RedriveAnswer,
  subjects,
} from '@orchestrator/protocol';
import type { DeadLetterBox, StoredLetter } from '../adapters/dead-letter-box.js';
import type { OpenInvocations } from '../adapters/open-invocations.js';
import { originOf } from '../domain/letter-origin.js';
import type { Gate } from './gate.js';

/** Letters that one question may act upon: it has to be answered within 5 s. */
const LETTERS_AT_ONCE = 50;

export interface RedrivesParts {
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly gate: Gate;
  readonly invocations: OpenInvocations;
  readonly box: DeadLetterBox;
}

/** What may be other than it was; undefined keeps it. */
export interface RedriveChanges {
  readonly body: Body | undefined;
  readonly range: string | undefined;
}

type Redriven = RedriveAnswer['redriven'][number];

export class Redrives {
  readonly #parts: RedrivesParts;

  constructor(parts: RedrivesParts) {
    this.#parts = parts;
  }

  /** Letters that cannot be redriven stay, and are named with the reason. @throws Fault when only one was asked for, and cannot be */
  async redrive(selection: DeadLetterSelection, changes: RedriveChanges): Promise<RedriveAnswer> {
    const redriven: Redriven[] = [];
    const failed: RedriveAnswer['failed'][number][] = [];
    if ('invocation' in selection) {
      const letter = await this.#parts.box.read(selection.invocation);
      return { redriven: [await this.#redriveOne(letter, changes)], failed };
    }
    const { letters, next } = await this.#parts.box.page({ ...selection, limit: LETTERS_AT_ONCE });
    const redriveListed = async (invocation: string) => {
      try {
        redriven.push(await this.#redriveOne(await this.#parts.box.read(invocation), changes));
      } catch (error) {
        const { code, message } = Fault.from(error);
        failed.push({ invocation, fault: { code, message } });
      }
    };
    await Promise.all(letters.map(({ invocation }) => redriveListed(invocation)));
    return { redriven, failed, ...(next !== undefined && { next }) };
  }

  async discard(selection: DeadLetterSelection): Promise<DiscardAnswer> {
    const { box } = this.#parts;
    if ('invocation' in selection) {
      const letter = await box.read(selection.invocation);
      return { discarded: (await box.remove(letter)) ? [letter.invocation] : [] };
    }
    const { letters, next } = await box.page({ ...selection, limit: LETTERS_AT_ONCE });
    const removed = await Promise.all(letters.map((letter) => box.remove(letter)));
    const discarded = letters.filter((_, at) => removed[at]).map(({ invocation }) => invocation);
    return { discarded, ...(next !== undefined && { next }) };
  }

  async #redriveOne(letter: StoredLetter, changes: RedriveChanges): Promise<Redriven> {
    const { gate, publisher, invocations, box } = this.#parts;
    const origin = originOf(letter, gate);
    await this.#checkEnded(letter, origin.endsByMs);
    const { ask } = origin;
    // Another version than its tree is bound to is what an operator may be after.
    const isSticky = origin.sticky && changes.range === undefined;
    const parent =
      changes.range === undefined ? origin.parent : origin.parent && { ...origin.parent, sticky: undefined };
    const body = changes.body ?? bodyOf(letter.stored);
    if (!(await this.#isThere(body))) {
      throw new Fault('invalid-argument', 'The letter does not hold its arguments any more; give new ones.');
    }
    const invocation = invocationIdOfRedrive(letter.invocation);
    const known = invocations.mayKnow(invocation) ? (await invocations.firstAsked(invocation))?.bodyHash : undefined;
    if (known !== undefined && known !== hashOfBody(body)) {
      const message = 'It was redriven before, with other arguments.';
      throw new Fault('invalid-argument', message, { redriveOf: letter.invocation, invocation });
    }
    const request = new OutgoingHeaders().add(HEADERS.correlationId, origin.correlation);
    request.add(HEADERS.redrive, gate.proofOf({ of: letter.invocation, ask, parent }));
    const range = changes.range ?? origin.range;
    if (range) request.add(HEADERS.version, range);
    if (origin.attempts) request.add(HEADERS.attempts, origin.attempts);
    if (origin.limits) request.add(HEADERS.limits, origin.limits);
    if (isSticky) request.add(HEADERS.sticky, 'true');
    if (origin.traceparent) request.add(HEADERS.traceparent, origin.traceparent);
    if (origin.allowedMs) request.add(HEADERS.expiryTime, new Date(Date.now() + origin.allowedMs).toISOString());
    if (body.dataRef) request.add(HEADERS.dataRef, encodeDataRef(body.dataRef));
    if (known === undefined) await publisher.store(subjects.request(ask), body.data, request);
    await box.remove(letter);
    const { caller, plugin } = ask;
    return { redriveOf: letter.invocation, invocation, caller, plugin, correlation: origin.correlation };
  }

  /** Objects grow old as letters do; only a letter of what was redriven long after it was asked for may outlive its own. */
  async #isThere({ data, dataRef }: Body): Promise<boolean> {
    return dataRef ? this.#parts.box.hasObject(dataRef.object) : data.length > 0;
  }

  /** A letter is stored before the result: until that is there too, another run may still succeed. */
  async #checkEnded(letter: StoredLetter, endsByMs: number): Promise<void> {
    const result = await readResult(this.#parts.requester, letter);
    if (!result && Date.now() < endsByMs) {
      throw new Fault('unavailable', 'The invocation is only just ending; ask again in a moment.');
    }
    if (result && !result.headers?.get(HEADERS.fault)) {
      throw new Fault('invalid-argument', 'A later run of the invocation has succeeded: nothing is to be redriven.');
    }
  }
}
