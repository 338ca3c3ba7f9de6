import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ThreadPool } from './thread-pool.js';
import type { EditingWork } from './work.js';

/** One for whatever comes, one that is kept free of large texts. More processes do more at once. */
const THREADS = 2;
/** Texts that are longer, in UTF-16 units, may take seconds. */
const LARGE_TEXT_LENGTH = 32 * 1024;
/** Far above what any prose of the accepted size takes; some runs of signs cost the Markdown parser the square of their length. */
const MAX_RUN_MS = 60_000;
const MAX_HEAP_MB = 512;

/** The threads of this process on which texts are read and edited. */
@Injectable()
export class EditingThreads implements OnApplicationShutdown {
  readonly #pool = new ThreadPool<EditingWork>(new URL('./thread.js', import.meta.url), {
    threads: THREADS,
    maxRunMs: MAX_RUN_MS,
    maxHeapMb: MAX_HEAP_MB,
  });

  /** @param args the first of them is the text @param signal gives the work up, wherever it stands */
  run<Name extends keyof EditingWork>(
    signal: AbortSignal,
    name: Name,
    ...args: Parameters<EditingWork[Name]>
  ): Promise<ReturnType<EditingWork[Name]>> {
    return this.#pool.run(name, args, { signal, isLarge: args[0].length > LARGE_TEXT_LENGTH });
  }

  onApplicationShutdown(): Promise<void> {
    return this.#pool.close();
  }
}
