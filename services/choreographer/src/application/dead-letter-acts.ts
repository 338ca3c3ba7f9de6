/** `redrive` and `discard`, as questions that act: served where requests are admitted. */
import { type Bus, serveQuery } from '@orchestrator/bus';
import { Fault, LIMITS } from '@orchestrator/protocol';
import { parseSelection } from '../domain/dead-letter.js';
import { asObject } from '../domain/query-arguments.js';
import type { RedriveChanges, Redrives } from './redrives.js';

export function serveDeadLetterActs(bus: Bus, redrives: Redrives): void {
  serveQuery(bus, 'choreographer', 'redrive', (args) => redrives.redrive(parseSelection(args), changesIn(args)));
  serveQuery(bus, 'choreographer', 'discard', (args) => redrives.discard(parseSelection(args)));
}

/** @throws Fault `invalid-argument` */
function changesIn({ args, range }: Record<string, unknown>): RedriveChanges {
  const isRange = typeof range === 'string' && range.length <= 256 && !/[\r\n]/.test(range);
  if (range !== undefined && !isRange)
    throw new Fault('invalid-argument', 'What is given as range is no semver range.');
  const body = args === undefined ? undefined : JSON.stringify(asObject(args, 'args'));
  if (body !== undefined && Buffer.byteLength(body) > LIMITS.inlineBytes) {
    throw new Fault('invalid-argument', `The arguments are larger than ${LIMITS.inlineBytes} bytes.`);
  }
  return { body, range: isRange ? range : undefined };
}
