/**
 * Roots that wait to be admitted: no replica needs to remember them, since they are in their stream until they are decided. They
 * are read there, whichever replica keeps them and whether or not they are set aside.
 */
import { type Bus, serveQuery } from '@orchestrator/bus';
import { type ScannedMessage, scanStored } from '@orchestrator/bus/streams';
import {
  type CircuitList,
  correlationIdOf,
  Fault,
  HEADERS,
  invocationIdOfRedrive,
  isAside,
  isNested,
  parseAsk,
  parseRequestHeaders,
  requestSubject,
  STREAMS,
  type WaitingPage,
  type WaitingRun,
} from '@orchestrator/protocol';
import { type Args, isInvocation, isNameText, isWhole, parseFilter, parseLimit } from '../domain/query-arguments.js';
import type { Gate } from './gate.js';
import { invocationOf } from './request-identity.js';
import { asRequested } from './set-aside.js';

/** A look through what waits ends before whoever asked gives up. */
const LOOK_MS = 4_000;

const FILTER = {
  plugin: isNameText,
  capability: isNameText,
  caller: isNameText,
  invocation: isInvocation,
  correlation: (value: unknown) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value),
};

export interface WaitingRequestsParts {
  readonly bus: Bus;
  readonly gate: Pick<Gate, 'redriveOf'>;
  readonly circuits: () => CircuitList;
}

/** One that waits, and where it is stored now. */
interface Found {
  readonly run: WaitingRun;
  readonly sequence: number;
  readonly isAside: boolean;
}

export class WaitingRequests {
  readonly #parts: WaitingRequestsParts;

  constructor(parts: WaitingRequestsParts) {
    this.#parts = parts;
  }

  serve(): void {
    serveQuery(this.#parts.bus, 'choreographer', 'waiting', (args) => this.#page(args));
  }

  /** Those of that correlation, or the one of that id. */
  async find(of: { readonly correlation?: string; readonly invocation?: string | undefined }): Promise<Found[]> {
    const all: Found[] = [];
    for await (const found of this.#look(1))
      if (found.run && fits(found.run, of)) all.push({ ...found, run: found.run });
    return all;
  }

  async #page({ filter: asked = {}, after, limit: most }: Args): Promise<WaitingPage> {
    const filter = parseFilter(asked, FILTER);
    const limit = parseLimit(most);
    if (after !== undefined && !isWhole(after)) {
      throw new Fault('invalid-argument', 'after is the next of an earlier page: a whole number.');
    }
    const waiting: WaitingRun[] = [];
    for await (const { run, sequence, isLast } of this.#look(after === undefined ? 1 : after + 1)) {
      if (run && fits(run, filter)) waiting.push(run);
      if (waiting.length === limit || isLast) return { waiting, next: sequence };
    }
    return { waiting };
  }

  /** Oldest first. `isLast`: there may be more, but no time to look. */
  async *#look(from: number) {
    const giveUpAtMs = Date.now() + LOOK_MS;
    for await (const stored of scanStored(this.#parts.bus, STREAMS.requests.name, from)) {
      const { sequence, subject } = stored;
      const isLast = Date.now() > giveUpAtMs;
      yield { run: this.#read(stored), sequence, isAside: isAside(subject), isLast };
      if (isLast) return;
    }
  }

  /** Undefined for what running work asks for, which is found in its tree, and for what is about to be refused. */
  #read(stored: ScannedMessage): WaitingRun | undefined {
    try {
      const request = asRequested(stored);
      const headers = parseRequestHeaders((name) => stored.headers.get(name));
      if (isNested(stored.subject) || headers.contextToken !== undefined) return undefined;
      const ask = parseAsk(requestSubject(stored.subject), 'request');
      const token = stored.headers.get(HEADERS.redrive);
      const invocation = token
        ? invocationIdOfRedrive(this.#parts.gate.redriveOf(token, ask).of)
        : invocationOf(request, ask, headers, undefined);
      const correlation = headers.correlation ?? headers.traceParent?.traceId ?? correlationIdOf(invocation);
      const sinceMs = Math.floor(Number(request.storedAt) / 1e6);
      return { invocation, correlation, ...ask, reason: this.#reason(ask), request: request.sequence, sinceMs };
    } catch {
      return undefined;
    }
  }

  #reason({ plugin, capability }: Pick<WaitingRun, 'plugin' | 'capability'>): WaitingRun['reason'] {
    const { circuits } = this.#parts.circuits();
    return circuits.some((one) => one.plugin === plugin && one.capability === capability) ? 'circuit' : 'room';
  }
}

function fits(run: WaitingRun, filter: Args): boolean {
  return Object.entries(filter).every(
    ([name, value]) => value === undefined || run[name as keyof WaitingRun] === value,
  );
}
