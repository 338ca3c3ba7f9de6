/** Tells the registry that this instance is here: announces until it is accepted, then beats; says so when it leaves. */
import { Logger } from '@nestjs/common';
import { type Bus, type Requester, readAnswer, type Subscription } from '@orchestrator/bus';
import type { Manifest } from '@orchestrator/manifest';
import { Fault, LIMITS, subjects } from '@orchestrator/protocol';

const RETRY_MS = 500;

/** What the registry answers. */
export interface Acceptance {
  /** How long durable work is held without renewal before another instance gets it. */
  readonly leaseMs: number;
}

/** The needs of the manifest that nothing meets yet. */
interface WaitingFor {
  readonly waitingFor?: readonly { readonly capability: string; readonly range: string }[];
}

export class Announcer {
  readonly #bus: Bus;
  readonly #requester: Requester;
  readonly #manifest: Manifest;
  readonly #instance: string;
  readonly #logger = new Logger('Announcer');
  #rollCall: Subscription | undefined;
  #heart: NodeJS.Timeout | undefined;
  #hasLeft = false;

  constructor(bus: Bus, requester: Requester, manifest: Manifest, instance: string) {
    this.#bus = bus;
    this.#requester = requester;
    this.#manifest = manifest;
    this.#instance = instance;
  }

  /** Resolves once the registry has accepted the manifest; waits for a registry that is not there yet. @throws Fault when it refuses */
  async join(): Promise<Acceptance> {
    let waiting = false;
    let acceptance: Acceptance;
    for (;;) {
      try {
        acceptance = await this.#announce();
        break;
      } catch (error) {
        if (!Fault.is(error) || (error.code !== 'unavailable' && error.code !== 'deadline-exceeded')) throw error;
        if (!waiting) this.#logger.warn('The registry does not answer yet; waiting for it.');
        waiting = true;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.#rollCall = this.#bus.nc.subscribe(subjects.rollCall(), { callback: () => void this.#answerRollCall() });
    this.beat();
    await this.#bus.nc.flush(); // whoever hears that it is ready, and calls it, comes after its first heartbeat
    this.#heart = setInterval(() => this.beat(), LIMITS.heartbeatMs);
    return acceptance;
  }

  beat(): void {
    this.#bus.nc.publish(this.#beatSubject());
  }

  /** Before what keeps the event loop busy for a while: resolves when NATS has heard that this instance lives. */
  async showLife(): Promise<void> {
    if (!this.#hasLeft) this.beat();
    await this.#bus.nc.flush().catch(() => {}); // NATS is away: nobody waits to hear it
  }

  /** The last beat says that it leaves: nobody has to wait for the silence. */
  leave(): void {
    this.#hasLeft = true;
    clearInterval(this.#heart);
    this.#rollCall?.unsubscribe();
    this.#bus.nc.publish(this.#beatSubject(), 'leave');
  }

  #beatSubject(): string {
    const { name, version } = this.#manifest;
    return subjects.beat({ plugin: name, version, instance: this.#instance });
  }

  async #announce(): Promise<Acceptance> {
    const body = JSON.stringify({ manifest: this.#manifest, instance: this.#instance });
    const reply = await this.#requester.request(subjects.announce(this.#manifest.name), body, { timeoutMs: 5_000 });
    const { leaseMs, waitingFor = [] } = readAnswer(reply) as Partial<Acceptance> & WaitingFor;
    if (typeof leaseMs !== 'number' || !(leaseMs > 0)) throw new Fault('internal', 'The registry names no lease.');
    if (waitingFor.length > 0) {
      const needs = waitingFor.map(({ capability, range }) => `${capability} ${range}`).join(', ');
      this.#logger.warn(`Calls are refused until what it needs is there: ${needs}.`);
    }
    return { leaseMs };
  }

  async #answerRollCall(): Promise<void> {
    try {
      await this.#announce();
    } catch (error) {
      this.#logger.warn(`The registry did not take the announcement: ${Fault.from(error).message}`);
    }
  }
}
