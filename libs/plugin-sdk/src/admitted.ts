import type { MsgHdrs } from '@orchestrator/bus';
import type { Manifest } from '@orchestrator/manifest';
import { type CallContext, HEADERS, type Mode, readContextToken } from '@orchestrator/protocol';

/** What a choreographer has admitted for this plugin, as its token says. */
export interface AdmittedToken {
  readonly token: string;
  readonly context: CallContext;
}

/**
 * Reads the decision that a message carries. Undefined for what no choreographer can have sent: nats-server itself sends
 * acknowledgements and stored messages (with `Nats-Stream`) wherever a caller's reply subject says, past all permissions.
 */
export function readAdmitted(headers: MsgHdrs | undefined, plugin: Manifest, mode: Mode): AdmittedToken | undefined {
  const token = headers?.get(HEADERS.context);
  if (!token || headers?.get('Nats-Stream')) return undefined;
  try {
    const context = readContextToken(token);
    const isOurs = context.plugin === plugin.name && context.version === plugin.version && context.mode === mode;
    return isOurs ? { token, context } : undefined;
  } catch {
    return undefined;
  }
}
