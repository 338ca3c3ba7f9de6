/**
 * Claims of work that must not start twice. Each try to claim has a nonce of its own, so that whoever lost the
 * acknowledgement of its claim recognises it when the second is refused.
 */
import { type Requester, readStoredOn, type StoredPublisher } from '@orchestrator/bus';
import { type CallContext, Fault, randomId, STREAMS, subjects } from '@orchestrator/protocol';

export class Claims {
  readonly #requester: Requester;
  readonly #publisher: StoredPublisher;
  readonly #instance: string;

  constructor(requester: Requester, publisher: StoredPublisher, instance: string) {
    this.#requester = requester;
    this.#publisher = publisher;
    this.#instance = instance;
  }

  /** Answers whether the claim is held from now on: not when somebody else holds one. @throws Fault when that is not known */
  async take(context: CallContext, attempt: number): Promise<boolean> {
    const subject = subjects.claim(context.plugin, context.invocation);
    const nonce = randomId();
    const claim = JSON.stringify({ instance: this.#instance, attempt, atMs: Date.now(), nonce });
    return this.#publisher.keepTrying(context.deadlineMs, async () => {
      const { stored } = await this.#publisher.store(subject, claim);
      if (stored) return true;
      const first = await readStoredOn(this.#requester, STREAMS.claims.name, subject);
      if (!first) throw new Fault('unavailable', `The claim on ${context.invocation} cannot be read.`);
      return nonceOf(first.data) === nonce;
    });
  }
}

function nonceOf(claim: Uint8Array): unknown {
  try {
    return (JSON.parse(Buffer.from(claim).toString()) as { nonce?: unknown } | null)?.nonce;
  } catch {
    return undefined;
  }
}
