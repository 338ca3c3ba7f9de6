import { type Instance } from '@orchestrator/protocol';

/** Longer than anybody asks for what has gone: what was never installed is not kept for ever. */
const FORGET_MS = 24 * 60 * 60_000;

interface VersionLife {
  /** Last heartbeat of each instance that lives. */
  readonly instances: Map<string, number>;
  lastSeenMs: number;
}

/**
 * Which instances of which plugin versions live, by their heartbeats. Pure: time comes in as an argument. A beat and a
 * question cost two or three map look-ups; `expire` looks at every instance, and until it is called nobody has gone.
 */
export class Liveness {
  readonly #timeoutMs: number;
  readonly #plugins = new Map<string, Map<string, VersionLife>>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** An instance showed that it lives. Beats may arrive out of order. */
  beat(plugin: string, version: string, instance: string, nowMs: number): void {
    let versions = this.#plugins.get(plugin);
    if (!versions) {
      versions = new Map();
      this.#plugins.set(plugin, versions);
    }
    let life = versions.get(version);
    if (!life) {
      life = { instances: new Map(), lastSeenMs: nowMs };
      versions.set(version, life);
    }
    life.lastSeenMs = Math.max(life.lastSeenMs, nowMs);
    life.instances.set(instance, Math.max(life.instances.get(instance) ?? nowMs, nowMs));
  }

  /** An instance said that it goes. */
  leave(plugin: string, version: string, instance: string): void {
    this.#life(plugin, version)?.instances.delete(instance);
  }

  /** Removes and returns the instances whose last heartbeat is older than the timeout. */
  expire(nowMs: number): readonly Instance[] {
    const gone: Instance[] = [];
    for (const [plugin, versions] of this.#plugins) {
      for (const [version, { instances, lastSeenMs }] of versions) {
        if (instances.size === 0 && nowMs - lastSeenMs > FORGET_MS) this.forget(plugin, version);
        for (const [instance, seenMs] of instances) {
          if (nowMs - seenMs <= this.#timeoutMs) continue;
          instances.delete(instance);
          gone.push({ plugin, version, instance });
        }
      }
    }
    return gone;
  }

  isLive(plugin: string, version: string): boolean {
    return this.count(plugin, version) > 0;
  }

  /** How many instances live. */
  count(plugin: string, version: string): number {
    return this.#life(plugin, version)?.instances.size ?? 0;
  }

  /** The ids of the live instances. */
  instances(plugin: string, version: string): readonly string[] {
    return [...(this.#life(plugin, version)?.instances.keys() ?? [])];
  }

  /** Time of the last heartbeat of any instance, also of those that have gone; undefined when there never was one. */
  lastSeen(plugin: string, version: string): number | undefined {
    return this.#life(plugin, version)?.lastSeenMs;
  }

  /** Drops all that is known of a version: for one that is no longer installed. */
  forget(plugin: string, version: string): void {
    const versions = this.#plugins.get(plugin);
    if (versions?.delete(version) && versions.size === 0) this.#plugins.delete(plugin);
  }

  #life(plugin: string, version: string): VersionLife | undefined {
    return this.#plugins.get(plugin)?.get(version);
  }
}
