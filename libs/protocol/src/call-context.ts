/**
 * The call context: what the choreographer has decided about an invocation, carried in one compact header.
 * Hosts read it, and send it back unread with nested calls; only choreographers make it (see `context-signature.ts`).
 *
 * Shape: fields joined by `|`. No field can hold a `|`: names, versions, hex ids and decimal numbers.
 */
import { Fault } from './fault.js';
import { decodeBounds, encodeBounds, type TreeBounds } from './tree-bounds.js';

/** `sync`: answered on a reply inbox, nothing stored before. `durable`: stored, redelivered until there is a result. */
export type Mode = 'sync' | 'durable';

export interface CallContext {
  /** 32 hex digits, the same for the whole tree. */
  readonly correlation: string;
  readonly invocation: string;
  /** The invocation that asked for this one; undefined for a root. */
  readonly parent: string | undefined;
  readonly mode: Mode;
  /** Is there durable work among the ancestors, this one included? Then its history is stored before its parent's result. */
  readonly durableTree: boolean;
  /** 1 for a root. */
  readonly depth: number;
  readonly maxDepth: number;
  readonly admittedAtMs: number;
  /** Unix time; never later than the parent's. */
  readonly deadlineMs: number;
  readonly caller: string;
  /** Who started the tree. */
  readonly onBehalfOf: string;
  readonly plugin: string;
  readonly version: string;
  readonly capability: string;
  /** The correlation id, unless the root's caller brought a `traceparent`. */
  readonly traceId: string;
  /** The span of a caller outside, for a root that brought a `traceparent`. */
  readonly remoteSpan: string | undefined;
  readonly sampled: boolean;
  /** Does the whole tree use one version of each plugin? See `version-binding.ts`. */
  readonly sticky?: true | undefined;
  /** 1 when it is placed for the first time; each retry is placed with the next number. */
  readonly attempt: number;
  /** How often it may be tried; 1 for a synchronous call. */
  readonly maxAttempts: number;
  /** What may lie below it. */
  readonly bounds: TreeBounds;
  /** `plugin.capability` from the root to this one, both included. */
  readonly ancestry: readonly string[];
}

const FORMAT = '3';
const FIELDS = 21;

export function encodeContext(c: CallContext): string {
  const flags = (c.durableTree ? 1 : 0) + (c.sampled ? 2 : 0) + (c.sticky ? 4 : 0);
  return `${FORMAT}|${c.correlation}|${c.invocation}|${c.parent ?? ''}|${c.mode === 'sync' ? 's' : 'd'}|${flags}|${c.depth}|${c.maxDepth}|${c.admittedAtMs}|${c.deadlineMs}|${c.caller}|${c.onBehalfOf}|${c.plugin}|${c.version}|${c.capability}|${c.traceId === c.correlation ? '' : c.traceId}|${c.remoteSpan ?? ''}|${c.attempt}|${c.maxAttempts}|${encodeBounds(c.bounds)}|${c.ancestry.join('>')}`;
}

/** @throws Fault `unauthenticated` when the text is not an encoded context */
export function decodeContext(text: string): CallContext {
  const f = text.split('|');
  const field = (index: number) => f[index] as string;
  if (f[0] !== FORMAT || f.length !== FIELDS || (field(4) !== 's' && field(4) !== 'd')) throw unreadable();
  const numeric = (index: number) => {
    const value = Number(field(index));
    if (field(index) === '' || !Number.isFinite(value)) throw unreadable();
    return value;
  };
  const flags = numeric(5);
  const correlation = field(1);
  return {
    correlation,
    invocation: field(2),
    parent: field(3) || undefined,
    mode: field(4) === 's' ? 'sync' : 'durable',
    durableTree: (flags & 1) !== 0,
    sampled: (flags & 2) !== 0,
    sticky: (flags & 4) !== 0 || undefined,
    depth: numeric(6),
    maxDepth: numeric(7),
    admittedAtMs: numeric(8),
    deadlineMs: numeric(9),
    caller: field(10),
    onBehalfOf: field(11),
    plugin: field(12),
    version: field(13),
    capability: field(14),
    traceId: field(15) || correlation,
    remoteSpan: field(16) || undefined,
    attempt: numeric(17),
    maxAttempts: numeric(18),
    bounds: decodeBounds(field(19)),
    ancestry: field(20).split('>'),
  };
}

function unreadable(): Fault {
  return new Fault('unauthenticated', 'The call context is not readable.');
}

/** Reads the context of a token without verifying it: for hosts, which only the choreographer can reach. */
export function readContextToken(token: string): CallContext {
  const end = token.lastIndexOf('|', token.lastIndexOf('|') - 1);
  return decodeContext(token.slice(0, end));
}
