import { appendFileSync } from 'node:fs';
import type { InvocationContext } from '@orchestrator/plugin-sdk';

type Run = Pick<InvocationContext, 'attempt' | 'invocation' | 'depth'>;

/** Where runs are recorded outside NATS: one line each, `<started|ended> <name> <attempt> <pid> <invocation> <depth>`. */
export function effect(what: 'started' | 'ended', name: string, { attempt, invocation, depth }: Run): void {
  const file = process.env.PROBE_EFFECTS;
  if (file) appendFileSync(file, `${what} ${name} ${attempt} ${process.pid} ${invocation} ${depth}\n`);
}
