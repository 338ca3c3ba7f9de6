/** The bucket of cancellations: written by the choreographer that is asked, watched by all of them. */
import type { KV } from '@nats-io/kv';
import {
  CANCELLED_BUCKET,
  type Cancellation,
  cancellationKey,
  keptForMs,
  parseCancellationKey,
  STREAMS,
} from '@orchestrator/protocol';
import type { Bus } from './connection.js';
import { openBucket, type ProvisionOptions } from './provision.js';
import { watchBucket } from './watch-bucket.js';

export class CancellationBucket {
  readonly #kv: KV;

  private constructor(kv: KV) {
    this.#kv = kv;
  }

  /** Opens the bucket, and makes it when it is not there. Entries are kept as long as results. */
  static async open(bus: Bus, options: ProvisionOptions): Promise<CancellationBucket> {
    const ttlMs = keptForMs(STREAMS.results, options.retentionMs);
    return new CancellationBucket(await openBucket(bus, { name: CANCELLED_BUCKET, ttlMs }, options));
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
