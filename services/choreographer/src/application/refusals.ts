/** Durable requests that become no work: told in the history, kept in the dead letters, and answered. */
import { bodyOf, type Delivery, type StoredPublisher } from '@orchestrator/bus';
import { type Ask, type CallContext, Fault, HEADERS, hashOfBody, type RequestHeaders } from '@orchestrator/protocol';
import type { Gate } from './gate.js';
import type { History } from './history.js';
import { storeFault } from './outcomes.js';
import { ownId, sequenceOf } from './request-identity.js';

/** A request as far as it could be read. */
export interface Refusable {
  readonly ask: Ask;
  readonly headers: RequestHeaders | undefined;
  readonly parent: CallContext | undefined;
  readonly invocation: string;
  /** The dead invocation that this is a redrive of. */
  readonly redriveOf?: string | undefined;
}

export interface RefusalsParts {
  readonly publisher: StoredPublisher;
  readonly gate: Gate;
  readonly history: History;
}

export class Refusals {
  readonly #parts: RefusalsParts;

  constructor(parts: RefusalsParts) {
    this.#parts = parts;
  }

  /** As an invocation of its own: the one that its key names is another's. */
  async refuseReuse(delivery: Delivery, of: Refusable): Promise<void> {
    const { invocation } = of;
    const fault = new Fault('invalid-argument', 'This key was used before, with other arguments.', { invocation });
    await this.refuse(delivery, { ...of, invocation: ownId(delivery) }, fault);
  }

  /** Refused: in the history, in the dead letters, and answered. Resolves with the correlation that it is found by. */
  async refuse(delivery: Delivery, of: Refusable, fault: Fault): Promise<string> {
    const { ask, invocation, redriveOf } = of;
    const nowMs = Date.now();
    const body = bodyOf(delivery);
    const origin = { request: sequenceOf(delivery), bodyHash: hashOfBody(body), redriveOf };
    const { headers: sent, parent } = of;
    const refused = { ask, invocation, headers: sent, parent, mode: 'durable', fault, nowMs } as const;
    const refusal = this.#parts.history.refused({ ...refused, ...origin });
    await refusal.stored;
    const { correlation } = refusal;
    const proof = {
      [HEADERS.redrive]: this.#parts.gate.proofOf({ of: invocation, ask, parent }),
      ...allowedBy(delivery, sent),
    };
    const original = { body, original: delivery.headers, proof };
    await storeFault(this.#parts.publisher, { ask, invocation, correlation, fault, nowMs, ...original });
    delivery.ack();
    return correlation;
  }
}

/** What is left of the deadline when it is asked for again: as long as the caller had allowed at first. */
function allowedBy(delivery: Delivery, headers: RequestHeaders | undefined): Record<string, string> {
  const allowedMs = (headers?.expiryMs ?? 0) - Math.floor(Number(delivery.storedAt) / 1e6);
  return allowedMs > 0 ? { [HEADERS.allowedMs]: String(allowedMs) } : {};
}
