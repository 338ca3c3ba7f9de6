import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { Fault } from '@orchestrator/protocol';

/**
 * The headers of a message that anybody may have sent: nats.js reads them when first asked, and throws for a broken block.
 * Undefined without any. @throws Fault `invalid-argument`
 */
export function headersOf(msg: Pick<Msg, 'headers'>): MsgHdrs | undefined {
  try {
    return msg.headers;
  } catch (cause) {
    throw new Fault('invalid-argument', 'The header block cannot be read.', undefined, { cause });
  }
}
