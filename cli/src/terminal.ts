import pc from 'picocolors';

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

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function interrupted(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = true;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (!first) process.exit(130);
        first = false;
        resolve(signal);
      });
    }
  });
}
