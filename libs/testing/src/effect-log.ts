import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One line that a probe wrote about what it really did, outside NATS. */
export interface Effect {
  readonly what: 'started' | 'ended';
  readonly name: string;
  readonly attempt: number;
  readonly pid: number;
  /** Of which invocation, and how deep in its tree; undefined where a plugin does not say. */
  readonly invocation: string | undefined;
  readonly depth: number | undefined;
}

const TIMEOUT_MS = 30_000;

/** What plugins really did, as they wrote it to a file: the independent witness of a test. */
export class EffectLog {
  readonly #folder = mkdtempSync(join(tmpdir(), 'orc-effects-'));
  readonly file = join(this.#folder, 'effects');

  read(): Effect[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => {
      const [what, name, attempt, pid, invocation, depth] = line.split(' ');
      const where = { invocation, depth: depth === undefined ? undefined : Number(depth) };
      return { what, name, attempt: Number(attempt), pid: Number(pid), ...where } as Effect;
    });
  }

  /** Resolves with the first effect that fits, as soon as it is written. */
  async first(fits: (effect: Effect) => boolean): Promise<Effect> {
    const { promise, resolve, reject } = Promise.withResolvers<Effect>();
    const look = () => {
      const found = this.read().find(fits);
      if (found) resolve(found);
    };
    const watcher = watch(this.#folder, look);
    const timer = setTimeout(() => reject(new Error(`No such effect in: ${JSON.stringify(this.read())}`)), TIMEOUT_MS);
    look();
    try {
      return await promise;
    } finally {
      watcher.close();
      clearTimeout(timer);
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
