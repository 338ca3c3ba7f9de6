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

/** Listens from now on; a second Ctrl-C ends the process at once. */
export function listenForInterruption(): Interruption {
  let isFirst = true;
  const happened = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (!isFirst) process.exit(EXIT.interrupted);
        isFirst = false;
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
