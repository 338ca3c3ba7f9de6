/** The bucket of cancellations: written by the choreographer that is asked, watched by all of them. */
import { type KV, Kvm } from '@nats-io/kv';
import { CANCELLED_BUCKET, type Cancellation, cancellationKey, parseCancellationKey } from '@orchestrator/protocol';
import type { Bus } from './connection.js';
import { watchBucket } from './watch-bucket.js';

export class CancellationBucket {
  readonly #kv: KV;

  private constructor(kv: KV) {
    this.#kv = kv;
  }

  /** Opens the bucket, and makes it when it is not there. @param retentionMs how long an entry is kept */
  static async open(bus: Bus, retentionMs: number): Promise<CancellationBucket> {
    return new CancellationBucket(await new Kvm(bus.nc).create(CANCELLED_BUCKET, { history: 1, ttl: retentionMs }));
  }

  /** Putting one again changes nothing. */
  async put(cancellation: Cancellation): Promise<void> {
    await this.#kv.put(cancellationKey(cancellation), JSON.stringify({ atMs: Date.now() }));
  }

  /** Calls `onAdded` for everything there is, resolves, and goes on calling for all that is added. */
  watch(onAdded: (cancellation: Cancellation) => void): Promise<void> {
    return watchBucket(this.#kv, ({ key, operation }) => {
      const cancellation = parseCancellationKey(key);
      if (cancellation && operation === 'PUT') onAdded(cancellation);
    });
  }
}
