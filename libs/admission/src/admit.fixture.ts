/** What the specs of admission ask: a root call, one below it, and who may make them. */
import { type CallContext, parseRequestHeaders, type RequestHeaders } from '@orchestrator/protocol';
import { type AdmissionRequest, admit } from './admit.js';
import { Grants } from './grants.js';

export const NOW = 1_700_000_000_000;
const NO_HEADERS = parseRequestHeaders(undefined);
export const TRACE_PARENT = { traceId: 'a1'.repeat(16), spanId: 'b2'.repeat(8), sampled: false };

export const grants = Grants.parse('editor: *; clock: start-root, editor.copy-edit', 'shop: *');
/** A caller that is no plugin, and one that is, both with every right. */
export const ANYBODY = grants.ofCaller('shop');
export const PLUGIN = grants.ofPlugin('editor', []);

export function headersWith(changes: Partial<RequestHeaders>): RequestHeaders {
  return { ...NO_HEADERS, ...changes };
}

export function request(changes: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    ask: { caller: 'shop', plugin: 'editor', capability: 'copy-edit' },
    mode: 'sync',
    invocation: '01234567-89ab-8cde-8f01-23456789abcd',
    headers: NO_HEADERS,
    parent: undefined,
    rights: ANYBODY,
    nowMs: NOW,
    resolve: () => ({ ok: true, version: '1.0.0', live: true, deadlineMs: undefined, maxAttempts: 3, waitingFor: [] }),
    ...changes,
  };
}

export function admitted(of: AdmissionRequest): CallContext {
  const admission = admit(of);
  if (!admission.ok) throw admission.fault;
  return admission.context;
}

/** The context of `editor.copy-edit`, asked for by `shop`. */
export const parent = admitted(request());
export const fromEditor = { caller: 'editor', plugin: 'designer', capability: 'illustrate' };
export const nested = (changes: Partial<AdmissionRequest> = {}) =>
  request({ ask: fromEditor, parent, rights: PLUGIN, ...changes });
