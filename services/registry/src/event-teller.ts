import { OutgoingHeaders, type StoredPublisher } from '@orchestrator/bus';
import { HEADERS, type RegistryEvent, randomInvocationId, subjects } from '@orchestrator/protocol';

/** Events that wait for NATS at most; what comes then is not told. */
const MAX_WAITING = 10_000;

/** Tells what happens to plugins: to whoever listens, and into the stream that keeps it. Best effort: no plugin waits for it. */
export class EventTeller {
  readonly #publisher: Pick<StoredPublisher, 'store'>;
  readonly #onError: (error: unknown) => void;
  #waiting = 0;

  constructor(publisher: Pick<StoredPublisher, 'store'>, onError: (error: unknown) => void) {
    this.#publisher = publisher;
    this.#onError = onError;
  }

  tell({ event, ...body }: RegistryEvent): void {
    if (this.#waiting >= MAX_WAITING) return;
    this.#waiting++;
    const of = 'version' in body ? `${body.plugin}@${body.version}` : body.plugin;
    const headers = new OutgoingHeaders()
      .add(HEADERS.specVersion, '1.0')
      .add(HEADERS.id, randomInvocationId())
      .add(HEADERS.type, `orchestrator.registry.${event}`)
      .add(HEADERS.source, 'registry')
      .add(HEADERS.subject, of)
      .add(HEADERS.time, new Date().toISOString());
    this.#publisher
      .store(subjects.registryEvent(event, body.plugin), JSON.stringify(body), headers)
      .catch(this.#onError)
      .finally(() => this.#waiting--);
  }
}
