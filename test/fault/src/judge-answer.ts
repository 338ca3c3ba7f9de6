/** Is this an answer that somebody may give? Pure. */
import { FAULTS, HEADERS, isFaultCode } from '@orchestrator/protocol';
import type { Malformed } from './malformed.js';
import type { RawAnswer } from './raw-nats.js';

const STACK = /\bat .+\.(js|ts):\d+|node_modules/;

/** What is wrong with an answer to this message; undefined when nothing is. */
export function faultWith(answer: RawAnswer, to: Pick<Malformed, 'isForged' | 'subject'>): string | undefined {
  if (answer.headers.startsWith('NATS/1.0 503')) return undefined; // nobody is there to be asked
  // The server's own answer to a reader of output: nothing is stored there.
  if (to.subject.startsWith('orc.v1.read.') && answer.headers.startsWith('NATS/1.0 404')) return undefined;
  const text = answer.body.toString();
  if (STACK.test(text)) return `a stack: ${text.slice(0, 200)}`;
  const code = new RegExp(`^${HEADERS.fault}: (.*)\r$`, 'm').exec(answer.headers)?.[1];
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return `no JSON: ${text.slice(0, 200)}`;
  }
  if (code === undefined)
    return to.isForged ? `success with a context that nobody made: ${text.slice(0, 200)}` : undefined;
  if (!isFaultCode(code)) return `a code that is not in the list of ${Object.keys(FAULTS).length}: ${code}`;
  if (code === 'internal') return `a defect: ${text.slice(0, 300)}`;
  const fault = body as { code?: unknown; message?: unknown } | null;
  if (fault?.code !== code || typeof fault.message !== 'string')
    return `a body that is not its fault: ${text.slice(0, 200)}`;
  return undefined;
}
