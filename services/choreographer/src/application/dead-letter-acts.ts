/** `redrive` and `discard`, as questions that act: served where requests are admitted. */
import { type Bus, serveQuery } from '@orchestrator/bus';
import { type Body, Fault, LIMITS, parseDataRef, tooLargeFault } from '@orchestrator/protocol';
import { parseSelection } from '../domain/dead-letter.js';
import { asObject } from '../domain/query-arguments.js';
import type { RedriveChanges, Redrives } from './redrives.js';

export function serveDeadLetterActs(bus: Bus, redrives: Redrives): void {
  serveQuery(bus, 'choreographer', 'redrive', (args) => redrives.redrive(parseSelection(args), changesIn(args)));
  serveQuery(bus, 'choreographer', 'discard', (args) => redrives.discard(parseSelection(args)));
}

/** @throws Fault `invalid-argument` */
function changesIn({ args, dataRef: reference, range }: Record<string, unknown>): RedriveChanges {
  const isRange = typeof range === 'string' && range.length <= 256 && !/[\r\n]/.test(range);
  if (range !== undefined && !isRange)
    throw new Fault('invalid-argument', 'What is given as range is no semver range.');
  return { body: bodyIn(args, reference), range: isRange ? range : undefined };
}

function bodyIn(args: unknown, reference: unknown): Body | undefined {
  if (reference !== undefined) {
    const dataRef = args === undefined && typeof reference === 'string' ? parseDataRef(reference) : undefined;
    if (dataRef) return { data: new Uint8Array(), dataRef };
    throw new Fault('invalid-argument', 'What is given as dataRef is no reference, or stands beside args.');
  }
  if (args === undefined) return undefined;
  const data = Buffer.from(JSON.stringify(asObject(args, 'args')));
  if (data.length > LIMITS.inlineBytes) throw tooLargeFault('arguments', data.length, LIMITS.inlineBytes);
  return { data };
}
