/**
 * Whose request a dead letter was, as far as a choreographer can be sure of it: plugins write letters too, and one that
 * names another caller must not be redriven in that caller's name. Pure.
 */
import {
  type Ask,
  boundsAbove,
  type CallContext,
  Fault,
  formatCallLimits,
  formatCapabilityRef,
  formatTraceparent,
  HEADERS,
  limitsOf,
  type Redrive,
} from '@orchestrator/protocol';

/** What is read of a letter. */
export interface LetterProof {
  readonly invocation: string;
  readonly plugin: string;
  readonly capability: string;
  readonly correlation: string;
  readonly atMs: number;
  readonly stored: { readonly headers: { get(name: string): string } };
}

/** How a proof is verified. @throws Fault `unauthenticated` */
export interface ProofVerifier {
  verifyReceipt(receipt: string): CallContext;
  verifyRedrive(token: string): Redrive;
}

export interface LetterOrigin {
  readonly ask: Ask;
  readonly parent: CallContext | undefined;
  readonly correlation: string;
  readonly traceparent: string | undefined;
  /** Versions that its arguments are for; undefined says nothing. */
  readonly range: string | undefined;
  /** How often it might be tried, as `orc-attempts`; undefined leaves it to the capability. */
  readonly attempts: string | undefined;
  /** The bounds that its caller set, as `orc-limits`; undefined sets none. */
  readonly limits: string | undefined;
  /** Was its whole tree to use one version of each plugin? Of a nested request its parent tells. */
  readonly sticky: boolean;
  /** How long it was allowed to take; undefined leaves it to the capability. */
  readonly allowedMs: number | undefined;
  /** Unix time by which its result is certainly stored. */
  readonly endsByMs: number;
}

/** A choreographer looks for overdue work every so often, and repeats a refusal that was interrupted. */
const ENDING_MS = 15_000;

/** @throws Fault `unauthenticated` without a proof that is of this very letter */
export function originOf(letter: LetterProof, verifier: ProofVerifier): LetterOrigin {
  const header = (name: string) => letter.stored.headers.get(name) || undefined;
  const receipt = header(HEADERS.receipt);
  if (receipt !== undefined) return originOfAdmitted(letter, verifier.verifyReceipt(receipt));
  const token = header(HEADERS.redrive);
  if (token === undefined) throw unproven('carries no proof');
  const { of, ask, parent } = verifier.verifyRedrive(token);
  if (of !== letter.invocation || !isSame(letter, ask)) throw unproven('carries the proof of another one');
  return {
    ...{ ask, parent },
    correlation: letter.correlation,
    traceparent: parent ? undefined : header(HEADERS.traceparent),
    range: header(HEADERS.version),
    attempts: header(HEADERS.attempts),
    limits: header(HEADERS.limits),
    sticky: header(HEADERS.sticky) !== undefined,
    allowedMs: Number(header(HEADERS.allowedMs)) || undefined,
    endsByMs: letter.atMs + ENDING_MS,
  };
}

function originOfAdmitted(letter: LetterProof, context: CallContext): LetterOrigin {
  if (context.invocation !== letter.invocation || !isSame(letter, context)) {
    throw unproven('carries the proof of another one');
  }
  const { caller, plugin, capability, version, correlation, traceId, remoteSpan: spanId, sampled } = context;
  return {
    ask: { caller, plugin, capability },
    parent: parentOf(context),
    correlation,
    traceparent: spanId === undefined ? undefined : formatTraceparent({ traceId, spanId, sampled }),
    range: `^${version}`,
    attempts: String(context.maxAttempts),
    limits: formatCallLimits(limitsOf(context)),
    sticky: context.sticky === true,
    allowedMs: context.deadlineMs - context.admittedAtMs,
    endsByMs: context.deadlineMs + ENDING_MS,
  };
}

/** The context of whoever had asked, as far as a child's own tells it; undefined for a root. */
function parentOf(context: CallContext): CallContext | undefined {
  if (context.parent === undefined) return undefined;
  const ancestry = context.ancestry.slice(0, -1);
  const capability = ancestry.at(-1)?.split('.')[1] ?? '';
  return {
    ...context,
    ...{ invocation: context.parent, parent: undefined, depth: context.depth - 1, ancestry },
    ...{ plugin: context.caller, capability, bounds: boundsAbove(context) },
  };
}

function isSame(letter: LetterProof, of: Pick<Ask, 'plugin' | 'capability'>): boolean {
  return formatCapabilityRef(letter) === formatCapabilityRef(of);
}

function unproven(what: string): Fault {
  return new Fault('unauthenticated', `The dead letter ${what}: nothing tells for certain whose request it was.`);
}
