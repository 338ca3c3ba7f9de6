/**
 * What a choreographer signs about a request that is to be asked again: which invocation died, who had asked for what, and
 * from within which invocation. Never given to anybody else: whoever has it could ask in another's name.
 *
 * Shape: fields joined by `|`, the parent's call context last, which has such fields itself.
 */
import { type CallContext, decodeContext, encodeContext } from './call-context.js';
import { Fault } from './fault.js';
import type { Ask } from './subjects.js';

export interface Redrive {
  /** The invocation that ended in a dead letter. */
  readonly of: string;
  readonly ask: Ask;
  /** The invocation that had asked; undefined for a root. */
  readonly parent: CallContext | undefined;
}

/** No call context begins like this, so that neither passes for the other. */
const FORMAT = 'redrive-1';

export function encodeRedrive({ of, ask, parent }: Redrive): string {
  const fields = [FORMAT, of, ask.caller, ask.plugin, ask.capability, parent ? encodeContext(parent) : ''];
  return fields.join('|');
}

/** @throws Fault `unauthenticated` when the text is not an encoded redrive */
export function decodeRedrive(text: string): Redrive {
  const [format, of, caller, plugin, capability, ...context] = text.split('|');
  if (format !== FORMAT || !of || !caller || !plugin || !capability || context.length === 0) {
    throw new Fault('unauthenticated', 'What proves a redrive is not readable.');
  }
  const parent = context[0] === '' ? undefined : decodeContext(context.join('|'));
  return { of, ask: { caller, plugin, capability }, parent };
}
