/** The bucket of accepted manifests: written by the registry, watched by whoever resolves capabilities. */
import type { KV, KvEntry } from '@nats-io/kv';
import { asStoredManifest, MANIFEST_LIMITS, type Manifest } from '@orchestrator/manifest';
import { CATALOGUE_BUCKET, catalogueKey, Fault, parseCatalogueKey } from '@orchestrator/protocol';
import { CatalogueNews } from './catalogue-news.js';
import type { Bus } from './connection.js';
import { openBucket, type ProvisionOptions } from './provision.js';
import { watchBucket } from './watch-bucket.js';

/** What changed: a manifest, or undefined where one was removed. */
export interface CatalogueChange {
  readonly plugin: string;
  readonly version: string;
  readonly manifest: Manifest | undefined;
}

/** An entry that is no manifest, or not that of its key: what was there before it, if anything, may still be relied on. */
export interface BrokenEntry {
  readonly key: string;
  readonly reason: string;
  /** Whose it should be, where the key says that. */
  readonly of: { readonly plugin: string; readonly version: string } | undefined;
}

export class CatalogueBucket {
  readonly #kv: KV;
  readonly #news = new CatalogueNews(async () => (await this.#kv.status()).streamInfo.state.last_seq);

  private constructor(kv: KV) {
    this.#kv = kv;
  }

  /** Opens the bucket, and makes it when it is not there. */
  static async open(bus: Bus, options: ProvisionOptions): Promise<CatalogueBucket> {
    return new CatalogueBucket(await openBucket(bus, { name: CATALOGUE_BUCKET }, options));
  }

  async put(manifest: Manifest): Promise<void> {
    await this.#kv.put(catalogueKey(manifest.name, manifest.version), JSON.stringify(manifest));
  }

  async remove(plugin: string, version: string): Promise<void> {
    await this.#kv.purge(catalogueKey(plugin, version));
  }

  /** Tells everything that there is, resolves, and goes on telling every change. */
  watch(onChange: (change: CatalogueChange) => void, onBroken: (entry: BrokenEntry) => void): Promise<void> {
    return watchBucket(this.#kv, (entry) => {
      tell(entry, onChange, onBroken);
      this.#news.heard(entry.revision);
    });
  }

  /** Resolves with whether there was a change that `watch` had not told before, once it has told it. */
  news(): Promise<boolean> {
    return this.#news.arrive();
  }
}

function tell(
  entry: KvEntry,
  onChange: (change: CatalogueChange) => void,
  onBroken: (entry: BrokenEntry) => void,
): void {
  const of = parseCatalogueKey(entry.key);
  let change: CatalogueChange;
  try {
    change = changeFrom(of, entry);
  } catch (error) {
    onBroken({ key: entry.key, reason: Fault.from(error).message, of });
    return;
  }
  onChange(change);
}

/** @throws where it is not what a registry stores */
function changeFrom(of: BrokenEntry['of'], entry: KvEntry): CatalogueChange {
  if (!of) throw new Fault('internal', 'its key is not that of a plugin and a version');
  if (entry.operation !== 'PUT') return { ...of, manifest: undefined };
  if (entry.length > MANIFEST_LIMITS.bytes) throw new Fault('internal', `it has ${entry.length} bytes`);
  return { ...of, manifest: asStoredManifest(of.plugin, of.version, entry.json()) };
}
