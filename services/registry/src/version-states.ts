/** How the installed versions change: what was told of each last, and what there is to tell. Pure. */
import type { MissingNeedBody, RegistryEvent } from '@orchestrator/protocol';

/** A version as it is now. */
export interface VersionNow {
  readonly plugin: string;
  readonly version: string;
  readonly instances: readonly string[];
  /** Needs that are not met; empty where it is ready. */
  readonly waitingFor: readonly MissingNeedBody[];
}

export class VersionStates {
  /** What was told of a version last: `ready`, or what it waits for. Versions that are not here were told to be gone, or nothing. */
  readonly #told = new Map<string, { readonly plugin: string; readonly version: string; readonly what: string }>();

  /**
   * What has changed since it was asked last: of versions that live, and of those that lived then.
   * @param hearsAll false where who is not heard may live all the same: then only that something is ready is certain
   */
  update(now: readonly VersionNow[], hearsAll: boolean): RegistryEvent[] {
    const events: RegistryEvent[] = [];
    const live = new Set<string>();
    for (const { plugin, version, instances, waitingFor } of now) {
      if (instances.length === 0 || (!hearsAll && waitingFor.length > 0)) continue;
      const key = `${plugin}@${version}`;
      live.add(key);
      const what = JSON.stringify(waitingFor);
      if (this.#told.get(key)?.what === what) continue;
      this.#told.set(key, { plugin, version, what });
      const of = { plugin, version, instances };
      events.push(waitingFor.length === 0 ? { event: 'ready', ...of } : { event: 'waiting', ...of, waitingFor });
    }
    for (const [key, { plugin, version }] of hearsAll ? this.#told : []) {
      if (live.has(key)) continue;
      this.#told.delete(key);
      events.push({ event: 'gone', plugin, version });
    }
    return events;
  }
}
