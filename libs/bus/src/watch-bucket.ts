import type { KV, KvEntry } from '@nats-io/kv';

/** Calls `onEntry` for every entry there is, resolves, and goes on calling for every change. */
export async function watchBucket(kv: KV, onEntry: (entry: KvEntry) => void): Promise<void> {
  const watcher = await kv.watch();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  void (async () => {
    for await (const entry of watcher) {
      onEntry(entry);
      if (entry.delta === 0) resolve();
    }
  })();
  const status = await kv.status();
  if (status.values === 0) resolve();
  await ready;
}
