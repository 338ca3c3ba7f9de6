/** Where dead letters lie: found, read and taken out. */
import type { Bus } from '@orchestrator/bus';
import { lookBack, readNewest, removeStored, removeStoredOn, type StoredBody } from '@orchestrator/bus/streams';
import {
  type Ask,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  Fault,
  type LateResult,
  patterns,
  STREAMS,
  subjects,
} from '@orchestrator/protocol';
import { isWanted, readLate, readLetter } from '../domain/dead-letter.js';

/** Whoever asks waits 5 s: a page that takes longer is answered as far as it goes. */
const LONGEST_SEARCH_MS = 2_000;

export interface StoredLetter extends DeadLetter {
  readonly stored: StoredBody;
}

export interface PageOptions {
  readonly filter: DeadLetterFilter;
  readonly before?: number | undefined;
  readonly limit: number;
}

export class DeadLetterBox {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Newest first. */
  async page({ filter, before, limit }: PageOptions): Promise<DeadLetterPage> {
    const giveUpAtMs = Date.now() + LONGEST_SEARCH_MS;
    const subject = patterns.deadOf(filter.plugin, filter.capability);
    const letters: DeadLetter[] = [];
    for await (const { heads, start } of lookBack(this.#bus, { stream: STREAMS.dead.name, filter: subject, before })) {
      for (const head of heads) {
        if (filter.sinceMs !== undefined && head.storedAtMs < filter.sinceMs) return { letters };
        const letter = readLetter(head);
        if (letter && isWanted(letter, filter)) letters.push(letter);
        if (letters.length === limit) return { letters, next: head.sequence };
      }
      if (Date.now() > giveUpAtMs) return { letters, next: start };
    }
    return { letters };
  }

  /** @throws Fault `not-found` */
  async read(invocation: string): Promise<StoredLetter> {
    const pattern = patterns.deadOf(undefined, undefined, invocation);
    const stored = await readNewest(this.#bus, STREAMS.dead.name, pattern);
    const letter = stored && readLetter(stored);
    if (letter) return { ...letter, stored };
    throw new Fault('not-found', 'No dead letter has the name of that invocation.', { invocation });
  }

  /** Is the object there that holds arguments? Its description is looked for, not its bytes. */
  async hasObject(object: string): Promise<boolean> {
    return (await readNewest(this.#bus, STREAMS.objects.name, subjects.objectInfo(object))) !== undefined;
  }

  /** What came after the letter; undefined while nothing has. */
  async late({ plugin, capability, invocation }: DeadLetter): Promise<LateResult | undefined> {
    const stored = await readNewest(this.#bus, STREAMS.dead.name, subjects.late(plugin, capability, invocation));
    return stored && readLate(stored);
  }

  /** Answers whether it was this that took it out. */
  async remove({ sequence, plugin, capability, invocation }: DeadLetter): Promise<boolean> {
    const isRemoved = await removeStored(this.#bus, STREAMS.dead.name, sequence);
    await this.#removeLate(plugin, capability, invocation);
    return isRemoved;
  }

  /** Takes out the letter of an invocation, if there is one. */
  async removeOf({ plugin, capability }: Pick<Ask, 'plugin' | 'capability'>, invocation: string): Promise<void> {
    await removeStoredOn(this.#bus, STREAMS.dead.name, subjects.dead(plugin, capability, invocation));
    await this.#removeLate(plugin, capability, invocation);
  }

  #removeLate(plugin: string, capability: string, invocation: string): Promise<void> {
    return removeStoredOn(this.#bus, STREAMS.dead.name, subjects.late(plugin, capability, invocation));
  }
}
