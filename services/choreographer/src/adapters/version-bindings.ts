/**
 * Which versions call trees are bound to: one message for each plugin of a tree, in a stream that keeps the first and refuses
 * the rest. So replicas that decide at once agree, and whoever starts again finds what was decided. A binding never changes:
 * what was read once is remembered.
 */
import { type Bus, type Requester, readStoredOn, type StoredPublisher } from '@orchestrator/bus';
import { removeStored } from '@orchestrator/bus/streams';
import { type BoundPlugin, type ContextSigner, Fault, isBindingOf, STREAMS, subjects } from '@orchestrator/protocol';
import { RecentMap } from '../domain/recent-map.js';

/** Bindings that are remembered at least. */
const REMEMBERED = 20_000;
/** How long it is tried to bind: a reading may be behind a storing that it follows, where NATS is a cluster. */
const PATIENCE_MS = 2_000;

export interface VersionBindingsParts {
  readonly bus: Bus;
  readonly requester: Requester;
  readonly publisher: StoredPublisher;
  readonly signer: Pick<ContextSigner, 'signBinding' | 'verifyBinding'>;
}

export class VersionBindings {
  readonly #parts: VersionBindingsParts;
  readonly #known = new RecentMap<string>(REMEMBERED);

  constructor(parts: VersionBindingsParts) {
    this.#parts = parts;
  }

  /** What is known here without asking. */
  known(of: BoundPlugin): string | undefined {
    return this.#known.get(subjects.bound(of));
  }

  /** Binds, unless that was done before. Resolves with the version that it is bound to. @throws Fault `unavailable`, `exhausted` */
  bind(of: BoundPlugin, version: string): Promise<string> {
    const { publisher, signer } = this.#parts;
    const subject = subjects.bound(of);
    const binding = signer.signBinding({ ...of, version });
    return publisher.keepTrying(Date.now() + PATIENCE_MS, async () => {
      const { stored } = await publisher.store(subject, binding);
      const first = stored ? version : await this.read(of);
      if (first === undefined) throw unreadable(of);
      this.#known.set(subject, first);
      return first;
    });
  }

  /** The version that a plugin is bound to; undefined where it is to none. @throws Fault `unavailable` */
  async read(of: BoundPlugin): Promise<string | undefined> {
    const { bus, requester, signer } = this.#parts;
    const subject = subjects.bound(of);
    const stored = await readStoredOn(requester, STREAMS.bound.name, subject);
    if (!stored) return undefined;
    const text = stored.string();
    if (!isBindingOf(text, of)) {
      // Led there by a reply subject: NATS itself publishes for whoever asks it something.
      await removeStored(bus, STREAMS.bound.name, Number(stored.headers?.get('Nats-Sequence')));
      return undefined;
    }
    try {
      const { version } = signer.verifyBinding(text);
      this.#known.set(subject, version);
      return version;
    } catch (cause) {
      throw unreadable(of, cause); // perhaps signed with a key that this replica does not have yet
    }
  }
}

function unreadable({ plugin }: BoundPlugin, cause?: unknown): Fault {
  const message = `The version of ${plugin} that the call tree is bound to cannot be read.`;
  return new Fault('unavailable', message, { plugin }, { cause });
}
