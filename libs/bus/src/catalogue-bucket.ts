/** The bucket of accepted manifests: written by the registry, watched by whoever resolves capabilities. */
import type { KV } from '@nats-io/kv';
import { CATALOGUE_BUCKET, catalogueKey, versionFromToken } from '@orchestrator/protocol';
import type { Bus } from './connection.js';
import { openBucket, type ProvisionOptions } from './provision.js';
import { watchBucket } from './watch-bucket.js';

/** What changed: a manifest, or undefined where one was removed. */
export interface CatalogueChange {
  readonly plugin: string;
  readonly version: string;
  readonly manifest: unknown;
}

export class CatalogueBucket {
  readonly #kv: KV;

  private constructor(kv: KV) {
    this.#kv = kv;
  }

  /** Opens the bucket, and makes it when it is not there. */
  static async open(bus: Bus, options: ProvisionOptions): Promise<CatalogueBucket> {
    return new CatalogueBucket(await openBucket(bus, { name: CATALOGUE_BUCKET }, options));
  }

  async put(plugin: string, version: string, manifest: unknown): Promise<void> {
    await this.#kv.put(catalogueKey(plugin, version), JSON.stringify(manifest));
  }

  async remove(plugin: string, version: string): Promise<void> {
    await this.#kv.purge(catalogueKey(plugin, version));
  }

  /** Calls `onChange` for everything there is, resolves, and goes on calling for every change; `onBroken` for an entry that is not JSON. */
  watch(onChange: (change: CatalogueChange) => void, onBroken: (key: string) => void): Promise<void> {
    return watchBucket(this.#kv, (entry) => {
      const [plugin = '', token = ''] = entry.key.split('.');
      const change = { plugin, version: versionFromToken(token) };
      try {
        onChange({ ...change, manifest: entry.operation === 'PUT' ? entry.json() : undefined });
      } catch {
        onBroken(entry.key);
      }
    });
  }
}
