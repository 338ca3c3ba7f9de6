/**
 * Which consumers of work nobody needs any more: of versions that have been unknown for long enough, here and to whoever places
 * work, and that hold none. Pure; who asks removes them. Work for a version that is forgotten waits until its deadline, and its
 * consumer with it: that alone knows how often it was delivered.
 */
import type { Target } from '@orchestrator/protocol';

export interface ConsumerNow {
  readonly target: Target;
  /** It holds no work, and nobody asks it for any. */
  readonly idle: boolean;
}

export class ForgottenConsumers {
  readonly #afterMs: number;
  /** Since when a version has had consumers and no manifest. */
  readonly #sinceMs = new Map<string, number>();

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** Of all that there are, those to remove. */
  toRemove(all: readonly ConsumerNow[], isInstalled: (target: Target) => boolean, nowMs: number): Target[] {
    const orphans = all.filter(({ target }) => !isInstalled(target));
    const versions = new Set(orphans.map(({ target }) => versionOf(target)));
    for (const version of this.#sinceMs.keys()) if (!versions.has(version)) this.#sinceMs.delete(version);
    for (const version of versions) if (!this.#sinceMs.has(version)) this.#sinceMs.set(version, nowMs);
    return orphans
      .filter(({ target, idle }) => idle && nowMs - (this.#sinceMs.get(versionOf(target)) ?? nowMs) >= this.#afterMs)
      .map(({ target }) => target);
  }

  /** Is there any that may have to go later? */
  get waits(): boolean {
    return this.#sinceMs.size > 0;
  }
}

function versionOf({ plugin, version }: Target): string {
  return `${plugin}@${version}`;
}
