/** What a plugin throws may hold anything: before a fault is sent, it is made to fit a message, a header and a history record. */
import { Fault, type FaultDetails } from './fault.js';
import { LIMITS } from './limits.js';

const MAX_MESSAGE_LENGTH = 4_000;

/**
 * The fault itself where it can be sent; else one with the same code, its message cut, and of its details what JSON can
 * hold within `LIMITS.faultBytes`. Long lists keep their beginning; `details.omitted` says how many entries are left out.
 */
export function sendableFault(fault: Fault): Fault {
  const { code, details } = fault;
  const message = cut(fault.message);
  if (message === fault.message && (details === undefined || fits(details))) return fault;
  return new Fault(code, message, details && shorten(details), { cause: fault });
}

function cut(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH ? message : `${message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed()}…`;
}

function shorten(details: FaultDetails): FaultDetails | undefined {
  const kept: Record<string, unknown> = {};
  let omitted = 0;
  for (const [name, value] of Object.entries(details)) {
    const list = Array.isArray(value) ? value : undefined;
    let length = list?.length ?? 1;
    while (length > 0 && !fits({ ...kept, [name]: list?.slice(0, length) ?? value })) length = Math.floor(length / 2);
    if (length > 0) kept[name] = list?.slice(0, length) ?? value;
    omitted += (list?.length ?? 1) - length;
  }
  return omitted > 0 ? { ...kept, omitted } : kept;
}

function fits(details: FaultDetails): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(details)) <= LIMITS.faultBytes;
  } catch {
    return false;
  }
}
