import { DEFAULT_NATS_URL } from '@orchestrator/bus';
import pc from 'picocolors';
import { EXIT, InterruptedError } from './failure.js';

export type Colours = ReturnType<typeof pc.createColors>;

/** Colours only on a terminal, and never where NO_COLOR is set. */
export function coloursFor(stream: NodeJS.WriteStream): Colours {
  return pc.createColors(Boolean(stream.isTTY) && !process.env.NO_COLOR);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** How this command is called, for hints: at the same NATS server as now. */
export function commandLine(nats: string | undefined, words: string): string {
  const at = nats === undefined || nats === DEFAULT_NATS_URL ? '' : ` --nats ${nats}`;
  return `npx orchestrator${at} ${words}`;
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** What a person wants to know while waiting: to standard error, so that output stays clean. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Ctrl-C, as a promise to wait for and one to race against. */
export interface Interruption {
  /** Resolves at the first Ctrl-C or SIGTERM. */
  readonly happened: Promise<void>;
  /** The work's own result, unless Ctrl-C comes first. @throws InterruptedError */
  during<T>(work: Promise<T>): Promise<T>;
}

/** A terminal and npm may both pass on the same Ctrl-C. */
const SAME_KEYSTROKE_MS = 500;

/** Listens from now on; a second Ctrl-C ends the process at once. */
export function listenForInterruption(): Interruption {
  let firstAtMs: number | undefined;
  const happened = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        firstAtMs ??= Date.now();
        if (Date.now() - firstAtMs > SAME_KEYSTROKE_MS) process.exit(EXIT.interrupted);
        resolve();
      });
    }
  });
  const thrown = happened.then(() => {
    throw new InterruptedError();
  });
  thrown.catch(() => {}); // who races against it hears of it
  return { happened, during: (work) => Promise.race([work, thrown]) };
}
