import { createInterface } from 'node:readline/promises';
import { InterruptedError, UsageError } from './failure.js';

/**
 * Asks a person whether to go on. @throws UsageError where nobody can answer
 * @throws InterruptedError at Ctrl-C
 */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError(`${question} Nobody is there to say yes: add --yes.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const interrupted = new Promise<never>((_, reject) => lines.once('SIGINT', () => reject(new InterruptedError())));
    const answer = await Promise.race([lines.question(`${question} [y/N] `), interrupted]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
